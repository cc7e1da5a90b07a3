"""Which token comes next: each row of a batch by its own settings and its own random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ftdemo.engines.protocol import GenerationSettings

if TYPE_CHECKING:
    import torch


class Picker:
    """Picks the tokens of one answer.

    Args:
        settings: greedy, or temperature first and then the nucleus.
        device: where the logits are.
    """

    def __init__(self, settings: GenerationSettings, device: str) -> None:
        import torch

        self.greedy = settings.temperature == 0
        self._settings = settings
        # Its own, so that an answer is the same whoever else asks.
        self._random = torch.Generator(device).manual_seed(settings.seed)

    def sample(self, logits: torch.Tensor) -> torch.Tensor:
        """Draw a token.

        Args:
            logits: of shape (vocabulary,).

        Returns:
            The token's id, of shape (1,).
        """
        import torch

        # The largest becomes 0, so that a temperature near 0 makes no infinite logit.
        probabilities = ((logits - logits.max()).float() / self._settings.temperature).softmax(dim=-1)
        if self._settings.top_p < 1:
            ordered, tokens = probabilities.sort(descending=True)
            before = ordered.cumsum(dim=-1) - ordered
            left_out = before >= self._settings.top_p
            left_out[0] = False
            probabilities = probabilities.index_fill(0, tokens[left_out], 0.0)
        return torch.multinomial(probabilities, 1, generator=self._random)


def pick(logits: torch.Tensor, pickers: Sequence[Picker]) -> list[int]:
    """The next token of each row.

    Args:
        logits: of shape (rows, vocabulary).
        pickers: one for each row.
    """
    tokens = logits.argmax(dim=-1)
    for row, picker in enumerate(pickers):
        if not picker.greedy:
            tokens[row] = picker.sample(logits[row])[0]
    found: list[int] = tokens.tolist()
    return found
