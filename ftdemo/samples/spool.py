"""Checked samples on their way into the store, outside of memory."""

import json
import weakref
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from tempfile import SpooledTemporaryFile
from typing import overload

from ftdemo.store.samples import Sample

_IN_MEMORY = 4_000_000


class SampleSpool(Sequence[Sample]):
    """A sequence of samples in a temporary file that has no name, so that it is gone with its process.

    Up to 4 MB it stays in memory. Samples are added at the end; only their splits can be changed.
    """

    def __init__(self, samples: Iterable[Sample] = ()) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - lives as long as this object
        weakref.finalize(self, self._file.close)
        self._starts = array("Q", [0])
        self._held_out = bytearray()
        for sample in samples:
            self.append(sample)

    def append(self, sample: Sample) -> None:
        """Add a sample at the end."""
        fields = [sample.question, sample.answer, sample.system, sample.history, sample.weight]
        line = json.dumps(fields, ensure_ascii=False).encode()
        self._file.seek(self._starts[-1])
        self._file.write(line)
        self._starts.append(self._starts[-1] + len(line))
        self._held_out.append(sample.split == "held_out")

    def hold_out(self, positions: Iterable[int]) -> None:
        """Hold out the samples at these positions, from 0, and no others."""
        self._held_out = bytearray(len(self))
        for position in positions:
            self._held_out[position] = 1

    def splits(self) -> dict[str, int]:
        """How many samples are in each split."""
        held_out = sum(self._held_out)
        return {"train": len(self) - held_out, "held_out": held_out}

    def __len__(self) -> int:
        return len(self._held_out)

    @overload
    def __getitem__(self, at: int) -> Sample: ...
    @overload
    def __getitem__(self, at: slice) -> list[Sample]: ...
    def __getitem__(self, at: int | slice) -> Sample | list[Sample]:
        if isinstance(at, slice):
            return [self._read(position) for position in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return self._read(at % len(self))

    def __iter__(self) -> Iterator[Sample]:
        return (self._read(position) for position in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def _read(self, position: int) -> Sample:
        start, end = self._starts[position], self._starts[position + 1]
        self._file.seek(start)
        question, answer, system, history, weight = json.loads(self._file.read(end - start))
        sample = Sample(question, answer, "train", system, tuple(map(tuple, history)), weight)
        return replace(sample, split="held_out") if self._held_out[position] else sample
