"""Answers of all visitors, token by token: whoever asks joins those whose answers are being generated.

A step generates one token of each answer that stands on the same weights, whatever their adapters, and reads
a part of one prompt that has not been read. Models with tensors of their own take turns step by step.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Collection, Sequence

from ftdemo.engines.generation import Generation
from ftdemo.engines.scheduler import Scheduler
from ftdemo.engines.transformers.adapters import NO_ADAPTER, AdapterPool
from ftdemo.engines.transformers.batch import AnswerRow
from ftdemo.engines.transformers.group import Group, errors_end
from ftdemo.engines.transformers.pool import ModelPool
from ftdemo.weights.tuned_files import TunedFiles

log = logging.getLogger("ftdemo.engine")

MOST_ROWS = 16
"""Answers that are generated at once."""
MOST_ROOM = 16_384
"""Tokens that the caches may hold, padding included; at least one answer always fits."""


TunedGeneration = Generation[TunedFiles | None]
"""An answer in the making by a tuned model; by the base model if it names no files."""


class Steps(Scheduler[TunedGeneration]):
    """Generates answers a token at a time; those on different weights take turns.

    Args:
        models: those that are in memory.
        device: where they are.
        end_tokens: the ids that end an answer.
        part: tokens of prompts that are read in a step. More are read sooner, but all others wait meanwhile.
    """

    def __init__(self, models: ModelPool, device: str, end_tokens: Collection[int], part: int) -> None:
        self._models = models
        self._device = device
        self._end_tokens = end_tokens
        self._part = part
        self._groups: deque[Group] = deque()
        super().__init__("transformers-steps")

    def advance(self, present: Sequence[TunedGeneration]) -> None:
        """Seat those that wait, then generate a token of each answer of the group whose turn it is."""
        seated = {row.generation for row in self._rows()}
        self._seat([generation for generation in present if generation not in seated])
        if self._groups:
            group = self._groups[0]
            with errors_end(group.rows):
                group.step(self._part, self._end_tokens)
            # The group that had this step is the last for the next.
            self._groups.rotate(-1)
        self._groups = deque(group for group in self._groups if group.goes_on)

    def abandon(self) -> None:
        """Forget all groups with what they have read."""
        self._groups.clear()

    def _rows(self) -> list[AnswerRow]:
        return [row for group in self._groups for row in group.rows]

    def _seat(self, waiting: Sequence[TunedGeneration]) -> None:
        """Begin the answers that wait, in their order, as far as there is room."""
        full = weights_full = False
        for generation in waiting:
            in_use = [group.adapters for group in self._groups]
            if generation.cancelled.is_set():
                generation.end("cancelled")
                continue
            # One that waits for weights of its own must not keep those with the base's waiting.
            needs_weights = generation.files is not None and generation.files.has_changed
            full = full or not self._fits(generation)
            weights_full = weights_full or not self._models.has_room(generation.files, in_use)
            if full or (weights_full and needs_weights):
                continue
            try:
                self._begin(generation, in_use)
            except Exception as error:
                log.exception("a model could not be loaded")
                generation.end(error)

    def _fits(self, generation: TunedGeneration) -> bool:
        rows = self._rows()
        longest = max([row.most for row in rows] + [len(generation.tokens) + generation.left])
        return not rows or (len(rows) < MOST_ROWS and (len(rows) + 1) * longest <= MOST_ROOM)

    def _begin(self, generation: TunedGeneration, in_use: Collection[AdapterPool]) -> None:
        files = generation.files
        adapters = self._models.adapters(files, in_use)
        group = next((group for group in self._groups if group.adapters is adapters), None)
        if group is None:
            group = Group(adapters, self._device)
        names = {row.adapter for row in group.rows}
        name = adapters.attach(files.folder, names) if files and files.has_adapter else NO_ADAPTER
        group.add(AnswerRow(generation, name, self._device), self._part)
        if group not in self._groups:
            self._groups.append(group)
