"""From votes to a tuned model by DPO or KTO, on one copy of the base.

The policy is the parent with a new LoRA adapter. Without that adapter it is the parent again, the
reference; how likely that one finds each answer is computed once, before the first step.
"""

import math
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import datasets
from transformers import AutoTokenizer, PrinterCallback, set_seed
from trl import DPOConfig, KTOConfig  # type: ignore[attr-defined]  # trl exports them by name only

from ftdemo.aligning.figures import PreferenceFigures
from ftdemo.aligning.preference.rows import RowMaker, Rows, VoteRow, as_thumbs, weights, with_mismatched
from ftdemo.aligning.preference.settings import PreferenceSettings
from ftdemo.aligning.preference.trainer import DpoTrainer, FiguresCallback, KtoTrainer
from ftdemo.errors import UserError
from ftdemo.feedback.preferences import PreferenceData, PreferencePair, RatedAnswer, prompt_key
from ftdemo.jobs.reporter import Reporter
from ftdemo.machine.device import Device, choose_device
from ftdemo.models.base import BaseModel
from ftdemo.store.conversations import ChatMessage
from ftdemo.training.answers import AnswersCallback
from ftdemo.training.callbacks import CheckpointCallback
from ftdemo.training.preparation import Prepared, with_adapter
from ftdemo.training.running import (
    Running,
    first_and_last,
    held_out_losses,
    losses,
    per_second,
    tokens_so_far,
)
from ftdemo.training.trained import trained_numbers
from ftdemo.training.trainer import Pace, argument_values, shared_arguments
from ftdemo.weights.tuned_files import TunedFiles

MEASUREMENTS = 4
"""How often the held-out votes are measured and a checkpoint written during a run."""
ROWS_AT_ONCE = {"dpo": 2, "kto": 4}
"""Votes that are read together on a processor; more take memory and gain little."""
ANSWER_TOKENS = 48
"""Longest answer that is given on the way, in tokens."""


@dataclass(frozen=True)
class PreferenceRun:
    """A run that is ready to start.

    Args:
        trainer: trains.
        prepared: the model it trains.
        train: what it learns from.
        held_out: what it is measured with.
        settings: the knobs.
        device: where it computes.
    """

    trainer: DpoTrainer | KtoTrainer
    prepared: Prepared
    train: Rows
    held_out: Rows
    settings: PreferenceSettings
    device: Device


def make_preference_run(
    base: BaseModel,
    data: PreferenceData,
    settings: PreferenceSettings,
    job_folder: Path,
    reporter: Reporter,
    parent: TunedFiles | None = None,
) -> PreferenceRun:
    """Load, prepare and tokenise what a run needs.

    Args:
        base: the base model.
        data: the votes.
        settings: the knobs.
        job_folder: where checkpoints go.
        reporter: hears of every step.
        parent: the tuned model to continue from; it is also the reference.

    Raises:
        UserError: there is no vote whose answers begin within the longest length, or nothing to compare it
            with.
    """
    device = choose_device()
    maker = RowMaker(base.folder, settings.max_length)
    if settings.method == "dpo":
        train, held_out = maker.pairs(data.pairs), maker.pairs(data.held_out_pairs)
    else:
        train = maker.thumbs(as_thumbs(data.pairs, data.rated))
        held_out = maker.thumbs(as_thumbs(data.held_out_pairs, data.held_out_rated))
        # TRL takes KTO's batches in the order of the rows, each time the same.
        random.Random(settings.seed).shuffle(train.rows)
        held_out = replace(held_out, rows=with_mismatched(held_out.rows, beside=train.rows))
        train = replace(train, rows=with_mismatched(train.rows))
    if not train.rows:
        raise UserError(
            f"With a max length of {settings.max_length} tokens, there is no vote to learn from.",
            "Set max length higher, or collect more votes.",
        )
    set_seed(settings.seed)  # before the adapter gets its first values
    prepared = with_adapter(base, parent, device, settings)
    pace = Pace.of(len(train.rows), settings.batch_size, settings.epochs, MEASUREMENTS, bool(held_out.rows))
    at_once = (
        settings.batch_size
        if device.type == "cuda"
        else min(ROWS_AT_ONCE[settings.method], settings.batch_size)
    )
    knobs = {
        "beta": settings.beta,
        "disable_dropout": settings.dropout == 0,
        "max_length": None,  # the rows are cut already
        "precompute_ref_log_probs": True,
        "gradient_checkpointing": False,  # it saves memory that this app's models do not need
        "num_train_epochs": settings.epochs,
        "learning_rate": settings.learning_rate,
        "warmup_steps": math.ceil(settings.warmup * pace.steps),
        "per_device_train_batch_size": at_once,
        "per_device_eval_batch_size": at_once,
        "precompute_ref_batch_size": at_once,
        "gradient_accumulation_steps": math.ceil(settings.batch_size / at_once),
    }
    asked = _prompts(data, settings.sampled_answers)
    callbacks = [
        FiguresCallback(reporter),
        AnswersCallback(reporter, base, asked, pace.every, at_ends=True, max_new_tokens=ANSWER_TOKENS),
        CheckpointCallback(),
    ]
    reporter.phase("asking the model it starts from")
    arguments = argument_values(job_folder, **shared_arguments(settings, pace, device, **knobs))
    trainer = _trainer(base, prepared.model, train.rows, held_out.rows, settings, arguments, callbacks)
    trainer.remove_callback(PrinterCallback)
    return PreferenceRun(trainer, prepared, train, held_out, settings, device)


def run_preference(run: PreferenceRun, job_folder: Path, reporter: Reporter) -> PreferenceFigures:
    """Train to the end or until stopped, from the last checkpoint if the job has one.

    Args:
        run: what `make_preference_run` made.
        job_folder: where checkpoints are.
        reporter: hears of every step.

    Returns:
        The figures of the run.
    """
    running = Running(job_folder, reporter)
    run.trainer._total_train_tokens = running.tokens_before
    running.train(run.trainer)
    return _figures(run, running)


def _trainer(
    base: BaseModel,
    model: Any,
    train: list[VoteRow],
    held_out: list[VoteRow],
    settings: PreferenceSettings,
    arguments: dict[str, Any],
    callbacks: list[Any],
) -> DpoTrainer | KtoTrainer:
    os.environ["TQDM_DISABLE"] = "1"  # the log is a file
    datasets.disable_progress_bars()
    given: dict[str, Any] = {
        "model": model,
        "processing_class": AutoTokenizer.from_pretrained(base.folder),
        "train_dataset": datasets.Dataset.from_list(train),
        "eval_dataset": datasets.Dataset.from_list(held_out) if held_out else None,
        "callbacks": callbacks,
    }
    trainer: DpoTrainer | KtoTrainer
    if settings.method == "dpo":
        trainer = DpoTrainer(
            args=DPOConfig(
                loss_type=["sigmoid", "sft"] if settings.sft_weight else ["sigmoid"],
                loss_weights=[1.0, settings.sft_weight] if settings.sft_weight else None,
                **arguments,
            ),
            **given,
        )
    else:
        liked, disliked = weights(train)
        trainer = KtoTrainer(
            args=KTOConfig(desirable_weight=liked, undesirable_weight=disliked, **arguments),
            **given,
        )
    # For a reference TRL keeps a copy of the adapter as it begins, which adds nothing. It has done its work.
    model.delete_adapter("ref")
    return trainer


def _prompts(data: PreferenceData, count: int) -> Sequence[Sequence[ChatMessage]]:
    """The first different prompts, held-out ones before others."""
    votes: tuple[PreferencePair | RatedAnswer, ...] = (
        *data.held_out_pairs,
        *data.held_out_rated,
        *data.pairs,
        *data.rated,
    )
    different = {prompt_key(vote.prompt): vote.prompt for vote in reversed(votes)}
    return list(reversed(different.values()))[:count]


def _figures(run: PreferenceRun, running: Running) -> PreferenceFigures:
    """The figures of a run, as they are stored with its job."""
    points = running.points()
    first_loss, final_loss = first_and_last(losses(points))
    last: dict[str, Any] = {
        f"final_{name}": value for point in points for name, value in (point.figures or {}).items()
    }
    tokens = tokens_so_far(points)
    figures = PreferenceFigures(
        votes=len(run.train.rows),
        held_out_votes=len(run.held_out.rows),
        cut_off_votes=run.train.cut_off,
        dropped_votes=run.train.dropped,
        tokens_per_second=per_second(tokens, running.seconds),
        first_loss=first_loss,
        final_loss=final_loss,
        held_out_loss=first_and_last(held_out_losses(points))[1],
        trainable_parameters=trained_numbers(run.trainer.model),
    )
    return running.complete(
        replace(figures, **last),
        steps=run.trainer.state.global_step,
        tokens=tokens,
        device=run.device,
        bfloat16=bool(run.trainer.args.bf16),
        more_libraries=("trl",),
    )
