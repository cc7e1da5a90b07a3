"""transformers' Trainer with what all trainings share: tokens counted, checkpoints of what is trained."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import Trainer, TrainingArguments

from ftdemo.machine.device import Device, computes_bfloat16
from ftdemo.training.settings import AdapterSettings
from ftdemo.training.trained import TRAINED, put_back, trained_weights


class LightCheckpoints(Trainer):
    """A Trainer whose checkpoints hold the trained tensors only."""

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Write the trained tensors of a checkpoint; all others are the base model's."""
        folder = Path(output_dir or str(self.args.output_dir))
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {name: weight.detach().contiguous() for name, weight in trained_weights(self.model).items()}
        save_file(tensors, folder / TRAINED)

    def _load_from_checkpoint(
        self, resume_from_checkpoint: str, model: torch.nn.Module | None = None
    ) -> None:
        put_back(trained_weights(self.model), load_file(Path(resume_from_checkpoint) / TRAINED))

    def _load_best_model(self) -> None:
        if self.state.best_model_checkpoint:
            self._load_from_checkpoint(self.state.best_model_checkpoint)


class LightTrainer(LightCheckpoints):
    """A Trainer that counts tokens, with light checkpoints."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tokens_seen = 0

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the tokens seen to what is reported."""
        super().log({**logs, "num_tokens": float(self.tokens_seen)}, start_time)


@dataclass(frozen=True)
class Pace:
    """How long a run is, and how often it looks up.

    Args:
        steps: optimizer steps.
        every: steps from one measurement on what is held out, with a checkpoint, to the next.
        measured: whether there is anything to measure on.
    """

    steps: int
    every: int
    measured: bool

    @classmethod
    def of(cls, items: int, batch_size: int, epochs: int, measurements: int, measured: bool) -> "Pace":
        """The pace of a run of so many epochs over so many items, measured so many times."""
        steps = math.ceil(items / batch_size) * epochs
        return cls(steps, max(1, math.ceil(steps / measurements)), measured)


def training_arguments(folder: Path, **knobs: Any) -> TrainingArguments:
    """Arguments of a run, all but the given ones as this app needs them.

    Args:
        folder: where checkpoints go.
        **knobs: as for `TrainingArguments`.
    """
    return TrainingArguments(**argument_values(folder, **knobs))


def argument_values(folder: Path, **knobs: Any) -> dict[str, Any]:
    """The same as a dictionary, for trainers whose arguments are of a class of their own."""
    fixed = {"logging_steps": 1, "remove_unused_columns": False, "disable_tqdm": True, "report_to": []}
    return {"output_dir": str(folder), **fixed, **knobs}


def shared_arguments(settings: AdapterSettings, pace: Pace, device: Device, **knobs: Any) -> dict[str, Any]:
    """The arguments that the runs of all jobs have, with some of their own.

    Args:
        settings: the knobs that all trainings share.
        pace: how long the run is, and how often it looks up.
        device: where it computes.
        **knobs: as for `TrainingArguments`; they count if both are given.
    """
    shared = {
        "seed": settings.seed,
        # Trained weights stay float32 and only products are taken in bfloat16, where the device has it.
        "bf16": computes_bfloat16(settings.precision, device),
        "use_cpu": device.type == "cpu",
        "eval_strategy": "steps" if pace.measured else "no",
        "eval_steps": pace.every,
        "save_strategy": "steps",
        "save_steps": pace.every,
    }
    return {**shared, **knobs}
