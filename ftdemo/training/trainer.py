"""transformers' Trainer with what all trainings share: tokens counted, checkpoints of what is trained."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import Trainer, TrainingArguments

from ftdemo.training.trained import TRAINED, put_back


class LightCheckpoints(Trainer):
    """A Trainer whose checkpoints hold the trained tensors only."""

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Write the trained tensors of a checkpoint; all others are the base model's."""
        folder = Path(output_dir or str(self.args.output_dir))
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {name: tensor.detach().contiguous() for name, tensor in self._trained().items()}
        save_file(tensors, folder / TRAINED)

    def _load_from_checkpoint(
        self, resume_from_checkpoint: str, model: torch.nn.Module | None = None
    ) -> None:
        put_back(self._trained(), load_file(Path(resume_from_checkpoint) / TRAINED))

    def _load_best_model(self) -> None:
        if self.state.best_model_checkpoint:
            self._load_from_checkpoint(self.state.best_model_checkpoint)

    def _trained(self) -> dict[str, torch.nn.Parameter]:
        model: Any = self.model
        return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


class LightTrainer(LightCheckpoints):
    """A Trainer that counts tokens, with light checkpoints."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tokens_seen = 0

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the tokens seen to what is reported."""
        super().log({**logs, "num_tokens": float(self.tokens_seen)}, start_time)


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
