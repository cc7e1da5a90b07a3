"""Batches without padding: samples stand one after the other in a single row of tokens.

Two things that a padded batch computes for nothing are left out. Padding itself; and whatever all samples of
a batch begin with (the chat template's system prompt): it stands once at the start of the row and every
sample attends to it, which gives the same hidden states and gradients as repeating it. `attention.py` keeps
the samples apart.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ftdemo.tokens.sequences import ROW_TOKENS, TokenisedSample, common_start


@dataclass(frozen=True)
class Layout:
    """Where the samples of a row stand.

    Args:
        prefix: tokens at the start that belong to every sample.
        lengths: tokens of each sample after the prefix.
    """

    prefix: int
    lengths: tuple[int, ...]


def pack(samples: Sequence[TokenisedSample], share_prefix: bool = True) -> dict[str, Any]:
    """Put samples into one row.

    Args:
        samples: at least one.
        share_prefix: let what all of them begin with stand once.

    Returns:
        `input_ids` and `position_ids`, of shape (1, tokens); `layout`; `predicting`, the places whose next
        token is part of an answer, and `labels`, those tokens, both of shape (answer tokens,).
    """
    prefix = common_start(samples) if share_prefix and len(samples) > 1 else 0
    ids = list(samples[0].ids[:prefix])
    positions = list(range(prefix))
    predicting: list[int] = []
    labels: list[int] = []
    for sample in samples:
        start = len(ids) - prefix
        ids += sample.ids[prefix:]
        positions += range(prefix, len(sample.ids))
        predicting += range(start + sample.prompt_length - 1, start + len(sample.ids) - 1)
        labels += sample.ids[sample.prompt_length :]
    return {
        "input_ids": torch.tensor([ids]),
        "position_ids": torch.tensor([positions]),
        "layout": Layout(prefix, tuple(len(sample.ids) - prefix for sample in samples)),
        "predicting": torch.tensor(predicting),
        "labels": torch.tensor(labels),
    }


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
