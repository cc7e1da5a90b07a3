"""Excel (.xlsx) through openpyxl, row by row: the first sheet that has a table."""

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO

from ftdemo.errors import FileFormatError
from ftdemo.samples.rows import MAX_LINE, Row
from ftdemo.samples.tabular import IsHeader, named_rows

_UNPACKED_TIMES = 20
_REMEDY = "Open it in a spreadsheet program and save it again, as .xlsx or CSV."


def read_xlsx(path: Path, max_megabytes: float, is_header: IsHeader) -> Iterator[Row]:
    """The rows of a workbook's first sheet that has any, numbered as Excel numbers them.

    A formula counts with the value that was saved with it; of merged cells only the first has the text.

    Args:
        path: the file.
        max_megabytes: the largest size it may have; unpacked, 20 times that.
        is_header: whether some names are those of columns that can be used.

    Raises:
        FileFormatError: it is damaged, or unpacks to far more than its size.
    """
    _refuse_bomb(path, max_megabytes)
    return named_rows(_lines(path), is_header)


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


def _lines(path: Path) -> Iterator[tuple[int, list[Any]]]:
    try:
        # Given a path, openpyxl would look at the name's ending.
        with path.open("rb") as file, closing(_open_workbook(file)) as workbook:
            for sheet in workbook.worksheets:
                # The size a file states may be wrong; without it every row is as long as its last cell.
                sheet.reset_dimensions()
                found = False
                for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
                    found = found or any(cell is not None for cell in cells)
                    if found:
                        yield number, [_cell(cell) for cell in cells]
                if found:
                    return
    except Exception as error:
        raise FileFormatError(
            f"The Excel file {path.name} is damaged ({type(error).__name__}).", _REMEDY
        ) from error


def _open_workbook(file: BinaryIO) -> Any:
    import openpyxl

    with warnings.catch_warnings():
        # Styles and extensions it does not know are of no matter here.
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)


def _cell(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    return value[:MAX_LINE] if isinstance(value, str) else value
