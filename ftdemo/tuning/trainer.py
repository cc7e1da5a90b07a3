"""Supervised tuning with transformers' Trainer on packed rows: logits where the loss needs them."""

from collections.abc import Sequence
from typing import Any

import torch

from ftdemo.language.likelihoods import read
from ftdemo.language.packing import rows_of
from ftdemo.tokens.sequences import TokenisedSample
from ftdemo.training.trainer import LightTrainer

Bundle = list[TokenisedSample]


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
        return [[samples[number] for number in row] for row in rows_of(samples, self._packed)]

    def _summed_loss(self, model: torch.nn.Module, samples: Bundle) -> torch.Tensor:
        """Sum over a row's answer tokens of their negative log-likelihood, in nats."""
        return -read(model, samples, packed=self._packed).logprobs.sum()


def _joined(bundles: Sequence[Bundle]) -> dict[str, Any]:
    """A batch: its samples, and their answers' tokens for Trainer to count."""
    samples = [sample for bundle in bundles for sample in bundle]
    labels = [token for sample in samples for token in sample.ids[sample.prompt_length :]]
    return {"samples": samples, "labels": torch.tensor(labels)}
