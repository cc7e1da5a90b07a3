"""A reward model: a LoRA adapter on the base, and a head that turns a hidden state into a score.

Its folder holds PEFT's files of the adapter and `reward_head.safetensors`. The adapter is loaded by whoever
holds the base; this module reads the head and scores with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ftdemo.errors import SourceError, UserError
from ftdemo.language.states import end_states
from ftdemo.tokens.sequences import TokenisedSample
from ftdemo.weights.tuned_files import ADAPTER_CONFIG, ADAPTER_WEIGHTS

REWARD_HEAD = "reward_head.safetensors"
BATCH = 16
"""Sequences scored at once: more are hardly faster and take more memory."""


@dataclass(frozen=True)
class RewardHead:
    """The scalar head of a reward model: score = (h · weight + bias - mean) / std.

    Args:
        weight: of shape (hidden size,).
        bias: of shape (1,).
        mean: mean of the raw scores over the data that it was trained with, of shape (1,).
        std: their standard deviation, of shape (1,); scores are in units of it.
    """

    weight: Tensor
    bias: Tensor
    mean: Tensor
    std: Tensor

    def __call__(self, hidden: Tensor) -> Tensor:
        """Score hidden states.

        Args:
            hidden: the final-norm hidden states of the end tokens, of shape (answers, hidden size).

        Returns:
            Of shape (answers,), float32.
        """
        raw = hidden.float() @ self.weight + self.bias
        return (raw - self.mean) / self.std

    def to(self, device: str) -> RewardHead:
        """The head on a device."""
        return RewardHead(
            self.weight.to(device), self.bias.to(device), self.mean.to(device), self.std.to(device)
        )


def read_reward_head(folder: Path, hidden_size: int) -> RewardHead:
    """Read the head of a reward model.

    Args:
        folder: the reward model's.
        hidden_size: of the base model.

    Raises:
        SourceError: a file is missing or damaged.
        UserError: the reward model stands on another base model.
    """
    for name in (ADAPTER_CONFIG, ADAPTER_WEIGHTS, REWARD_HEAD):
        if not (folder / name).is_file():
            raise SourceError(
                f"The reward model in {folder.name} has no file {name}.",
                "Train it again, or use another reward model.",
            )
    try:
        tensors = load_file(folder / REWARD_HEAD)
        head = RewardHead(**{name: tensors[name].float() for name in ("weight", "bias", "mean", "std")})
    except (SafetensorError, KeyError) as error:
        raise SourceError(
            f"The reward model's file {REWARD_HEAD} in {folder.name} cannot be read: {error}.",
            "Train it again, or use another reward model.",
        ) from error
    if head.weight.shape != (hidden_size,):
        raise UserError(
            f"The reward model in {folder.name} was made for a base model with hidden states of "
            f"{head.weight.numel()} numbers; this one's have {hidden_size}.",
            "Use a reward model that was trained on the same base model.",
        )
    return head


def write_reward_head(head: RewardHead, folder: Path) -> None:
    """Write the head beside the adapter of a reward model."""
    tensors = {name: tensor.detach().float().cpu().contiguous() for name, tensor in vars(head).items()}
    save_file(tensors, folder / REWARD_HEAD)


@torch.no_grad()
def score(model: Any, head: RewardHead, sequences: Sequence[Sequence[int]], batch: int = BATCH) -> Tensor:
    """Score answers.

    Args:
        model: the base model with the reward model's adapter active.
        head: the reward model's head.
        sequences: token ids of prompt and answer, up to and including the answer's end token.
        batch: sequences computed at once; those of similar length go together.

    Returns:
        Of shape (sequences,), in the order given, float32 on the processor.
    """
    order = sorted(range(len(sequences)), key=lambda index: len(sequences[index]))
    scores = torch.zeros(len(sequences))
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        samples = [TokenisedSample(list(sequences[index]), len(sequences[index])) for index in chosen]
        hidden = end_states(model, samples, packed=False)
        scores[torch.tensor(chosen)] = head(hidden).cpu()
    return scores
