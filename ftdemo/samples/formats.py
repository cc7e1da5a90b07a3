"""Which format a file has, told by its content; nothing is guessed from its name."""

import json
import zipfile
from pathlib import Path
from typing import Any

from ftdemo.errors import FileFormatError, UserError
from ftdemo.files.encoding import WINDOW, find_encoding
from ftdemo.samples.json_records import is_wrapper

FORMATS = ("csv", "tsv", "json", "jsonl", "parquet", "xlsx", "datasets")
TEXT_FORMATS = frozenset({"csv", "tsv", "json", "jsonl"})
FORMATS_REMEDY = (
    "Give a CSV, JSON, JSONL, Parquet or Excel (.xlsx) file with a question and an answer in each row."
)

_LINES = 40
_SAVE_AS = "Save it as .xlsx or CSV and give that."
_FOREIGN = (
    (b"\xd0\xcf\x11\xe0", "an Excel file of the old form (.xls), or one with a password", _SAVE_AS),
    (b"\x1f\x8b", "compressed (gzip)", "Unpack it and give the file in it."),
    (b"BZh", "compressed (bzip2)", "Unpack it and give the file in it."),
    (b"\xfd7zXZ", "compressed (xz)", "Unpack it and give the file in it."),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd)", "Unpack it and give the file in it."),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it and give the file in it."),
    (b"Rar!", "a RAR archive", "Unpack it and give the file in it."),
    (b"%PDF", "a PDF", "Copy its questions and answers into a table, and save that as CSV."),
    (b"SQLite format 3\x00", "a SQLite database", "Export the table in it as CSV."),
    (b"ARROW1", "an Arrow file", "Give the folder that holds it, or save it as Parquet."),
    (b"<?xml", "XML", FORMATS_REMEDY),
    (b"<!DOCTYPE", "a web page", "Download the file itself, not the page that shows it."),
    (b"<!doctype", "a web page", "Download the file itself, not the page that shows it."),
    (b"<html", "a web page", "Download the file itself, not the page that shows it."),
    (b"\x89PNG", "a picture", FORMATS_REMEDY),
    (b"\xff\xd8\xff", "a picture", FORMATS_REMEDY),
)


def check_size(path: Path, max_megabytes: float) -> None:
    """Refuse a file that is not there, cannot be opened, is empty or too large.

    Raises:
        UserError: says which of them.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            blank = not file.read(WINDOW).strip() and size <= WINDOW
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.", "Check the path.") from None
    except IsADirectoryError:
        raise UserError(f"{path} is a folder.", "Name a file in it.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"The file {path} cannot be read: {reason}.", "Check its permissions.") from error
    if size > max_megabytes * 1e6:
        raise FileFormatError(
            f"The file {path.name} has {size / 1e6:.1f} MB; {max_megabytes:g} MB is the most that is read.",
            "Split it, or raise the limit with the setting FTDEMO_MAX_UPLOAD_MB.",
        )
    if blank:
        raise FileFormatError(f"The file {path.name} is empty.", FORMATS_REMEDY)


def recognise(path: Path, encoding: str | None = None) -> tuple[str, str | None]:
    """Tell a file's format and, for a text format, its encoding.

    Args:
        path: the file; see `check_size`.
        encoding: its encoding, if a person named it.

    Returns:
        One of `FORMATS` but 'tsv' and 'datasets' (a table of text is 'csv' whatever parts its cells), and
        the encoding.

    Raises:
        FileFormatError: it is none of them; the message says what it is, where that is known.
    """
    with path.open("rb") as file:
        head = file.read(WINDOW)
    if head.startswith(b"PAR1"):
        return "parquet", None
    if head.startswith(b"PK\x03\x04"):
        _check_is_excel(path)
        return "xlsx", None
    for start, what, remedy in _FOREIGN:
        if head.startswith(start):
            raise FileFormatError(f"The file {path.name} is {what}.", remedy)
    found = find_encoding(path, encoding)
    return recognise_text(head.decode(found, errors="ignore")), found


def recognise_text(start: str) -> str:
    """Tell a text's format by its beginning: '[' opens JSON, '{' JSON or JSONL, most else is CSV.

    A line that is no JSON, such as a comment, does not make a CSV of a file whose other lines are objects.
    """
    start = start.lstrip("\ufeff \t\r\n\x00")
    lines = [line.strip() for line in start.splitlines()[:_LINES] if line.strip()]
    if start.startswith("["):
        own = len(lines) > 1 and lines[1].startswith("[") and isinstance(_loaded(lines[0]), list)
        return "jsonl" if own else "json"
    if not start.startswith("{"):
        # The last line looked at may be cut off.
        objects = sum(isinstance(_loaded(line), dict) for line in lines)
        return "jsonl" if objects and objects >= len(lines) // 2 else "csv"
    record = _loaded(lines[0])
    if record is not None:
        return "json" if is_wrapper(record) else "jsonl"
    if lines[0].endswith("}"):
        return "jsonl"
    # One object over many lines; or a line with a raw line break in a text, and whole objects below it.
    opened = lines[0].endswith(("{", "[", ",", ":"))
    return "jsonl" if not opened and any(isinstance(_loaded(line), dict) for line in lines[1:]) else "json"


def _loaded(text: str) -> Any:
    if text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _check_is_excel(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise FileFormatError(
            f"The file {path.name} is a damaged Excel file or ZIP archive.", "Save or download it again."
        ) from None
    if "xl/workbook.xml" in names:
        return
    what, remedy = "a ZIP archive", "Unpack it and give the file in it."
    if "word/document.xml" in names:
        what, remedy = "a Word document", "Put its questions and answers into a table, and save that as CSV."
    elif "content.xml" in names:
        what, remedy = "an OpenDocument file", _SAVE_AS
    elif "xl/workbook.bin" in names:
        what, remedy = "a binary Excel file (.xlsb)", _SAVE_AS
    raise FileFormatError(f"The file {path.name} is {what}.", remedy)
