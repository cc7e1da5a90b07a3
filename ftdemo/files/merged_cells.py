"""Merged cells of a sheet, which openpyxl does not tell while it reads row by row."""

import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

_MOST = 10_000
_PIECE = 1 << 16
_RANGE = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*ref=\"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})\"")
_OVERLAP = 200


class Range(NamedTuple):
    """A merged range that goes down; rows and columns count from 1."""

    column: int
    top: int
    bottom: int


class Merged:
    """Fills the cells below a merged one with its text, as rows go by.

    Args:
        ranges: the sheet's merged ranges.
    """

    def __init__(self, ranges: Iterable[Range]) -> None:
        self._waiting = sorted(ranges, key=lambda merged: -merged.top)
        self._open: list[tuple[Range, Any]] = []

    def filled(self, number: int, cells: list[Any]) -> list[Any]:
        """A row's cells, those within a merged range with its text.

        Args:
            number: the row's, from 1.
            cells: its cells.
        """
        if self._open:
            self._open = [(merged, text) for merged, text in self._open if merged.bottom >= number]
        # A merged row without anything else is no row of its own.
        if any(cell is not None for cell in cells):
            for merged, text in self._open:
                if merged.column <= len(cells) and cells[merged.column - 1] is None:
                    cells[merged.column - 1] = text
        while self._waiting and self._waiting[-1].top <= number:
            merged = self._waiting.pop()
            if merged.top == number and merged.column <= len(cells):
                self._open.append((merged, cells[merged.column - 1]))
        return cells


def merged_cells(path: Path, sheet: Any) -> Iterator[Range]:
    """The ranges of a sheet that are merged over several rows, the first ten thousand.

    Args:
        path: the workbook.
        sheet: openpyxl's sheet of it, which knows its place in the file.
    """
    place = getattr(sheet, "_worksheet_path", None)
    if not place:
        return
    found = 0
    with zipfile.ZipFile(path) as archive, archive.open(place) as file:
        rest = b""
        while piece := file.read(_PIECE):
            text = rest + piece
            end = 0
            for match in _RANGE.finditer(text):
                end = match.end()
                top, bottom = int(match[2]), int(match[4])
                found += 1
                if bottom > top:
                    yield Range(_column(match[1]), top, bottom)
                if found >= _MOST:
                    return
            rest = text[max(end, len(text) - _OVERLAP) :]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
