"""TRL's trainers of DPO and KTO, without what this app does itself or does not want."""

from typing import Any

from transformers import TrainerControl, TrainerState, TrainingArguments
from trl import DPOTrainer, KTOTrainer  # type: ignore[attr-defined]  # trl exports them by name only

from ftdemo.aligning.preference.likelihoods import read_packed
from ftdemo.jobs.reporter import Reporter
from ftdemo.language.attention import PACKED
from ftdemo.training.callbacks import FIGURE, ReportCallback
from ftdemo.training.running import tokens_so_far
from ftdemo.training.trainer import LightCheckpoints

FIGURES = {
    "rewards/margins": "margin",
    "rewards/accuracies": "accuracy",
    "rewards/chosen": "chosen_reward",
    "rewards/rejected": "rejected_reward",
    "logps/chosen": "chosen_log_likelihood",
    "logps/rejected": "rejected_log_likelihood",
    "kl": "kl",
}
"""What TRL logs, and what it is called here. A reward is β·log(π(y|x) / π_ref(y|x))."""


class _OwnRows(LightCheckpoints):
    """Takes rows that are tokenised already, reads them packed where the model can, and tells nobody."""

    def _precompute_ref_logps(self, dataset: Any, name: str, batch_size: int) -> Any:
        # TRL has put its own forward into the model by now, and has not used it yet.
        model: Any = self.model
        if name == "train" and model.config._attn_implementation == PACKED:
            read_packed(model.get_base_model())
        trainer: Any = super()
        return trainer._precompute_ref_logps(dataset, name, batch_size)

    def _prepare_dataset(self, dataset: Any, *args: Any) -> Any:
        return dataset

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """A checkpoint needs no card."""

    def _send_telemetry(self) -> None:
        pass


class DpoTrainer(_OwnRows, DPOTrainer):
    """DPO (equation 7 of arXiv:2305.18290).

    The loss of a pair is −log σ(β·log(π(w|x) / π_ref(w|x)) − β·log(π(l|x) / π_ref(l|x))), w being the
    better answer and l the worse. With an SFT weight α, −α·log π(w|x) / |w| is added (the loss of
    arXiv:2404.19733, whose |w| TRL takes over the batch).
    """


class KtoTrainer(_OwnRows, KTOTrainer):
    """KTO (equations 7 and 8 of arXiv:2402.01306).

    The loss of an answer is λ·(1 − σ(±β·(log(π(y|x) / π_ref(y|x)) − z))), + if it is liked, − if it is
    disliked; z is the divergence from the reference.
    """


class FiguresCallback(ReportCallback):
    """Reports TRL's figures under names of this app; those on held-out votes begin with `held_out_`.

    Args:
        reporter: the link to the store.
    """

    def __init__(self, reporter: Reporter) -> None:
        super().__init__(reporter)
        self._last_figures: tuple[int, dict[str, float]] = 0, {}

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Start the clock, and count tokens from where a resumed run stopped."""
        super().on_train_begin(args, state, control, **kwargs)
        jobs = self._reporter.store.jobs
        self._last_tokens = float(tokens_so_far(jobs.metrics(self._reporter.job_id)))

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Record a point of the curves."""
        logs = dict(logs or {})
        prefix, begins = ("eval_", "held_out_") if "eval_loss" in logs else ("", "")
        figures = {begins + name: logs[prefix + key] for key, name in FIGURES.items() if prefix + key in logs}
        if begins:
            # Both are of one point, and a point is written as a whole.
            step, before = self._last_figures
            figures = {**(before if step == state.global_step else {}), **figures}
            logs["num_tokens"] = self._last_tokens or 0.0
        else:
            self._last_figures = state.global_step, figures
        logs |= {FIGURE + name: value for name, value in figures.items()}
        super().on_log(args, state, control, logs=logs, **kwargs)
