"""Who has which slot of a loaded model, and whether one more answer fits into its memory."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LOSS = 4
"""So many tokens lost weigh as much as one that need not be read again."""


@dataclass
class _Slot:
    holder: Hashable | None = None
    reserved: int = 0
    adapter: Path | None = None
    read: list[int] = field(default_factory=list)


class Slots:
    """The slots of one loaded model. They share room for a number of tokens.

    Args:
        count: slots.
        room: tokens that all of them together can hold.
    """

    def __init__(self, count: int, room: int) -> None:
        self._slots = [_Slot() for _ in range(count)]
        self._room = room

    def take(self, holder: Hashable, adapter: Path | None, prompt: Sequence[int], most: int) -> int | None:
        """The slot of an answer: the one it has, else a free one, best one that has read such a beginning.

        Args:
            holder: who asks.
            adapter: what the model reads with; what was read with another is of no use.
            prompt: token ids.
            most: tokens that prompt and answer may have in all.

        Returns:
            The slot's number, or None if all are taken or there is no room.
        """
        for number, slot in enumerate(self._slots):
            if slot.holder == holder:
                return number
        free = [number for number, slot in enumerate(self._slots) if slot.holder is None]
        if not free or sum(slot.reserved for slot in self._slots) + most > self._room:
            return None
        best = max(free, key=lambda number: self._usable(self._slots[number], adapter, prompt))
        same = self._same(self._slots[best], adapter, prompt)
        self._slots[best] = _Slot(holder, most, adapter, list(prompt[:same]))
        return best

    def read(self, number: int) -> int:
        """How many tokens of its answer, from the beginning, a slot has read."""
        return len(self._slots[number].read)

    def note(self, number: int, read: Sequence[int]) -> None:
        """Remember which tokens a slot has read."""
        self._slots[number].read = list(read)

    def release(self, number: int) -> None:
        """Give back an answer's slot; what it has read stays there."""
        self._slots[number].holder, self._slots[number].reserved = None, 0

    def _usable(self, slot: _Slot, adapter: Path | None, prompt: Sequence[int]) -> int:
        """How well a slot suits a prompt: tokens it has read already, against those that would be lost.

        A token saved now is worth more than one that may never be asked for again.
        """
        same = self._same(slot, adapter, prompt)
        return same - (len(slot.read) - same) // LOSS

    @staticmethod
    def _same(slot: _Slot, adapter: Path | None, prompt: Sequence[int]) -> int:
        """Tokens of a prompt's beginning that a slot has read with the same adapter."""
        if slot.adapter != adapter:
            return 0
        pairs = enumerate(zip(slot.read, prompt, strict=False))
        return next((at for at, (mine, theirs) in pairs if mine != theirs), min(len(slot.read), len(prompt)))
