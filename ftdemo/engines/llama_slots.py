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
        self._slots[best] = _Slot(holder, most, adapter)
        return best

    def release(self, holder: Hashable, read: Sequence[int]) -> None:
        """Give back an answer's slot, if it has one, and remember which tokens it has read."""
        for slot in self._slots:
            if slot.holder == holder:
                slot.holder, slot.reserved, slot.read = None, 0, list(read)

    @staticmethod
    def _usable(slot: _Slot, adapter: Path | None, prompt: Sequence[int]) -> int:
        """How well a slot suits a prompt: tokens it has read already, against those that would be lost.

        A token saved now is worth more than one that may never be asked for again.
        """
        same = 0
        if slot.adapter == adapter:
            for mine, theirs in zip(slot.read, prompt, strict=False):
                if mine != theirs:
                    break
                same += 1
        return same - (len(slot.read) - same) // LOSS
