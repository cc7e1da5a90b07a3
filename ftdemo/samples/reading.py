"""From a file's bytes to rows: CSV, JSON and JSONL.

Nothing is guessed from a file's name: the format is recognised by its content.
"""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ftdemo.errors import FileFormatError, UserError

Format = Literal["csv", "json", "jsonl"]
FORMATS: tuple[Format, ...] = ("csv", "json", "jsonl")
_DELIMITERS = ",;\t|"
_FORMATS_REMEDY = "Give a CSV, JSON or JSONL file with a question and an answer in each row."


@dataclass(frozen=True)
class Row:
    """One row: its number as the file counts it, and its cells by column."""

    number: int
    cells: dict[str, Any]


@dataclass(frozen=True)
class Table:
    """The rows of a file, not yet understood as samples."""

    format: Format
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(path: Path, file_format: str = "auto", max_megabytes: float = 20.0) -> Table:
    """Read a samples file.

    Args:
        path: the file.
        file_format: 'auto' to recognise it by content, or 'csv', 'json', 'jsonl'.
        max_megabytes: the largest size read, in 10^6 bytes.

    Raises:
        UserError: it is not there, too large, not text, or its format cannot be read; says where.
    """
    text = _decode(path, _read_bytes(path, max_megabytes))
    if file_format not in ("auto", *FORMATS):
        raise UserError(f"There is no format {file_format!r}.", f"Use one of: auto, {', '.join(FORMATS)}.")
    chosen = recognise(text) if file_format == "auto" else file_format
    if chosen == "json":
        return _read_json(path.name, text)
    if chosen == "jsonl":
        return _read_jsonl(path.name, text)
    return _read_csv(path.name, text)


def recognise(text: str) -> Format:
    """Tell the format from the first characters: '[' opens JSON, '{' JSON or JSONL, all else is CSV."""
    start = text.lstrip()
    if start.startswith("["):
        return "json"
    if start.startswith("{"):
        first_line = start.split("\n", 1)[0]
        try:
            json.loads(first_line)
        except ValueError:
            # No JSON by itself: one object over many lines, or a line of JSONL with a fault.
            return "jsonl" if first_line.rstrip().endswith("}") else "json"
        return "jsonl"
    return "csv"


def _read_bytes(path: Path, max_megabytes: float) -> bytes:
    try:
        size = path.stat().st_size
        if size > max_megabytes * 1e6:
            raise FileFormatError(
                f"The file {path.name} has {size / 1e6:.1f} MB; at most {max_megabytes:g} MB is read.",
                "Split it, or raise the limit with the setting FTDEMO_MAX_UPLOAD_MB.",
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.", "Check the path.") from None
    except IsADirectoryError:
        raise UserError(f"{path} is a folder.", "Name a file in it.") from None
    except OSError as error:
        raise UserError(
            f"The file {path} cannot be read: {error.strerror or error}.", "Check its permissions."
        ) from error


def _decode(path: Path, data: bytes) -> str:
    if not data.strip():
        raise FileFormatError(f"The file {path.name} is empty.", _FORMATS_REMEDY)
    if b"\x00" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileFormatError(f"The file {path.name} is not text.", _FORMATS_REMEDY)
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileFormatError(
            f"Line {line} of {path.name} is not {encoding.removesuffix('-sig').upper()} text.",
            "If it is a text file, save it again with the encoding UTF-8; otherwise export it as CSV.",
        ) from None


def _read_jsonl(file_name: str, text: str) -> Table:
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            rows.append(_json_row(file_name, number, _parse_json(file_name, line, first_line=number)))
    return _json_table("jsonl", file_name, rows)


def _read_json(file_name: str, text: str) -> Table:
    content = _parse_json(file_name, text)
    if isinstance(content, dict):
        lists = [value for value in content.values() if isinstance(value, list)]
        content = lists[0] if len(lists) == 1 else [content]
    if not isinstance(content, list):
        raise FileFormatError(
            f"The file {file_name} holds no list of samples.",
            'Make it a list: [{"question": "…", "answer": "…"}, …].',
        )
    rows = [_json_row(file_name, number, item) for number, item in enumerate(content, start=1)]
    return _json_table("json", file_name, rows)


def _parse_json(file_name: str, text: str, first_line: int = 1) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"Line {first_line + error.lineno - 1}, column {error.colno} of {file_name}"
        raise FileFormatError(
            f"{where} is not JSON: {error.msg}.", "Mend that place and try again."
        ) from None
    except (ValueError, RecursionError) as error:
        what = (
            "is nested too deeply" if isinstance(error, RecursionError) else "has a number that is too long"
        )
        raise FileFormatError(
            f"The JSON from line {first_line} of {file_name} {what}.", "Mend that place and try again."
        ) from None


def _json_row(file_name: str, number: int, item: Any) -> Row:
    if not isinstance(item, dict):
        raise FileFormatError(
            f"Row {number} of {file_name} is not an object with named fields.",
            'Write each row as {"question": "…", "answer": "…"}.',
        )
    return Row(number, item)


def _json_table(file_format: Format, file_name: str, rows: list[Row]) -> Table:
    if not rows:
        raise FileFormatError(f"The file {file_name} has no rows.", _FORMATS_REMEDY)
    columns = dict.fromkeys(column for row in rows for column in row.cells)
    return Table(file_format, tuple(columns), tuple(rows))


def _read_csv(file_name: str, text: str) -> Table:
    delimiter = _delimiter(text)
    # A cell may be as long as the file; the module's own limit is 128 KiB.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    header: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = [cell.strip() for cell in cells]
                continue
            rows.append(Row(reader.line_num, dict(zip(header, cells, strict=False))))
    except csv.Error as error:
        raise FileFormatError(
            f"Line {reader.line_num} of {file_name} is not CSV: {error}.",
            "Check the quotation marks around that cell, or save the file as CSV again.",
        ) from None
    if not rows:
        raise FileFormatError(f"The file {file_name} has a header at most, and no rows.", _FORMATS_REMEDY)
    return Table("csv", tuple(column for column in header if column), tuple(rows))


def _delimiter(text: str) -> str:
    """The delimiter that the header line holds most of, commas first."""
    header = text.lstrip().split("\n", 1)[0]
    return max(_DELIMITERS, key=lambda delimiter: (header.count(delimiter), -_DELIMITERS.index(delimiter)))
