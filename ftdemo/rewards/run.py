"""From votes to a reward model and the sheet that says what it is worth."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback, set_seed

from ftdemo.feedback.preferences import PreferenceData
from ftdemo.jobs.reporter import Reporter
from ftdemo.machine.device import choose_device
from ftdemo.models.base import BaseModel
from ftdemo.rewards.network import RewardNetwork
from ftdemo.rewards.settings import RewardSettings
from ftdemo.rewards.sheet import judge, reward_sheet
from ftdemo.rewards.trainer import RewardTrainer
from ftdemo.rewards.votes import AnswerTokeniser, Vote, tokenise_votes
from ftdemo.training.callbacks import CheckpointCallback, ReportCallback
from ftdemo.training.checkpoints import last_whole_checkpoint, step_of
from ftdemo.training.preparation import computes_bfloat16, prepare
from ftdemo.training.trainer import training_arguments
from ftdemo.tuning.run import LIBRARIES

MEASUREMENTS = 4
"""How often accuracy on the held-out votes is measured and a checkpoint written during a run."""


@dataclass(frozen=True)
class RewardRun:
    """A trained reward model and its figures.

    Args:
        network: the model.
        mean: mean score of the answers learned from.
        std: their standard deviation.
        figures: of the run and of the held-out votes; see `sheet.reward_sheet`.
    """

    network: RewardNetwork
    mean: float
    std: float
    figures: dict[str, Any]


def train_reward_model(
    base: BaseModel, data: PreferenceData, settings: RewardSettings, job_folder: Path, reporter: Reporter
) -> RewardRun:
    """Train to the end or until stopped, from the last checkpoint if the job has one.

    Args:
        base: the base model.
        data: the votes; a thumb on an answer that is in a pair is left out, or it would count twice.
        settings: the knobs.
        job_folder: where checkpoints are.
        reporter: hears of every step.
    """
    device = choose_device()
    tokenise = AnswerTokeniser(base.folder, settings.max_length)
    data = data.counted_once()
    train = tokenise_votes(data.pairs, data.rated, tokenise)
    held_out = tokenise_votes(data.held_out_pairs, data.held_out_rated, tokenise)
    set_seed(settings.seed)
    prepared = prepare(base, None, settings.adapter, device)
    network = RewardNetwork(prepared.model, prepared.packed)
    steps = math.ceil(len(train) / settings.batch_size) * settings.epochs
    every = max(1, math.ceil(steps / MEASUREMENTS))
    arguments = training_arguments(
        job_folder,
        num_train_epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        per_device_train_batch_size=settings.batch_size,
        warmup_steps=max(1, steps // 10),
        seed=settings.seed,
        bf16=computes_bfloat16(settings.adapter, device),
        use_cpu=device.type == "cpu",
        eval_strategy="steps" if held_out else "no",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
    )
    trainer = RewardTrainer(
        head_learning_rate=settings.head_learning_rate,
        model=network,
        args=arguments,
        train_dataset=train,
        eval_dataset=held_out or None,
        callbacks=[ReportCallback(reporter), CheckpointCallback()],
    )
    trainer.remove_callback(PrinterCallback)
    checkpoint = last_whole_checkpoint(job_folder)
    if checkpoint is not None:
        reporter.store.jobs.forget_after(reporter.job_id, step_of(checkpoint))
    began = time.monotonic()
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    seconds = time.monotonic() - began
    learned_from = torch.tensor(trainer.scores(train))
    points = reporter.store.jobs.metrics(reporter.job_id)
    losses = [point.loss for point in points if point.loss is not None]
    reporter.memory_bytes()
    figures = {
        "pairs": len(data.pairs),
        "thumbs": len(data.rated),
        "held_out_pairs": len(data.held_out_pairs),
        "held_out_thumbs": len(data.held_out_rated),
        **reward_sheet(judge_all(trainer, data, held_out), settings.held_out_share),
        "steps": trainer.state.global_step,
        "tokens": trainer.tokens_seen,
        "seconds": round(seconds, 2),
        "final_loss": losses[-1] if losses else None,
        "peak_memory_bytes": reporter.peak_memory_bytes,
        "device": device.name,
        "versions": {name: version(name) for name in LIBRARIES},
    }
    return RewardRun(network, float(learned_from.mean()), float(learned_from.std().clamp(min=1e-4)), figures)


def judge_all(trainer: RewardTrainer, data: PreferenceData, held_out: Sequence[Vote]) -> list[Any]:
    """Score the held-out votes."""
    return judge(data.held_out_pairs, data.held_out_rated, trainer.scores(held_out))
