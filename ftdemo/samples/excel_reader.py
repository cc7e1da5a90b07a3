"""Excel (.xlsx) through openpyxl, row by row: the visible sheets that have a table with fitting headers."""

import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from ftdemo.errors import FileFormatError, UserError
from ftdemo.files.merged_cells import Merged, merged_cells
from ftdemo.files.number_formats import shown
from ftdemo.files.rows import MAX_LINE, Row
from ftdemo.files.tabular import HEADER_WITHIN, IsHeader, named_rows, names_of
from ftdemo.samples.columns import find_answer, find_question

_UNPACKED_TIMES = 20
_REMEDY = "Open it in a spreadsheet program and save it again, as .xlsx or CSV."
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True)
class Sheets:
    """Which sheets of a workbook are read.

    Args:
        read: their names, in order.
        others: why the others are not, by name: 'hidden', 'no fitting headers'; empty ones are not named.
    """

    read: tuple[str, ...]
    others: dict[str, str]

    def note(self) -> str | None:
        """A sentence on what was read, if there was a choice."""
        if len(self.read) + len(self.others) < 2:
            return None
        read = ", ".join(map(repr, self.read))
        said = f"Read from the sheet{'s' if len(self.read) > 1 else ''} {read}"
        if not self.others:
            return f"{said}."
        others = ", ".join(f"{name!r} ({why})" for name, why in self.others.items())
        return f"{said}; not read: {others}. Name another with --sheet if that is wrong."


def open_xlsx(
    path: Path, max_megabytes: float, is_header: IsHeader, sheet: str | None = None
) -> tuple[Iterator[Row], Sheets]:
    """The rows of a workbook, numbered as Excel numbers them, and which sheets they are from.

    Of the visible sheets the first with fitting headers is read, and all with the same; without
    one, the first that is not empty. A formula counts with the value saved with it, a merged cell
    with its text in all its rows.

    Args:
        path: the file.
        max_megabytes: the largest size it may have; unpacked, 20 times that.
        is_header: whether some names are those of columns that can be used.
        sheet: the sheet to read, if a person named one.

    Raises:
        FileFormatError: it is damaged, or unpacks to far more than its size.
        UserError: there is no sheet of that name.
    """
    _refuse_bomb(path, max_megabytes)
    try:
        with path.open("rb") as file, closing(_open_workbook(file)) as workbook:
            sheets = _choose(workbook, is_header, sheet)
    except UserError:
        raise
    except Exception as error:
        raise _damaged(path, error) from error
    return _rows(path, sheets, is_header), sheets


def _rows(path: Path, sheets: Sheets, is_header: IsHeader) -> Iterator[Row]:
    several = len(sheets.read) > 1
    try:
        # Given a path, openpyxl would look at the name's ending.
        with path.open("rb") as file, closing(_open_workbook(file)) as workbook:
            for name in sheets.read:
                for row in named_rows(_lines(path, workbook[name]), is_header):
                    yield replace(row, place=f"sheet {name!r}") if several else row
    except UserError:
        raise
    except Exception as error:
        raise _damaged(path, error) from error


def _refuse_bomb(path: Path, max_megabytes: float) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise FileFormatError(f"The Excel file {path.name} is damaged.", _REMEDY) from None
    if unpacked > max_megabytes * 1e6 * _UNPACKED_TIMES:
        raise FileFormatError(
            f"The Excel file {path.name} unpacks to {unpacked / 1e6:,.0f} MB.", "Split it, or save it as CSV."
        )


def _choose(workbook: Any, is_header: IsHeader, chosen: str | None) -> Sheets:
    """Look at the first rows of each sheet."""
    headers: dict[str, frozenset[str] | None] = {}
    """The columns of each sheet that has rows, by its name; None if they do not fit."""
    others: dict[str, str] = {}
    for sheet in workbook.worksheets:
        lines = _filled(sheet)
        if not lines:
            continue
        if sheet.sheet_state != "visible" and sheet.title != chosen:
            others[sheet.title] = "hidden"
            continue
        named = (names_of(cells) for cells in lines)
        fitting = next((names for names in named if is_header(names)), None)
        headers[sheet.title] = _fields(fitting) if fitting else None
    if chosen is not None:
        if chosen not in headers:
            there = ", ".join(repr(sheet.title) for sheet in workbook.worksheets[:12])
            raise UserError(f"There is no sheet {chosen!r} with rows in it.", f"The sheets are: {there}.")
        return Sheets((chosen,), {})
    first = next((header for header in headers.values() if header is not None), None)
    read = tuple(name for name, header in headers.items() if header == first)
    read = read if first is not None else read[:1]
    for name, header in headers.items():
        if name not in read:
            others[name] = "other columns" if header and first else "no fitting headers"
    return Sheets(read, others)


def _fields(names: Sequence[str]) -> frozenset[str]:
    """What two sheets must have in common to be read as one: the question and the answer, or all columns."""
    found = (find_question(names), find_answer(names))
    return frozenset(name.strip().lower() for name in (found if all(found) else names) if name)


def _filled(sheet: Any) -> list[list[Any]]:
    """The first rows of a sheet that have something in them."""
    sheet.reset_dimensions()
    rows = ([_cell(cell) for cell in cells] for cells in sheet.iter_rows(max_row=200))
    return list(islice((cells for cells in rows if any(cell is not None for cell in cells)), HEADER_WITHIN))


def _lines(path: Path, sheet: Any) -> Iterator[tuple[int, Sequence[Any]]]:
    merged = Merged(merged_cells(path, sheet))
    # The size a file states may be wrong; without it every row is as long as its last cell.
    sheet.reset_dimensions()
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        yield number, merged.filled(number, [_cell(cell) for cell in cells])


def _damaged(path: Path, error: Exception) -> FileFormatError:
    return FileFormatError(f"The Excel file {path.name} is damaged ({type(error).__name__}).", _REMEDY)


def _open_workbook(file: BinaryIO) -> Any:
    import openpyxl

    with warnings.catch_warnings():
        # Styles and extensions it does not know are of no matter here.
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)


def _cell(cell: Any) -> str | None:
    """What a cell shows; characters that XML cannot hold are written as '_x000D_' there."""
    value = cell.value
    if value is None:
        return None
    if isinstance(value, str):
        text = value[:MAX_LINE]
        return _ESCAPED.sub(_character, text) if "_x" in text else text
    return shown(value, cell.number_format)


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return "" if code == 0x0D else chr(code) if code < 0x20 or code == 0x5F else found[0]
