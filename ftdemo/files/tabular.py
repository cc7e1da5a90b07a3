"""From lists of cells, as CSV and Excel have them, to rows with named columns."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from ftdemo.errors import FileFormatError
from ftdemo.files.rows import Row, unreadable

HEADER_WITHIN = 5
"""The header is looked for in this many first lines; a title may stand above it."""

MAX_COLUMNS = 1_000

IsHeader = Callable[[Sequence[str]], bool]


def named_rows(lines: Iterator[tuple[int, Sequence[Any]] | Row], is_header: IsHeader) -> Iterator[Row]:
    """Give each line's cells the names of the header's.

    Args:
        lines: number and cells of each line, or a Row that cannot be read; blank lines are passed over.
        is_header: whether a line's cells are the names of columns that can be used.
    """
    filled = (line for line in lines if isinstance(line, Row) or any(not _blank(cell) for cell in line[1]))
    first = list(islice(filled, HEADER_WITHIN))
    tables = [(at, line[1]) for at, line in enumerate(first) if not isinstance(line, Row)]
    if not tables:
        yield from (line for line in first if isinstance(line, Row))
        return
    at, header = next(((at, cells) for at, cells in tables if is_header(names_of(cells))), tables[0])
    names = names_of(header)
    for line in first[:at]:
        yield (
            line
            if isinstance(line, Row)
            else unreadable(
                line[0], "above header", f"Row {line[0]} stands above the header.", "Nothing to do."
            )
        )
    for line in chain(first[at + 1 :], filled):
        yield line if isinstance(line, Row) else _named(line[0], line[1], names)


def _named(number: int, cells: Sequence[Any], names: list[str]) -> Row:
    if any(not _blank(cell) for cell in cells[len(names) :]):
        return unreadable(
            number,
            "too many cells",
            f"Row {number} has {len(cells)} cells, the header has {len(names)}.",
            "If a cell holds the character that parts cells, put the cell in quotation marks.",
        )
    if [str(cell).strip() for cell in cells] == names:
        return unreadable(number, "header again", f"Row {number} repeats the header.", "Nothing to do.")
    return Row(number, dict(zip(names, cells, strict=False)))


def names_of(header: Sequence[Any]) -> list[str]:
    """The columns' names; those without one are numbered, and so are further ones of the same name."""
    if len(header) > MAX_COLUMNS:
        raise FileFormatError(
            f"The table has {len(header):,} columns; {MAX_COLUMNS:,} is the most.",
            "Check which character parts its cells, or leave columns out.",
        )
    names: list[str] = []
    for position, cell in enumerate(header, start=1):
        name = "" if cell is None else str(cell).strip().lstrip("\ufeff")
        name = name or f"column {position}"
        names.append(f"{name} ({position})" if name in names else name)
    while len(names) > 1 and _blank(header[len(names) - 1]):
        names.pop()
    return names


def _blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
