"""Answers that stand on the same weights: those being generated are one batch, which others join."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from ftdemo.engines.transformers.adapters import AdapterPool
from ftdemo.engines.transformers.batch import AnswerRow, Batch, can_join

log = logging.getLogger("ftdemo.engine")


class Group:
    """The answers on the same weights: a batch that generates, and batches that still read their prompts.

    Where batches cannot join, each answer remains one of its own, and its prompt is read in one go.

    Args:
        adapters: the weights.
        device: where they are.
    """

    def __init__(self, adapters: AdapterPool, device: str) -> None:
        self.adapters = adapters
        self._device = device
        self._joins = can_join(adapters.config)
        self._generating: list[Batch] = []
        self._reading: deque[Batch] = deque()

    @property
    def rows(self) -> list[AnswerRow]:
        """All answers, also those that have just ended."""
        return [row for batch in (*self._generating, *self._reading) for row in batch.rows]

    @property
    def goes_on(self) -> bool:
        """Whether any answer has not ended."""
        return any(not row.generation.ended for row in self.rows)

    def add(self, row: AnswerRow, part: int) -> None:
        """Let a row begin, together with the last one that has not begun if both are short.

        Args:
            row: the answer.
            part: tokens of prompts that are read in a step.
        """
        if self._reading and self._joins:
            last = self._reading[-1]
            longest = max(other.unread for other in (*last.rows, row))
            if not any(other.read for other in last.rows) and longest * (len(last.rows) + 1) <= part:
                last.rows.append(row)
                return
        self._reading.append(Batch(self.adapters, self._device, [row]))

    def step(self, part: int, end_tokens: Collection[int]) -> None:
        """Read a part of one prompt, then generate a token of each answer.

        Args:
            part: tokens of prompts that are read.
            end_tokens: the ids that end an answer.
        """
        if self._reading:
            batch = self._reading[0]
            _advance(batch, part if self._joins else batch.rows[0].unread, end_tokens)
            if batch.rows and batch.rows[0].unread > 1:
                # Prompts take turns too, so that a short one soon passes a long one.
                self._reading.rotate(-1)
            else:
                self._begin_generating(batch)
                self._reading.popleft()
        for batch in self._generating:
            _advance(batch, 1, end_tokens)
        self._generating = [batch for batch in self._generating if batch.rows]

    def _begin_generating(self, batch: Batch) -> None:
        if batch.rows and self._generating and self._joins:
            self._generating[0].join(batch)
        elif batch.rows:
            self._generating.append(batch)


@contextmanager
def errors_end(rows: Sequence[AnswerRow]) -> Iterator[None]:
    """Hand an error to those whose answers it ends."""
    try:
        yield
    except Exception as error:
        log.exception("transformers failed")
        for row in rows:
            row.generation.end(error)


def _advance(batch: Batch, most: int, end_tokens: Collection[int]) -> None:
    """One step of a batch, without those who have ended; an error ends all its answers."""
    for row in batch.rows:
        if row.generation.cancelled.is_set():
            row.generation.end("cancelled")
    batch.drop_ended()
    if not batch.rows:
        return
    with errors_end(batch.rows):
        for row, token in batch.step(most):
            row.generation.add(token)
            if token in end_tokens:
                row.generation.end("stop")
            elif row.generation.left <= 0:
                row.generation.end("length")
    batch.drop_ended()
