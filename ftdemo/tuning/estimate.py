"""What a run will cost, told before it starts. No torch is imported here.

Sizes follow from the shapes of the model's tensors and the lengths of the samples. Time follows from how fast
this machine was seen to train (`calibration.py`).
"""

import math
import shutil
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import psutil

from ftdemo.tokens.sequences import ROW_TOKENS, common_start
from ftdemo.tuning.calibration import Calibration
from ftdemo.tuning.methods import METHODS
from ftdemo.tuning.parts import choose_parts
from ftdemo.tuning.settings import TuneSettings
from ftdemo.tuning.tokenised import TokenisedSamples
from ftdemo.weights.shapes import ModelShapes

LIBRARIES_BYTES = 0.75e9
"""Resident memory of a worker that has imported torch and transformers and holds no model."""
ACTIVATION_NUMBERS = 34
"""Numbers of 2 to 4 bytes kept for the backward pass, for each token and block, in units of the hidden size;
fitted to the peak memory of SmolLM2-135M at 128 to 1,024 tokens."""
MEASUREMENTS = 5
ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj", "qkv_proj", "c_attn", "query_key_value")


@dataclass(frozen=True)
class Estimate:
    """A run before it starts.

    Args:
        samples: samples to learn from, weights counted.
        held_out_samples: samples to measure with.
        tokens: tokens of all samples to learn from, in one epoch.
        cut_off_samples: samples longer than the max length.
        dropped_samples: samples with no answer left within it.
        steps: optimizer steps of the run.
        trainable_parameters: numbers that will change.
        parameters: numbers of the model, those of an adapter included.
        memory_bytes: memory needed at the peak.
        memory_free_bytes: memory that is free now.
        disk_bytes: disk needed for checkpoints and the model.
        disk_free_bytes: disk that is free now.
        seconds: expected time from start to saved model; None until this machine has been measured.
        refusal: why the run cannot start, and what to change, a sentence each; None if it can.
    """

    samples: int
    held_out_samples: int
    tokens: int
    cut_off_samples: int
    dropped_samples: int
    steps: int
    trainable_parameters: int
    parameters: int
    memory_bytes: int
    memory_free_bytes: int
    disk_bytes: int
    disk_free_bytes: int
    seconds: float | None
    refusal: tuple[str, str] | None

    @property
    def trainable_share(self) -> float:
        """What part of the model will change, from 0 to 1."""
        return self.trainable_parameters / self.parameters


def estimate_run(
    shapes: ModelShapes,
    train: TokenisedSamples,
    held_out: TokenisedSamples,
    settings: TuneSettings,
    data_folder: Path,
    calibration: Calibration | None,
) -> Estimate:
    """Estimate a run.

    Args:
        shapes: of the base model.
        train: what it learns from.
        held_out: what it is measured with.
        settings: the knobs.
        data_folder: the disk that checkpoints and the model go to.
        calibration: how fast this machine trains by the method, if that is known.

    Raises:
        UserError: the settings name parts that the model does not have.
    """
    trainable = trainable_parameters(shapes, settings)
    adapter = trainable if METHODS[settings.method].adapter else 0
    items, item_tokens = _items(train, settings)
    steps = math.ceil(items / (settings.batch_size * settings.accumulation)) * settings.epochs
    longest_row = _longest_row(train, settings, item_tokens)
    memory = _memory(shapes, trainable, longest_row, settings)
    # Weights and two moments in a checkpoint, two of which may exist at once, and the model itself.
    disk = trainable * 4 * 3 * 2 + trainable * 4
    memory_free = int(psutil.virtual_memory().available)
    disk_free = shutil.disk_usage(data_folder).free
    return Estimate(
        samples=len(train.samples),
        held_out_samples=len(held_out.samples),
        tokens=train.tokens,
        cut_off_samples=train.cut_off,
        dropped_samples=train.dropped,
        steps=steps,
        trainable_parameters=trainable,
        parameters=shapes.parameters + adapter,
        memory_bytes=memory,
        memory_free_bytes=memory_free,
        disk_bytes=disk,
        disk_free_bytes=disk_free,
        seconds=_seconds(train, held_out, settings, steps, items, calibration),
        refusal=_refusal(memory, memory_free, disk, disk_free, settings, train, data_folder),
    )


def trainable_parameters(shapes: ModelShapes, settings: TuneSettings) -> int:
    """How many numbers a method changes.

    Raises:
        UserError: the settings name parts that the model does not have.
    """
    if settings.method == "full":
        return shapes.parameters
    if settings.method == "features":
        chosen = choose_parts(settings.parts, shapes.tensors, shapes.tied_head)
        return sum(prod(shapes.tensors[name]) for name in chosen)
    count = 0
    for name, shape in shapes.tensors.items():
        if not shapes.linear(name):
            continue
        attention = any(part in name for part in ATTENTION)
        if settings.targets == "all-linear" or (settings.targets == "attention") == attention:
            # A of rank x inputs, B of outputs x rank; DoRA adds the length of each row.
            count += settings.rank * sum(shape) + (shape[0] if settings.method == "dora" else 0)
    return count


def _items(train: TokenisedSamples, settings: TuneSettings) -> tuple[int, float]:
    """How many items an epoch has, and the mean tokens of one."""
    count = len(train.samples)
    if settings.packing:
        count = max(1, math.ceil(train.tokens / settings.max_length))
    return count, train.tokens / max(1, count)


def _longest_row(train: TokenisedSamples, settings: TuneSettings, item_tokens: float) -> int:
    longest = max((len(sample.ids) for sample in train.samples), default=0)
    return int(max(longest, min(ROW_TOKENS, item_tokens * settings.batch_size)))


def _memory(shapes: ModelShapes, trainable: int, row_tokens: int, settings: TuneSettings) -> int:
    adapter = METHODS[settings.method].adapter
    frozen = shapes.parameters - (0 if adapter else trainable)
    weights = shapes.parameters * 4 + frozen * 2
    # Gradient and AdamW's two moments, float32 each; an adapter's own weights come on top of the base's.
    learning = trainable * 4 * (4 if adapter else 3)
    activations = row_tokens * shapes.layers * shapes.hidden_size * ACTIVATION_NUMBERS * 4
    logits = row_tokens * shapes.vocabulary * (2 + 4 + 4)
    return int(LIBRARIES_BYTES + weights + learning + activations + logits)


def _seconds(
    train: TokenisedSamples,
    held_out: TokenisedSamples,
    settings: TuneSettings,
    steps: int,
    items: int,
    calibration: Calibration | None,
) -> float | None:
    if calibration is None or not train.samples:
        return None
    shared = common_start(train.samples)
    mean = train.tokens / len(train.samples)
    in_batch = settings.batch_size * len(train.samples) / items
    # What all samples of a row begin with is computed once for the row. So is a prompt that several answer
    # (`packing.WORTH_SHARING`), but which ones meet in a row is left to chance: those are counted whole.
    per_batch = in_batch * mean - max(0.0, in_batch - 1) * shared
    batches = math.ceil(items / settings.batch_size) * settings.epochs
    training = calibration.batch_seconds(per_batch) * batches + calibration.step_seconds * steps
    measuring = (
        calibration.batch_seconds(held_out.tokens) / 3 * (MEASUREMENTS + 1) if held_out.samples else 0.0
    )
    return calibration.start_seconds + training + measuring


def _refusal(
    memory: int,
    memory_free: int,
    disk: int,
    disk_free: int,
    settings: TuneSettings,
    train: TokenisedSamples,
    folder: Path,
) -> tuple[str, str] | None:
    if not train.samples:
        return (
            f"With a max length of {settings.max_length} tokens, no sample has any of its answer left.",
            "Set max length higher.",
        )
    if memory > memory_free:
        knob = "a smaller batch size or max length"
        if not METHODS[settings.method].adapter:
            knob = "the method lora, or " + knob
        return (
            f"This run needs about {memory / 1e9:.1f} GB of memory, and {memory_free / 1e9:.1f} GB are free.",
            f"Choose {knob}, or close other programs.",
        )
    if disk > disk_free:
        return (
            f"This run needs about {disk / 1e9:.1f} GB on the disk of {folder}, and {disk_free / 1e9:.1f} GB "
            "are free.",
            "Free some space, or choose the method lora.",
        )
    return None


def as_dict(estimate: Estimate) -> dict[str, Any]:
    """The estimate with its share of trainable parameters, for JSON."""
    return {**vars(estimate), "trainable_share": round(estimate.trainable_share, 6)}
