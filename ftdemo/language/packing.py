"""Batches without padding: samples stand one after the other in a single row of tokens.

Two things that a padded batch computes for nothing are left out. Padding itself; and what samples have in
common: what all of a batch begin with (the chat template's system prompt) stands once at the start of the row
and every sample attends to it, and within that a prompt stands once for its answers. That gives the same
hidden states and gradients as repeating it. `attention.py` keeps the samples apart.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from ftdemo.tokens.sequences import ROW_TOKENS, TokenisedSample, common_start

WORTH_SHARING = 32
"""So many tokens that samples with one prompt have in common are cheaper read once than with each of them."""


@dataclass(frozen=True)
class Layout:
    """Where the samples of a row stand.

    Args:
        prefix: tokens at the start that belong to every sample.
        lengths: tokens of each sample after the prefix; none if there are parts.
        parts: what stands after the prefix, one after the other, where some of the samples have more in
            common: rows that see the prefix, and not each other.
    """

    prefix: int
    lengths: tuple[int, ...]
    parts: tuple["Layout", ...] = ()

    @cached_property
    def tokens(self) -> int:
        """Tokens in all."""
        return self.prefix + sum(self.lengths) + sum(part.tokens for part in self.parts)


def pack(samples: Sequence[TokenisedSample], share_prefix: bool = True) -> dict[str, Any]:
    """Put samples into one row.

    Args:
        samples: at least one.
        share_prefix: let what all of them begin with stand once, and within that what answers to one prompt
            begin with.

    Returns:
        `input_ids` and `position_ids`, of shape (1, tokens); `layout`; in the order of the samples,
        `predicting`, the places whose next token is part of an answer, and `labels`, those tokens, both of
        shape (answer tokens,), and `ends`, the places of the last tokens, of shape (samples,).
    """
    prefix = common_start(samples) if share_prefix and len(samples) > 1 else 0
    ids = list(samples[0].ids[:prefix])
    positions = list(range(prefix))
    starts = [0] * len(samples)
    parts: list[Layout] = []
    for shared, numbers in _groups(samples, prefix) if share_prefix else [(prefix, range(len(samples)))]:
        ids += samples[numbers[0]].ids[prefix:shared]
        positions += range(prefix, shared)
        for number in numbers:
            # Where the sample would begin if it stood there whole.
            starts[number] = len(ids) - shared
            ids += samples[number].ids[shared:]
            positions += range(shared, len(samples[number].ids))
        lengths = tuple(len(samples[number].ids) - shared for number in numbers)
        parts.append(Layout(shared - prefix, lengths))
    placed = list(zip(samples, starts, strict=True))
    return {
        "input_ids": torch.tensor([ids]),
        "position_ids": torch.tensor([positions]),
        "layout": Layout(prefix, parts[0].lengths) if len(parts) == 1 else Layout(prefix, (), tuple(parts)),
        "predicting": torch.tensor(
            [
                start + place
                for sample, start in placed
                for place in range(sample.prompt_length - 1, len(sample.ids) - 1)
            ]
        ),
        "labels": torch.tensor([token for sample in samples for token in sample.ids[sample.prompt_length :]]),
        "ends": torch.tensor([start + len(sample.ids) - 1 for sample, start in placed]),
    }


def _groups(samples: Sequence[TokenisedSample], prefix: int) -> list[tuple[int, list[int]]]:
    """Divide samples by what they begin with: how many tokens, and the samples' numbers.

    Those to one prompt come together if enough of it is left after the prefix of all; the others are one
    group, with no more in common than that prefix.
    """
    by_prompt: dict[tuple[int, ...], list[int]] = {}
    for number, sample in enumerate(samples):
        by_prompt.setdefault(tuple(sample.ids[: sample.prompt_length]), []).append(number)
    groups: list[tuple[int, list[int]]] = []
    others: list[int] = []
    for prompt, numbers in by_prompt.items():
        if len(numbers) > 1 and len(prompt) - 1 - prefix >= WORTH_SHARING:
            groups.append((len(prompt) - 1, numbers))
        else:
            others += numbers
    return [*groups, (prefix, sorted(others))] if others else groups


def rows_of(
    samples: Sequence[TokenisedSample], packed: bool = True, row_tokens: int = ROW_TOKENS
) -> list[list[int]]:
    """Divide a batch into rows that are computed at once, as the samples' numbers.

    Samples of like length come together, since attention pads them to the longest of their row.

    Args:
        samples: the batch.
        packed: whether the model can read several in a row; if not, each is a row.
        row_tokens: the most tokens of a row; a longer sample stands alone.
    """
    if not packed:
        return [[number] for number in range(len(samples))]
    rows: list[list[int]] = []
    filled = 0
    for number in sorted(range(len(samples)), key=lambda number: len(samples[number].ids), reverse=True):
        size = len(samples[number].ids)
        if not rows or filled + size > row_tokens:
            rows.append([])
            filled = 0
        rows[-1].append(number)
        filled += size
    return rows


def bundles(samples: Sequence[TokenisedSample], tokens: int, seed: int) -> list[list[TokenisedSample]]:
    """Put samples into bundles of at most so many tokens, each into the first with room for it.

    Args:
        samples: what to bundle.
        tokens: the most tokens of a bundle; a longer sample stands alone.
        seed: of the order in which samples are taken.
    """
    order = list(samples)
    random.Random(seed).shuffle(order)
    made: list[list[TokenisedSample]] = []
    room: list[int] = []
    for sample in order:
        size = len(sample.ids)
        place = next((index for index, left in enumerate(room) if left >= size), None)
        if place is None:
            made.append([])
            room.append(tokens)
            place = len(made) - 1
        made[place].append(sample)
        room[place] -= size
    return made
