"""What the trainer calls after each step: curves, time left, checkpoints marked whole, stop."""

import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftdemo.jobs.reporter import Reporter, Stopwatch
from ftdemo.store.jobs import JobMetric
from ftdemo.training.checkpoints import mark_whole, remove_old_checkpoints

FIGURE = "figure/"
"""What a trainer logs under a name that begins so is recorded as a figure of the method's own."""


class ReportCallback(TrainerCallback):
    """Passes what the trainer knows on to the store, and what the store asks on to the trainer.

    Args:
        reporter: the link to the store.
    """

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._stopwatch = Stopwatch(0)
        self._last_tokens: float | None = None
        self._step_began = 0.0
        self._seconds_of_step = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Start the clock; after a resume the state is that of the checkpoint."""
        self._stopwatch = Stopwatch(state.max_steps, state.global_step)
        self._reporter.phase("training")
        self._reporter.progress(state.global_step, state.max_steps, state.epoch or 0.0, None)

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Note when the step began: measurements between steps are not part of its speed."""
        self._step_began = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Report the step, and end the run if that was asked."""
        step = state.global_step
        self._seconds_of_step = time.monotonic() - self._step_began
        left = self._stopwatch.seconds_left(step)
        self._reporter.progress(step, state.max_steps, state.epoch or 0.0, left)
        if self._reporter.stop_request is not None:
            control.should_training_stop = True
            # A pause goes on from here later.
            control.should_save = self._reporter.stop_request == "pause"

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Record a point of the training curves, or of the held-out curve."""
        logs = logs or {}
        tokens = logs.get("num_tokens", 0.0)
        before = self._last_tokens if self._last_tokens is not None else tokens
        self._last_tokens = tokens
        if "eval_loss" in logs:
            self._reporter.record(
                JobMetric(
                    self._reporter.job_id,
                    state.global_step,
                    epoch=state.epoch or 0.0,
                    held_out_loss=logs["eval_loss"],
                    figures=self._figures(logs),
                )
            )
        if "loss" not in logs:
            return
        self._reporter.record(
            JobMetric(
                self._reporter.job_id,
                state.global_step,
                epoch=state.epoch,
                loss=logs["loss"],
                learning_rate=logs.get("learning_rate"),
                gradient_norm=logs.get("grad_norm"),
                tokens=int(tokens),
                tokens_per_second=(tokens - before) / max(self._seconds_of_step, 1e-9),
                memory_bytes=self._reporter.memory_bytes(),
                figures=self._figures(logs),
            )
        )

    def _figures(self, logs: dict[str, float]) -> dict[str, float] | None:
        found = {name.removeprefix(FIGURE): value for name, value in logs.items() if name.startswith(FIGURE)}
        return found or None


class CheckpointCallback(TrainerCallback):
    """Marks a checkpoint that is on the disk to its end; only then the one before may go.

    It must be the last callback, so that all others have written what they keep.
    """

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """After the last step the model itself is saved: a checkpoint would only cost time and disk."""
        if state.global_step >= state.max_steps and not args.load_best_model_at_end:
            control.should_save = False

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """The checkpoint of this step has been written."""
        folder = Path(str(args.output_dir))
        mark_whole(folder / f"checkpoint-{state.global_step}")
        best = Path(state.best_model_checkpoint) if state.best_model_checkpoint else None
        remove_old_checkpoints(folder, best)
