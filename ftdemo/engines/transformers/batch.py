"""Answers that are generated in one batch: what each has read, in one cache, padded on the left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ftdemo.engines.generation import Generation
from ftdemo.engines.transformers.adapters import AdapterPool
from ftdemo.engines.transformers.picking import Picker, pick


class AnswerRow:
    """One answer in a batch.

    Args:
        generation: the answer.
        adapter: its adapter's name among those attached.
        device: where the model is.
    """

    def __init__(self, generation: Generation[Any], adapter: str, device: str) -> None:
        self.generation = generation
        self.adapter = adapter
        self.picker = Picker(generation.settings, device)
        self.read = 0

    @property
    def unread(self) -> int:
        """Tokens that the model has not read: the rest of the prompt, then the token generated last."""
        return len(self.generation.tokens) - self.read

    @property
    def most(self) -> int:
        """Tokens that prompt and answer may have in all."""
        return len(self.generation.tokens) + self.generation.left


class Batch:
    """Rows on the same weights.

    Args:
        adapters: the weights.
        device: where they are.
        rows: those that begin together; a single one if the model's batches cannot join. Shorter prompts
            are padded, so the first step must read all of them, unless there is only one row.
    """

    def __init__(self, adapters: AdapterPool, device: str, rows: Sequence[AnswerRow]) -> None:
        self.adapters = adapters
        self.rows = list(rows)
        self._device = device
        self._cache: Any = new_cache(adapters.config)

    def step(self, most: int = 1) -> list[tuple[AnswerRow, int]]:
        """Read the next tokens of each row.

        Args:
            most: tokens to read of a row.

        Returns:
            The rows that have read all their tokens, each with the one that comes next.
        """
        import torch

        with torch.inference_mode():
            logits = self._forward(most)
            complete = [number for number, row in enumerate(self.rows) if not row.unread]
            rows = [self.rows[number] for number in complete]
            return list(zip(rows, pick(logits[complete], [row.picker for row in rows]), strict=True))

    def join(self, other: Batch) -> None:
        """Take over the rows of another batch on the same weights."""
        import torch

        width = max(self._width, other._width)
        with torch.inference_mode():
            for mine, theirs in zip(self._cache.layers, other._cache.layers, strict=True):
                mine.keys = torch.cat([_padded(mine.keys, width), _padded(theirs.keys, width)])
                mine.values = torch.cat([_padded(mine.values, width), _padded(theirs.values, width)])
        self.rows += other.rows

    def drop_ended(self) -> None:
        """Forget the rows that have ended, and the padding that all others share."""
        import torch

        stay = [number for number, row in enumerate(self.rows) if not row.generation.ended]
        if len(stay) == len(self.rows):
            return
        self.rows = [self.rows[number] for number in stay]
        if not stay:
            self._cache = None
            return
        padding = self._width - max(row.read for row in self.rows)
        with torch.inference_mode():
            chosen = torch.tensor(stay, device=self._device)
            for layer in self._cache.layers:
                layer.keys = layer.keys[chosen, :, padding:]
                layer.values = layer.values[chosen, :, padding:]

    @property
    def _width(self) -> int:
        return int(self._cache.get_seq_length())

    def _forward(self, most: int) -> Any:
        """The logits after the next tokens of each row, of shape (rows, vocabulary)."""
        import torch

        tokens = [row.generation.tokens[row.read : row.read + most] for row in self.rows]
        asked = max(map(len, tokens))
        ends = torch.tensor(
            [row.read + len(new) for row, new in zip(self.rows, tokens, strict=True)], device=self._device
        )[:, None]
        # A row's tokens are the last of the width: mask and positions follow from how many they are.
        width = self._width + asked
        mask = torch.arange(width, device=self._device) >= width - ends
        positions = torch.arange(asked, device=self._device) + (ends - asked)
        ids = torch.tensor([[0] * (asked - len(new)) + new for new in tokens], device=self._device)
        output = self.adapters.model_for([row.adapter for row in self.rows])(
            input_ids=ids,
            attention_mask=mask.long(),
            position_ids=positions.clamp(min=0),
            past_key_values=self._cache,
            use_cache=True,
            # By its place, which is copied: of a slice, the vocabulary is multiplied for each row by itself.
            logits_to_keep=torch.tensor([asked - 1], device=self._device),
        )
        for row, new in zip(self.rows, tokens, strict=True):
            row.read += len(new)
        return output.logits[:, -1]


def can_join(config: Any) -> bool:
    """Whether a model keeps keys and values of each token, and nothing else, of what it has read.

    Others (those with recurrent layers, say) keep something that padding would spoil.
    """
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

    layers = DynamicCache(config=config).layers
    return all(type(layer) in {DynamicLayer, DynamicSlidingWindowLayer} for layer in layers)


def new_cache(config: Any) -> Any:
    """An empty cache; where batches can join, one of all tokens, even those out of a layer's sight."""
    from transformers import DynamicCache

    return DynamicCache() if can_join(config) else DynamicCache(config=config)


def _padded(tensor: Any, width: int) -> Any:
    """Keys or values, of shape (rows, heads, width, size), with zeros before them."""
    import torch

    return torch.nn.functional.pad(tensor, (0, 0, width - tensor.shape[2], 0))
