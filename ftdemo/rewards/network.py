"""The network of a reward model: the base with an adapter, and a scalar head on its last hidden state."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ftdemo.language.saving import save_adapter
from ftdemo.language.states import end_states
from ftdemo.rewards.head import RewardHead, write_reward_head
from ftdemo.tokens.sequences import TokenisedSample


class RewardNetwork(nn.Module):
    """Scores answers: r(prompt, answer) = w · h + b, h being the hidden state at the answer's end token.

    That is the reward model of Stiennon et al. 2020 (arXiv:2009.01325) and Ouyang et al. 2022
    (arXiv:2203.02155) on an adapter in place of a whole model.

    Args:
        model: the base with a LoRA adapter.
        packed: whether the model uses `attention.PACKED`.
    """

    def __init__(self, model: Any, packed: bool) -> None:
        super().__init__()
        self.model = model
        self.packed = packed
        size = int(model.config.hidden_size)
        self.head = nn.Linear(size, 1)
        nn.init.normal_(self.head.weight, std=1 / (size + 1) ** 0.5)
        nn.init.zeros_(self.head.bias)

    @property
    def config(self) -> Any:
        """The base model's."""
        return self.model.config

    def forward(self, sequences: Sequence[TokenisedSample]) -> torch.Tensor:
        """Scores of prompts with answers, in one row.

        Args:
            sequences: token ids that end with the answer's end token; all go through the model together.

        Returns:
            Scores of shape (sequences,), in float32.
        """
        if not self.packed and len(sequences) > 1:
            return torch.cat([self([sequence]) for sequence in sequences])
        states = end_states(self.model, sequences, packed=self.packed)
        # A score is compared with others that differ little: no rounding to bfloat16.
        with torch.autocast(states.device.type, enabled=False):
            scores: torch.Tensor = self.head(states)[:, 0]
        return scores

    def save(self, folder: Path, mean: float, std: float) -> None:
        """Write adapter and head into a new folder.

        Args:
            folder: where to; it is made.
            mean: mean score of the answers learned from; it is subtracted when the model is used.
            std: their standard deviation; it is divided by.
        """
        folder.mkdir(parents=True)
        save_adapter(self.model, folder)
        head = RewardHead(
            self.head.weight.detach()[0].cpu().contiguous(),
            self.head.bias.detach().cpu().contiguous(),
            torch.tensor([mean]),
            torch.tensor([std]),
        )
        write_reward_head(head, folder)
