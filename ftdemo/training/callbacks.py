"""What the trainer calls after each step: curves, time left, checkpoints marked whole, stop."""

import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftdemo.store.jobs import JobMetric
from ftdemo.training.checkpoints import mark_whole
from ftdemo.training.reporter import Reporter, Stopwatch


class ReportCallback(TrainerCallback):
    """Passes what the trainer knows on to the store, and what the store asks on to the trainer.

    Args:
        reporter: the link to the store.
    """

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._stopwatch = Stopwatch(0)
        self._last_tokens = 0.0
        self._last_time = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Start the clock; after a resume the state is that of the checkpoint."""
        self._stopwatch = Stopwatch(state.max_steps, state.global_step)
        self._last_time = time.monotonic()
        self._reporter.phase("training")
        self._reporter.progress(state.global_step, state.max_steps, state.epoch or 0.0, None)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Report the step, and end the run if that was asked."""
        step = state.global_step
        left = self._stopwatch.seconds_left(step)
        self._reporter.progress(step, state.max_steps, state.epoch or 0.0, left)
        if self._reporter.stop_request is not None:
            control.should_training_stop = True

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
        if "eval_loss" in logs:
            self._reporter.record(
                JobMetric(
                    self._reporter.job_id,
                    state.global_step,
                    epoch=state.epoch or 0.0,
                    held_out_loss=logs["eval_loss"],
                )
            )
        if "loss" not in logs:
            return
        now = time.monotonic()
        tokens = logs.get("num_tokens", 0.0)
        self._reporter.record(
            JobMetric(
                self._reporter.job_id,
                state.global_step,
                epoch=state.epoch,
                loss=logs["loss"],
                learning_rate=logs.get("learning_rate"),
                gradient_norm=logs.get("grad_norm"),
                tokens=int(tokens),
                tokens_per_second=(tokens - self._last_tokens) / max(now - self._last_time, 1e-9),
                memory_bytes=self._reporter.memory_bytes(),
            )
        )
        self._last_tokens, self._last_time = tokens, now

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """The checkpoint of this step has been written to its end."""
        mark_whole(Path(str(args.output_dir)) / f"checkpoint-{state.global_step}")
