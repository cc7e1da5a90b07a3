"""The process that measures how fast this machine trains: `python -m ftdemo.tuning.measure METHOD`.

It prints one JSON object, the fields of `Calibration`.
"""

import json
import random
import sys
import time
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ftdemo.models.base import BaseModel, find_base_model
from ftdemo.settings import settings_from_environment
from ftdemo.tokens.sequences import TokenisedSample
from ftdemo.tuning.calibration import Calibration
from ftdemo.tuning.recipes import settings_from

SIZES = (128, 512)
"""Tokens of the batches that are timed."""
REPEATS = 3


def measure(base: BaseModel, method: str, threads: int, began: float) -> Calibration:
    """Train on made-up tokens and time it.

    Args:
        base: the base model.
        method: the method to train by.
        threads: processor threads to use.
        began: `time.monotonic()` when this process started.
    """
    import torch

    torch.set_num_threads(threads)
    from ftdemo.machine.device import choose_device, computes_bfloat16
    from ftdemo.training.trainer import training_arguments
    from ftdemo.tuning.preparing import prepare
    from ftdemo.tuning.trainer import PackedTrainer

    settings = settings_from(method=method)
    device = choose_device()
    prepared = prepare(base, None, settings, device)
    with TemporaryDirectory() as folder:
        arguments = training_arguments(
            Path(folder), use_cpu=device.type == "cpu", bf16=computes_bfloat16(settings.precision, device)
        )
        trainer = PackedTrainer(packed=prepared.packed, model=prepared.model, args=arguments)
        model: Any = trainer.accelerator.prepare(trainer.model)
        optimizer = torch.optim.AdamW([w for w in prepared.model.parameters() if w.requires_grad])
        start_seconds = time.monotonic() - began

        def batch_seconds(tokens: int) -> float:
            samples = made_up(tokens, int(prepared.model.config.vocab_size))
            best = float("inf")
            for _ in range(REPEATS + 1):  # the first time, memory is taken and kernels are chosen
                start = time.monotonic()
                trainer.training_step(model, {"samples": samples, "labels": torch.zeros(tokens)}, tokens)
                best = min(best, time.monotonic() - start)
            return best

        small, large = (batch_seconds(size) for size in SIZES)
        start = time.monotonic()
        optimizer.step()
        step_seconds = time.monotonic() - start
    return through(start_seconds, small, large, step_seconds)


def through(start_seconds: float, small: float, large: float, step_seconds: float) -> Calibration:
    """The straight line through both times; if other programs disturbed them, one through zero and the large.

    Args:
        start_seconds: as in `Calibration`.
        small: seconds of a batch of the smaller size.
        large: seconds of a batch of the larger size.
        step_seconds: as in `Calibration`.
    """
    per_token = (large - small) / (SIZES[1] - SIZES[0])
    per_batch = small - per_token * SIZES[0]
    if per_token <= 0 or per_batch < 0:
        per_token, per_batch = large / SIZES[1], 0.0
    return Calibration(start_seconds, per_batch, per_token, step_seconds)


def made_up(tokens: int, vocabulary: int) -> list[TokenisedSample]:
    """Samples of 64 tokens that share no beginning; half of each is the answer."""
    chance = random.Random(0)
    return [
        TokenisedSample([chance.randrange(vocabulary) for _ in range(64)], 32) for _ in range(tokens // 64)
    ]


if __name__ == "__main__":
    started = time.monotonic()
    found = find_base_model(settings_from_environment())
    if found is None:
        sys.exit("the base model is not on this machine")
    result = measure(found, sys.argv[1], settings_from_environment().training_threads, started)
    print(json.dumps(asdict(result)))  # noqa: T201 - the result is what it prints
