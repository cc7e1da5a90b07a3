"""transformers' Trainer on rows of packed samples: logits where the loss needs them, small checkpoints."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F  # noqa: N812 - its usual name
from transformers import Trainer, TrainingArguments

from ftdemo.training.packing import pack, rows_of
from ftdemo.training.tokens import TokenisedSample
from ftdemo.training.trained import TRAINED, put_back

Bundle = list[TokenisedSample]


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


class PackedTrainer(LightTrainer):
    """Trains on the answers' tokens: the mean negative log-likelihood of each, given all before it.

    An item of the data sets is a bundle of samples (one, unless samples are packed).

    Args:
        packed: whether the model uses `attention.PACKED`; if not, each sample is a row of its own.
        **kwargs: as for `transformers.Trainer`.
    """

    def __init__(self, *, packed: bool, **kwargs: Any) -> None:
        super().__init__(data_collator=_joined, **kwargs)
        # The loss is divided by the answer tokens of the whole step; Trainer counts them in `labels`.
        self.model_accepts_loss_kwargs = True
        self._loss_shifts_labels = False
        self._packed = packed

    def training_step(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Add the gradients of a batch, row by row.

        Args:
            model: the model, wrapped for the device.
            inputs: what the collator made.
            num_items_in_batch: answer tokens of the optimizer step.

        Returns:
            The batch's part of the step's loss, in nats a token.
        """
        model.train()
        answer_tokens = num_items_in_batch if num_items_in_batch is not None else inputs["labels"].numel()
        total = torch.zeros((), device=self.args.device)
        for row in self._rows(inputs["samples"]):
            with self.compute_loss_context_manager():
                loss = self._summed_loss(model, row) / answer_tokens
            self.accelerator.backward(loss)
            total += loss.detach()
        self.tokens_seen += sum(len(sample.ids) for sample in inputs["samples"])
        return total

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Measure the held-out loss: the mean over all answer tokens of the held-out samples."""
        model: Any = self.model
        model.eval()
        held_out: Any = self.eval_dataset
        samples: Bundle = [sample for bundle in held_out for sample in bundle]
        total = torch.zeros((), device=self.args.device)
        with torch.no_grad():
            for row in self._rows(samples):
                with self.compute_loss_context_manager():
                    total += self._summed_loss(model, row)
        metrics = {"eval_loss": float(total) / sum(sample.answer_length for sample in samples)}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _rows(self, samples: Sequence[TokenisedSample]) -> list[Bundle]:
        return rows_of(samples) if self._packed else [[sample] for sample in samples]

    def _summed_loss(self, model: torch.nn.Module, samples: Bundle) -> torch.Tensor:
        """Sum over a row's answer tokens of their negative log-likelihood, in nats."""
        row: dict[str, Any] = self._prepare_inputs(pack(samples))
        labels, predicting, layout = row.pop("labels"), row.pop("predicting"), row.pop("layout")
        if self._packed:
            row["layout"] = layout
        logits = model(**row, logits_to_keep=predicting, use_cache=False).logits[0]
        return F.cross_entropy(logits.float(), labels, reduction="sum")


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


def _joined(bundles: Sequence[Bundle]) -> dict[str, Any]:
    """A batch: its samples, and their answers' tokens for Trainer to count."""
    samples = [sample for bundle in bundles for sample in bundle]
    labels = [token for sample in samples for token in sample.ids[sample.prompt_length :]]
    return {"samples": samples, "labels": torch.tensor(labels)}
