"""From votes to a reward model and the sheet that says what it is worth."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback, set_seed

from ftdemo.feedback.preferences import PreferenceData
from ftdemo.jobs.reporter import Reporter
from ftdemo.machine.device import choose_device
from ftdemo.models.base import BaseModel
from ftdemo.rewards.figures import RewardFigures
from ftdemo.rewards.network import RewardNetwork
from ftdemo.rewards.settings import RewardSettings
from ftdemo.rewards.sheet import judge, reward_sheet
from ftdemo.rewards.trainer import RewardTrainer
from ftdemo.rewards.votes import TrainingVote, tokenise_votes
from ftdemo.tokens.tokeniser import ChatTokeniser
from ftdemo.training.callbacks import CheckpointCallback, ReportCallback
from ftdemo.training.preparation import with_adapter
from ftdemo.training.running import Running, first_and_last, losses
from ftdemo.training.trainer import Pace, shared_arguments, training_arguments

MEASUREMENTS = 4
"""How often accuracy on the held-out votes is measured and a checkpoint written during a run."""


@dataclass(frozen=True)
class RewardRun:
    """A trained reward model and its figures.

    Args:
        network: the model.
        mean: mean score of the answers learned from.
        std: their standard deviation.
        figures: of the run and of the held-out votes.
    """

    network: RewardNetwork
    mean: float
    std: float
    figures: RewardFigures


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
    tokeniser = ChatTokeniser.of_folder(base.folder)
    data = data.counted_once()
    train = tokenise_votes(data.pairs, data.rated, tokeniser, settings.max_length)
    held_out = tokenise_votes(data.held_out_pairs, data.held_out_rated, tokeniser, settings.max_length)
    set_seed(settings.seed)
    prepared = with_adapter(base, None, device, settings)
    network = RewardNetwork(prepared.model, prepared.packed)
    pace = Pace.of(len(train), settings.batch_size, settings.epochs, MEASUREMENTS, bool(held_out))
    arguments = shared_arguments(
        settings,
        pace,
        device,
        num_train_epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        per_device_train_batch_size=settings.batch_size,
        warmup_steps=max(1, pace.steps // 10),
    )
    trainer = RewardTrainer(
        head_learning_rate=settings.head_learning_rate,
        model=network,
        args=training_arguments(job_folder, **arguments),
        train_dataset=train,
        eval_dataset=held_out or None,
        callbacks=[ReportCallback(reporter), CheckpointCallback()],
    )
    trainer.remove_callback(PrinterCallback)
    running = Running(job_folder, reporter)
    trainer.tokens_seen = running.tokens_before
    running.train(trainer)
    learned_from = torch.tensor(trainer.scores(train))
    figures = running.complete(
        replace(
            reward_sheet(judge_all(trainer, data, held_out), settings.held_out_share),
            pairs=len(data.pairs),
            thumbs=len(data.rated),
            held_out_pairs=len(data.held_out_pairs),
            held_out_thumbs=len(data.held_out_rated),
            final_loss=first_and_last(losses(running.points()))[1],
        ),
        steps=trainer.state.global_step,
        tokens=trainer.tokens_seen,
        device=device,
        bfloat16=bool(trainer.args.bf16),
    )
    return RewardRun(network, float(learned_from.mean()), float(learned_from.std().clamp(min=1e-4)), figures)


def judge_all(trainer: RewardTrainer, data: PreferenceData, held_out: Sequence[TrainingVote]) -> list[Any]:
    """Score the held-out votes."""
    return judge(data.held_out_pairs, data.held_out_rated, trainer.scores(held_out))
