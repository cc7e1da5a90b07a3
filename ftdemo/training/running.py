"""From the last checkpoint to the end, and the figures that all runs have."""

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftdemo.jobs.reporter import Reporter
from ftdemo.machine.device import Device
from ftdemo.store.figures import RunFigures
from ftdemo.store.jobs import JobMetric
from ftdemo.training.checkpoints import last_whole_checkpoint, step_of

TAKEN = "taken.json"
LIBRARIES = ("torch", "transformers", "peft", "accelerate", "tokenizers")

F = TypeVar("F", bound=RunFigures)


class Running:
    """A run that begins now, at the job's last whole checkpoint if there is one.

    What it takes counts from the job's beginning, the parts before a pause too. Points and answers of steps
    after the checkpoint are forgotten: those steps are taken again.

    Args:
        job_folder: where checkpoints are.
        reporter: the link to the job.
    """

    def __init__(self, job_folder: Path, reporter: Reporter) -> None:
        jobs = reporter.store.jobs
        self.checkpoint = last_whole_checkpoint(job_folder)
        jobs.forget_after(reporter.job_id, step_of(self.checkpoint) if self.checkpoint else -1)
        before = _taken(self.checkpoint, RunFigures.of(jobs.get(reporter.job_id)))
        self.tokens_before = tokens_so_far(jobs.metrics(reporter.job_id))
        """Tokens of the steps up to the checkpoint."""
        self._reporter = reporter
        self._seconds_before = before.seconds or 0.0
        self._peak_before = before.peak_memory_bytes or 0
        self._began = monotonic()
        self._ended: float | None = None

    @property
    def seconds(self) -> float:
        """What the run took so far, or until its training had ended."""
        now = monotonic() if self._ended is None else self._ended
        return self._seconds_before + now - self._began

    def train(self, trainer: Any) -> None:
        """Let a transformers trainer train to the end or until stopped."""
        trainer.add_callback(_KeepTaken(self))
        trainer.train(resume_from_checkpoint=str(self.checkpoint) if self.checkpoint else None)
        self._ended = monotonic()

    def keep_taken(self, checkpoint: Path) -> None:
        """Note in a checkpoint what the run took so far: a worker that is killed says it nowhere else."""
        taken = RunFigures(seconds=self.seconds, peak_memory_bytes=self.peak_memory_bytes)
        partial = checkpoint / f"{TAKEN}.partial"
        partial.write_text(json.dumps(taken.as_dict()), encoding="utf-8")
        partial.replace(checkpoint / TAKEN)

    @property
    def peak_memory_bytes(self) -> int:
        """The most resident memory that the run had so far."""
        self._reporter.memory_bytes()
        return max(self._peak_before, self._reporter.peak_memory_bytes)

    def points(self) -> list[JobMetric]:
        """The curves of the run, those of the parts before a pause too."""
        return self._reporter.store.jobs.metrics(self._reporter.job_id)

    def complete(
        self,
        figures: F,
        *,
        steps: int,
        tokens: int,
        device: Device,
        bfloat16: bool,
        more_libraries: Sequence[str] = (),
    ) -> F:
        """Add the figures that all runs have.

        Args:
            figures: those that only this kind of run has.
            steps: optimizer steps of the whole run.
            tokens: tokens of the whole run.
            device: where it was computed.
            bfloat16: whether products were taken in bfloat16; trained weights are float32.
            more_libraries: that this kind of run uses beyond `LIBRARIES`.
        """
        return replace(
            figures,
            steps=steps,
            tokens=tokens,
            seconds=round(self.seconds, 2),
            peak_memory_bytes=self.peak_memory_bytes,
            device=device.name,
            precision="bfloat16 autocast" if bfloat16 else "float32",
            versions=library_versions(*more_libraries),
        )


class _KeepTaken(TrainerCallback):
    """Notes in each checkpoint what the run took until then; it comes after the one that marks it whole."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """The checkpoint of this step has been written."""
        self._running.keep_taken(Path(str(args.output_dir)) / f"checkpoint-{state.global_step}")


def _taken(checkpoint: Path | None, at_end: RunFigures) -> RunFigures:
    """What the parts before took that led to a checkpoint.

    Args:
        checkpoint: where the run goes on; it took nothing yet if there is none.
        at_end: the job's figures, if a part before came to its end.
    """
    if checkpoint is None:
        return RunFigures()
    file = checkpoint / TAKEN
    kept = RunFigures.read(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else RunFigures()
    return RunFigures(
        seconds=max(kept.seconds or 0.0, at_end.seconds or 0.0),
        peak_memory_bytes=max(kept.peak_memory_bytes or 0, at_end.peak_memory_bytes or 0),
    )


def tokens_so_far(points: Sequence[JobMetric]) -> int:
    """The tokens that a job has seen, by its curves."""
    return next((point.tokens for point in reversed(points) if point.tokens is not None), 0)


def losses(points: Sequence[JobMetric]) -> list[float]:
    """The training losses of a run, in the order of its steps."""
    return [point.loss for point in points if point.loss is not None]


def held_out_losses(points: Sequence[JobMetric]) -> list[float]:
    """The losses on what was held out, in the order in which they were measured."""
    return [point.held_out_loss for point in points if point.held_out_loss is not None]


def first_and_last(values: Sequence[float]) -> tuple[float | None, float | None]:
    """The two ends of a curve; None twice if it has no point."""
    return (values[0], values[-1]) if values else (None, None)


def per_second(tokens: int, seconds: float) -> float | None:
    """The speed of a run in tokens a second; None if it took no step."""
    return round(tokens / seconds, 1) if tokens else None


def library_versions(*more: str) -> dict[str, str]:
    """The versions of the libraries that models are computed with, by name."""
    return {name: version(name) for name in (*LIBRARIES, *more)}
