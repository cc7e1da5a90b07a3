"""CSV and TSV: cells parted by a character that is found out, quoted or not."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from ftdemo.files.encoding import WINDOW
from ftdemo.files.rows import MAX_LINE, Row, unreadable
from ftdemo.files.tabular import HEADER_WITHIN, IsHeader, named_rows

_DELIMITERS = ",;\t|"
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_FORMULA_QUOTED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")


def find_delimiter(path: Path, encoding: str, is_header: IsHeader) -> str:
    """The character that parts cells: the one that makes the best table of the first lines.

    Args:
        path: the file.
        encoding: its encoding.
        is_header: whether some names are those of columns that can be used.
    """
    with path.open(encoding=encoding, newline="") as file:
        start = file.read(WINDOW)
    named = _SEPARATOR_LINE.match(start)
    if named:
        return named[1]
    lines = start.splitlines(keepends=True)[:40]
    return max(_DELIMITERS, key=lambda delimiter: _fitness(lines, delimiter, is_header))


def _fitness(lines: list[str], delimiter: str, is_header: IsHeader) -> tuple[bool, float, int]:
    """Whether there is a header, the share of rows as wide as it, and how wide it is."""
    try:
        rows = [cells for cells in csv.reader(lines, delimiter=delimiter) if any(cells)]
    except csv.Error:
        return False, 0.0, 0
    if not rows:
        return False, 0.0, 0
    names = [[cell.strip() for cell in cells] for cells in rows[:HEADER_WITHIN]]
    header = next((cells for cells in names if is_header(cells)), names[0])
    width = len(header)
    same = sum(len(cells) == width for cells in rows) / len(rows) if width > 1 else 0.0
    return is_header(header), same, width


def read_csv(file: TextIO, delimiter: str, is_header: IsHeader) -> Iterator[Row]:
    """The rows of a CSV file; each is numbered by the line it begins in.

    Args:
        file: the file, opened with `newline=""`.
        delimiter: the character that parts cells.
        is_header: whether some names are those of columns that can be used.
    """
    return named_rows(_lines(file, delimiter), is_header)


def _lines(file: TextIO, delimiter: str) -> Iterator[tuple[int, list[str]] | Row]:
    csv.field_size_limit(MAX_LINE)
    reader = csv.reader(_bounded(file), delimiter=delimiter, strict=True)
    while True:
        began = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _not_csv(began, reader.line_num, error)
            continue
        if began == 1 and _SEPARATOR_LINE.fullmatch(delimiter.join(cells)):
            continue
        yield began, [unquote_formula(cell) for cell in cells]


def _not_csv(began: int, line: int, error: csv.Error) -> Row:
    if "unexpected end" in str(error):
        message = f"The quotation mark opened in row {began} is never closed; all after it is one cell."
        return unreadable(
            began, "quotation mark", message, "Close it, or double it if it is part of the text."
        )
    if "field larger" in str(error):
        message = f"Row {began} has a cell of more than {MAX_LINE:,} characters."
        return unreadable(
            began, "over-long", message, "Check that quotation marks are closed; else shorten it."
        )
    message = f"Row {line} has a quotation mark in the middle of a cell."
    return unreadable(
        line, "quotation mark", message, 'Double the marks within a quoted cell: "He said ""hi""".'
    )


def _bounded(file: TextIO) -> Iterator[str]:
    """The lines of a file; one beyond the limit comes cut, which makes its cell too long for the reader."""
    while line := file.readline(MAX_LINE + 2):
        yield line


def quote_formula(text: str) -> str:
    """Make a cell that a spreadsheet program would run as a formula into text: '=1+1' → "'=1+1".

    A leading apostrophe is what such programs take for 'this is text'. `unquote_formula` undoes it.
    """
    return f"'{text}" if _FORMULA_QUOTED.match(f"'{text}") else text


def unquote_formula(text: str) -> str:
    """Take away the apostrophe that `quote_formula` put in front."""
    return text[1:] if text.startswith("'") and _FORMULA_QUOTED.match(text) else text
