"""Supervised fine-tuning by any method: from samples to a trained model.

The loss is the mean negative log-likelihood of the answer's tokens, given the question in the model's own
chat template; the question's tokens do not count.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import EarlyStoppingCallback, PrinterCallback, set_seed

from ftdemo.errors import UserError
from ftdemo.jobs.reporter import Reporter
from ftdemo.language.packing import bundles
from ftdemo.machine.device import Device, choose_device
from ftdemo.models.base import BaseModel
from ftdemo.store.jobs import JobMetric
from ftdemo.store.samples import Sample
from ftdemo.tokens.template import as_messages
from ftdemo.training.answers import AnswersCallback
from ftdemo.training.callbacks import CheckpointCallback, ReportCallback
from ftdemo.training.preparation import Prepared
from ftdemo.training.running import Running, first_and_last, held_out_losses, losses, per_second
from ftdemo.training.trained import trained_numbers
from ftdemo.training.trainer import Pace, shared_arguments, training_arguments
from ftdemo.tuning.figures import TuneFigures
from ftdemo.tuning.preparing import prepare
from ftdemo.tuning.settings import TuneSettings
from ftdemo.tuning.tokenised import TokenisedSamples, tokenise
from ftdemo.tuning.trainer import PackedTrainer
from ftdemo.weights.shapes import read_shapes
from ftdemo.weights.tuned_files import TunedFiles

MEASUREMENTS = 5
"""How often the held-out loss is measured and a checkpoint written during a run."""
LARGE_CHECKPOINT_BYTES = 5e8
"""Beyond this, writing a checkpoint takes seconds, and a run writes one in its middle only."""


@dataclass(frozen=True)
class SftData:
    """The samples of a run.

    Args:
        train: the samples to learn from; at least one.
        held_out: the samples to measure with; may be empty.
    """

    train: list[Sample]
    held_out: list[Sample]


@dataclass(frozen=True)
class SftRun:
    """A run that is ready to start.

    Args:
        trainer: trains.
        prepared: the model it trains.
        train: what it learns from.
        held_out: what it is measured with.
        settings: the knobs.
        device: where it computes.
        base_parameters: of the base model, tied ones counted once.
    """

    trainer: PackedTrainer
    prepared: Prepared
    train: TokenisedSamples
    held_out: TokenisedSamples
    settings: TuneSettings
    device: Device
    base_parameters: int


def make_run(
    base: BaseModel,
    data: SftData,
    settings: TuneSettings,
    job_folder: Path,
    reporter: Reporter,
    parent: TunedFiles | None = None,
    cache: Path | None = None,
) -> SftRun:
    """Load, prepare and tokenise what a run needs.

    Args:
        base: the base model.
        data: the samples.
        settings: the knobs.
        job_folder: where checkpoints go.
        reporter: hears of every step.
        parent: the tuned model to continue from.
        cache: folder of samples that are tokenised already.

    Raises:
        UserError: no sample has an answer within the longest length, or the model has not the named parts.
    """
    device = choose_device()
    train = tokenise(data.train, base.folder, settings.max_length, cache)
    held_out = tokenise(data.held_out, base.folder, settings.max_length, cache)
    if not train.samples:
        raise UserError(
            f"With a max length of {settings.max_length} tokens, no sample has any of its answer left.",
            "Set max length higher.",
        )
    set_seed(settings.seed)  # before the adapter gets its first values
    prepared = prepare(base, parent, settings, device)
    items = (
        bundles(train.samples, settings.max_length, settings.seed)
        if settings.packing
        else [[sample] for sample in train.samples]
    )
    step_size = settings.batch_size * settings.accumulation
    pace = Pace.of(len(items), step_size, settings.epochs, MEASUREMENTS, bool(held_out.samples))
    stops_early = settings.early_stopping > 0 and bool(held_out.samples)
    # The best model is looked for among checkpoints, so there must be one for each measurement.
    large = _checkpoint_bytes(prepared) > LARGE_CHECKPOINT_BYTES and not stops_early
    arguments = shared_arguments(
        settings,
        pace,
        device,
        num_train_epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.schedule,
        warmup_steps=settings.warmup_steps,
        per_device_train_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.accumulation,
        eval_on_start=pace.measured,
        save_steps=max(1, math.ceil(pace.steps / 2)) if large else pace.every,
        load_best_model_at_end=stops_early,
        metric_for_best_model="loss" if stops_early else None,
        run_name=f"job-{reporter.job_id}",
        project="ftdemo",
        report_to=[] if settings.report_to == "none" else [settings.report_to],
    )
    asked = [as_messages(sample)[:-1] for sample in (data.held_out or data.train)[: settings.sampled_answers]]
    trainer = PackedTrainer(
        packed=prepared.packed,
        model=prepared.model,
        args=training_arguments(job_folder, **arguments),
        train_dataset=items,
        eval_dataset=[[sample] for sample in held_out.samples] or None,
        callbacks=[
            ReportCallback(reporter),
            *([EarlyStoppingCallback(settings.early_stopping)] if stops_early else []),
            AnswersCallback(reporter, base, asked, pace.every),
            CheckpointCallback(),
        ],
    )
    trainer.remove_callback(PrinterCallback)
    # Not counted from the model, whose matrices may be packed in four bits.
    parameters = read_shapes(base.folder).parameters
    return SftRun(trainer, prepared, train, held_out, settings, device, parameters)


def run_sft(run: SftRun, job_folder: Path, reporter: Reporter) -> TuneFigures:
    """Train to the end or until stopped, from the last checkpoint if the job has one.

    Args:
        run: what `make_run` made.
        job_folder: where checkpoints are.
        reporter: hears of every step.

    Returns:
        The figures of the run.
    """
    running = Running(job_folder, reporter)
    run.trainer.tokens_seen = running.tokens_before
    running.train(run.trainer)
    return _figures(run, running)


def _checkpoint_bytes(prepared: Prepared) -> int:
    """Size of a checkpoint: the trained weights and AdamW's two moments, float32 each."""
    return 12 * trained_numbers(prepared.model)


def _figures(run: SftRun, running: Running) -> TuneFigures:
    """The figures of a run, as they are stored with its job."""
    model: Any = run.trainer.model
    points = running.points()
    best = run.trainer.state.best_global_step
    first_loss, final_loss = first_and_last(losses(points))
    held_out = held_out_losses(points)
    tokens = run.trainer.tokens_seen
    trained = trained_numbers(model)
    adapter = trained if hasattr(model, "peft_config") else 0
    figures = TuneFigures(
        samples=len(run.train.samples),
        held_out_samples=len(run.held_out.samples),
        cut_off_samples=run.train.cut_off,
        dropped_samples=run.train.dropped,
        tokens_per_second=per_second(tokens, running.seconds),
        first_loss=first_loss,
        final_loss=final_loss,
        held_out_loss_before=first_and_last(held_out)[0],
        held_out_loss=_kept_loss(points, best, held_out),
        best_step=best,
        trainable_parameters=trained,
        parameters=run.base_parameters + adapter,
    )
    return running.complete(
        figures,
        steps=run.trainer.state.global_step,
        tokens=tokens,
        device=run.device,
        bfloat16=bool(run.trainer.args.bf16),
    )


def _kept_loss(points: list[JobMetric], best: int | None, held_out: list[float]) -> float | None:
    """The held-out loss of the model that is kept: of the best step if one was looked for, else the last."""
    for point in points:
        if best is not None and point.step == best and point.held_out_loss is not None:
            return point.held_out_loss
    return first_and_last(held_out)[1]
