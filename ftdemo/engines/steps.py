"""Answers of all visitors, token by token: whoever asks joins those whose answers are being generated.

A step generates one token of each answer that stands on the same weights, whatever their adapters, and reads
a part of one prompt that has not been read. Models with tensors of their own take turns step by step.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from ftdemo.engines.adapters import NO_ADAPTER, AdapterPool
from ftdemo.engines.batch import Batch, Row, can_join
from ftdemo.engines.generation import Generation, Heard
from ftdemo.engines.protocol import GenerationSettings
from ftdemo.engines.weights import WeightsPool
from ftdemo.models.tuned_files import TunedFiles

log = logging.getLogger("ftdemo.engine")

MOST_ROWS = 16
"""Answers that are generated at once."""
MOST_ROOM = 16_384
"""Tokens that the caches may hold, padding included; at least one answer always fits."""


class TunedGeneration(Generation):
    """An answer in the making, and the model that gives it.

    Args:
        files: a tuned model; None for the base model.
        prompt: token ids.
        settings: how.
        cancelled: set from outside to end it.
        heard: called with each token id, then once with why it ended, from another thread.
    """

    def __init__(
        self,
        files: TunedFiles | None,
        prompt: Sequence[int],
        settings: GenerationSettings,
        cancelled: threading.Event,
        heard: Heard,
    ) -> None:
        super().__init__(prompt, settings, cancelled, heard)
        self.files = files


class Steps:
    """Generates the answers that were submitted, in a thread of its own.

    Args:
        weights: the models.
        device: where they are.
        end_tokens: the ids that end an answer.
        part: tokens of prompts that are read in a step. More are read sooner, but all others wait meanwhile.
    """

    def __init__(self, weights: WeightsPool, device: str, end_tokens: Collection[int], part: int) -> None:
        self._weights = weights
        self._device = device
        self._end_tokens = end_tokens
        self._part = part
        self._submitted: list[TunedGeneration] = []
        self._waiting: list[TunedGeneration] = []
        self._groups: deque[_Group] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="transformers-steps", daemon=True)
        self._thread.start()

    def submit(self, *generations: TunedGeneration) -> None:
        """Begin answers; they join with the next step, or once there is a place."""
        with self._changed:
            if self._closed:
                raise RuntimeError("The engine is closed.")
            self._submitted.extend(generations)
            self._changed.notify()

    def close(self) -> None:
        """End all answers, and the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while self._receive():
            self._seat()
            # Weights take turns: the group that had this step is the last for the next.
            if self._groups:
                group = self._groups[0]
                with _errors_end(group.rows):
                    group.step(self._part, self._end_tokens)
                self._groups.rotate(-1)
            self._groups = deque(group for group in self._groups if group.goes_on)
        for generation in (*self._submitted, *self._waiting, *(row.generation for row in self._rows())):
            generation.end("cancelled")

    def _receive(self) -> bool:
        """Take over what was submitted, once there is something to do; False when all is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._submitted or self._waiting or self._groups)
            self._waiting += self._submitted
            self._submitted = []
            return not self._closed

    def _rows(self) -> list[Row]:
        return [row for group in self._groups for row in group.rows]

    def _seat(self) -> None:
        """Begin the answers that wait, in their order, as far as there is room."""
        waiting, self._waiting = self._waiting, []
        full = weights_full = False
        for generation in waiting:
            in_use = [group.adapters for group in self._groups]
            if generation.cancelled.is_set():
                generation.end("cancelled")
                continue
            # One that waits for weights of its own must not keep those with the base's waiting.
            needs_weights = generation.files is not None and generation.files.has_changed
            full = full or not self._fits(generation)
            weights_full = weights_full or not self._weights.has_room(generation.files, in_use)
            if full or (weights_full and needs_weights):
                self._waiting.append(generation)
                continue
            try:
                self._begin(generation, in_use)
            except Exception as error:
                log.exception("a model could not be loaded")
                generation.end(error)

    def _fits(self, generation: Generation) -> bool:
        rows = self._rows()
        longest = max([row.most for row in rows] + [len(generation.tokens) + generation.left])
        return not rows or (len(rows) < MOST_ROWS and (len(rows) + 1) * longest <= MOST_ROOM)

    def _begin(self, generation: TunedGeneration, in_use: Collection[AdapterPool]) -> None:
        files = generation.files
        adapters = self._weights.adapters(files, in_use)
        group = next((group for group in self._groups if group.adapters is adapters), None)
        if group is None:
            group = _Group(adapters, self._device)
        names = {row.adapter for row in group.rows}
        name = adapters.attach(files.folder, names) if files and files.has_adapter else NO_ADAPTER
        group.add(Row(generation, name, self._device), self._part)
        if group not in self._groups:
            self._groups.append(group)


class _Group:
    """The answers on the same weights: a batch that generates, and batches that still read their prompts.

    Where batches cannot join, each answer remains one of its own, and its prompt is read in one go.
    """

    def __init__(self, adapters: AdapterPool, device: str) -> None:
        self.adapters = adapters
        self._device = device
        self._joins = can_join(adapters.config)
        self._generating: list[Batch] = []
        self._reading: deque[Batch] = deque()

    @property
    def rows(self) -> list[Row]:
        return [row for batch in (*self._generating, *self._reading) for row in batch.rows]

    @property
    def goes_on(self) -> bool:
        """Whether any answer has not ended."""
        return any(not row.generation.ended for row in self.rows)

    def add(self, row: Row, part: int) -> None:
        """Let a row begin, together with the last one that has not begun if both are short."""
        if self._reading and self._joins:
            last = self._reading[-1]
            longest = max(other.unread for other in (*last.rows, row))
            if not any(other.read for other in last.rows) and longest * (len(last.rows) + 1) <= part:
                last.rows.append(row)
                return
        self._reading.append(Batch(self.adapters, self._device, [row]))

    def step(self, part: int, end_tokens: Collection[int]) -> None:
        """Read a part of one prompt, then generate a token of each answer."""
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


def _advance(batch: Batch, most: int, end_tokens: Collection[int]) -> None:
    """One step of a batch, without those who have ended; an error ends all its answers."""
    for row in batch.rows:
        if row.generation.cancelled.is_set():
            row.generation.end("cancelled")
    batch.drop_ended()
    if not batch.rows:
        return
    with _errors_end(batch.rows):
        for row, token in batch.step(most):
            row.generation.add(token)
            if token in end_tokens:
                row.generation.end("stop")
            elif row.generation.left <= 0:
                row.generation.end("length")
    batch.drop_ended()


@contextmanager
def _errors_end(rows: Sequence[Row]) -> Iterator[None]:
    """Hand an error to those whose answers it ends."""
    try:
        yield
    except Exception as error:
        log.exception("transformers failed")
        for row in rows:
            row.generation.end(error)
