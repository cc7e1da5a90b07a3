"""Taking turns: a few tokens for every answer of one model, then for those of the next.

llama.cpp generates for all its slots in one batch, but only for slots with the same adapter: one with another
adapter would wait until the first has ended. Two loaded models would fight for the same cores. So a round
generates a few tokens of all answers that use the same model and adapter, and the next round belongs to
the others. What a slot has read stays there, so a turn costs no more than the tokens it generates. A round
ends with the last of its answers, so a long prompt is read part by part, in as many rounds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

from ftdemo.engines.generation import Generation
from ftdemo.engines.llama.files import LlamaFiles
from ftdemo.engines.llama.pool import LlamaPool, LoadedModel
from ftdemo.engines.llama.server import SLOTS, Piece
from ftdemo.engines.scheduler import Scheduler

log = logging.getLogger("ftdemo.engine")

SLICE = 4
"""Tokens of an answer in a round. A character has at most four bytes, so each round completes one."""
PART = 128
"""Tokens of a prompt that are read in a round: about as long as that takes, the others' next tokens wait."""


class LlamaGeneration(Generation[LlamaFiles]):
    """An answer in the making, how much of it llama.cpp has read, and the tokens of its next turn."""

    read = 0
    slice = SLICE


class Rounds(Scheduler[LlamaGeneration]):
    """Generates answers a few tokens at a time; a round is that of one model and adapter.

    Args:
        pool: the loaded models.
        end_tokens: the ids that end an answer.
        token_ids: turns a piece into token ids.
    """

    def __init__(
        self, pool: LlamaPool, end_tokens: Collection[int], token_ids: Callable[[Piece], list[int]]
    ) -> None:
        self._pool = pool
        self._end_tokens = end_tokens
        self._token_ids = token_ids
        self._number = 0
        self._last_turns: dict[LlamaFiles, int] = {}
        self._workers = ThreadPoolExecutor(SLOTS, thread_name_prefix="llama-slot")
        super().__init__("llama-rounds")

    def advance(self, present: Sequence[LlamaGeneration]) -> None:
        """One round, for the files whose last one is longest ago, of those whose answers have a slot."""
        self._number += 1
        waiting = {answer.files for answer in present}
        self._last_turns = {files: self._last_turns.get(files, 0) for files in waiting}
        for files in sorted(waiting, key=self._last_turns.__getitem__):
            if self._round(files, [answer for answer in present if answer.files == files]):
                self._last_turns[files] = self._number
                return

    def abandon(self) -> None:
        """Free all slots: the answers that had them have ended."""
        self._pool.free_slots()

    def close(self) -> None:
        """End all answers, and the threads."""
        super().close()
        self._workers.shutdown()

    def _round(self, files: LlamaFiles, answers: Sequence[LlamaGeneration]) -> bool:
        """Generate a few tokens of each answer that has a slot; False if none has."""
        try:
            loaded, adapter = self._pool.get(files)
        except Exception as error:  # noqa: BLE001 - it is raised again where the answer is awaited
            for answer in answers:
                answer.end(error)
            return True
        slots = loaded.slots
        seated = []
        for answer in answers:
            most = len(answer.tokens) + answer.left
            slot = slots.take(answer, files.adapter, answer.tokens, most)
            if slot is not None:
                seated.append((answer, slot))
                answer.read = slots.read(slot)
        list(self._workers.map(lambda pair: self._turn(loaded, adapter, *pair), seated))
        for answer, slot in seated:
            slots.note(slot, answer.tokens[: answer.read])
            if answer.ended:
                slots.release(slot)
        return bool(seated)

    def _turn(self, loaded: LoadedModel, adapter: int | None, answer: LlamaGeneration, slot: int) -> None:
        """One answer's part of a round: a part of its prompt is read, or some tokens are generated."""
        if answer.cancelled.is_set():
            answer.end("cancelled")
            return
        try:
            if len(answer.tokens) - answer.read > PART:
                self._read(loaded, adapter, answer, slot)
            else:
                self._slice(loaded, adapter, answer, slot)
        except Exception as error:
            log.exception("llama.cpp failed")
            answer.end(error)

    def _read(self, loaded: LoadedModel, adapter: int | None, answer: LlamaGeneration, slot: int) -> None:
        part = answer.tokens[: answer.read + PART]
        # The server generates at least one token after what it has read; after half a prompt it says nothing.
        loaded.server.generate(slot, adapter, part, 1, answer.settings, lambda piece: False)
        answer.read = len(part)

    def _slice(self, loaded: LoadedModel, adapter: int | None, answer: LlamaGeneration, slot: int) -> None:
        """Generate some tokens, after reading what is left of the prompt."""
        asked = min(answer.slice, answer.left)
        heard = 0

        def hear(piece: Piece) -> bool:
            nonlocal heard
            if answer.cancelled.is_set():
                return True
            for token in self._token_ids(piece):
                heard += 1
                answer.add(token)
                if token in self._end_tokens:
                    answer.end("stop")
            return answer.ended

        ended = loaded.server.generate(slot, adapter, answer.tokens, asked, answer.settings, hear)
        answer.read = len(answer.tokens) - 1
        if answer.cancelled.is_set():
            answer.end("cancelled")
        elif ended:
            answer.end("stop")
        elif answer.left <= 0 or (not heard and asked >= answer.left):
            answer.end("length")
        # Bytes that are no character are held back by the server; in a longer slice something may follow.
        answer.slice = SLICE if heard else answer.slice * 2
