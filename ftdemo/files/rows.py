"""Rows as they come out of a file, not yet understood as samples."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

MAX_LINE = 8_000_000
"""Longest line or JSON value read, in characters: what keeps memory bounded."""

MAX_ROWS = 2_000_000
"""Most rows read from one file."""

PROGRESS_EVERY = 500
"""Rows between two calls of a `Progress`."""

Progress = Callable[[int, float | None], None]
"""Called with the rows read and the part of the file read (0 to 1, or None). What it raises ends the work."""


Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Problem:
    """Something about one row.

    Args:
        row: the row as the file counts it: line number in text files, row number in Excel, position in a
            JSON list or a Parquet file; from 1.
        column: the column it is about, if it is about one.
        kind: one word or two, such as 'empty' or 'duplicate'; the report counts by it.
        message: what is wrong, in a sentence.
        remedy: what to do about it.
        severity: 'error' keeps the row out of the set, 'warning' does not.
    """

    row: int
    column: str | None
    kind: str
    message: str
    remedy: str
    severity: Severity = "error"


@dataclass(frozen=True)
class Row:
    """One row.

    Args:
        number: the row as the file counts it, from 1.
        cells: its cells by column, None if they cannot be read.
        problem: why they cannot be read.
        lines: how many rows of the file it was put together from.
        place: where the number counts, such as a workbook's sheet, if the file has several such places.
    """

    number: int
    cells: dict[str, Any] | None
    problem: Problem | None = None
    lines: int = 1
    place: str | None = None


@dataclass(frozen=True)
class ReadOptions:
    """What a person may say about a file instead of having it recognised.

    Args:
        file_format: 'auto', or one of `FORMATS`.
        encoding: a text file's encoding, or None to recognise it.
        shape: 'auto', or one of `shapes.SHAPES`.
        question_column: the column of questions, if its name does not tell.
        answer_column: the column of answers, if its name does not tell.
        split_column: the column that says which rows are held out; one named 'split' is found by itself.
        max_megabytes: the largest file read, in 10^6 bytes.
        columns: what further columns hold, one of `columns.ROLES` by the column's name.
        sheet: the sheet of a workbook to read, or None to take those with fitting headers.
    """

    file_format: str = "auto"
    encoding: str | None = None
    shape: str = "auto"
    question_column: str | None = None
    answer_column: str | None = None
    split_column: str | None = None
    max_megabytes: float = 100.0
    columns: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None


@dataclass(frozen=True)
class Source:
    """A file being read.

    Args:
        name: what to call it in messages.
        path: where it lies.
        format: its format, one of `FORMATS`.
        encoding: its encoding, if it is a text file.
        rows: its rows, in order; they can be gone through once.
        share: called for the part read so far, from 0 to 1, or None where that is not known.
        notes: what is to be said about how it is read, such as a guess, in sentences.
    """

    name: str
    path: Path
    format: str
    encoding: str | None
    rows: Iterator[Row]
    share: Callable[[], float | None]
    notes: tuple[str, ...] = ()


def watched(rows: Iterator[Row], source: Source, progress: Progress | None) -> Iterator[Row]:
    """Rows of a source as they are; `progress`, if any, is called now and then and after the last."""
    count = 0
    for count, row in enumerate(rows, start=1):
        yield row
        if progress is not None and count % PROGRESS_EVERY == 0:
            progress(count, source.share())
    if progress is not None:
        progress(count, 1.0)


def unreadable(number: int, kind: str, message: str, remedy: str, column: str | None = None) -> Row:
    """A row that is left out for `message`."""
    return Row(number, None, Problem(number, column, kind, message, remedy))
