"""In which encoding a text file is written.

The whole file is decoded once in small pieces to find out, so reading it afterwards cannot fail half-way.
"""

import codecs
import re
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from ftdemo.errors import FileFormatError, UserError

WINDOW = 65_536
"""Bytes that are looked at to tell an encoding."""

_PIECE = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")
NOT_TEXT_REMEDY = "Give a CSV, JSON, JSONL, Parquet or Excel (.xlsx) file."


def find_encoding(path: Path, chosen: str | None = None) -> str:
    """Tell a text file's encoding as Python names it: 'utf-8', 'utf-8-sig', 'utf-16', 'gb18030', 'cp1252', …

    Args:
        path: the file.
        chosen: the encoding a person named; it is only tried then.

    Raises:
        FileFormatError: the file is not text, or a byte does not fit the encoding; names the line.
        UserError: there is no encoding of the chosen name.
    """
    with path.open("rb") as file:
        head = file.read(WINDOW)
        encoding = _known_encoding(chosen) if chosen else _by_mark_or_zeros(head)
        if encoding is None:
            bad = _first_bad_byte(file, "utf-8")
            if bad is None:
                _refuse_binary(path.name, head)
                return "utf-8"
            # Letters of several bytes before that place mean UTF-8 with one bad byte in it.
            encoding = "utf-8" if _has_letters_before(file, bad) else _by_letters(path.name, file, bad)
        bad = _first_bad_byte(file, encoding)
        if bad is None:
            return encoding
        file.seek(0)
        line = file.read(bad).count(b"\n") + 1
    shown = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}.get(encoding, encoding.upper())
    raise FileFormatError(
        f"Line {line} of {path.name} has a byte that is not {shown} text.",
        "Name the encoding it is written in, or save the file again with the encoding UTF-8.",
    )


def _known_encoding(name: str) -> str:
    try:
        known = codecs.lookup(name)
    except LookupError:
        known = None
    if known is None or not known._is_text_encoding:
        raise UserError(
            f"There is no text encoding {name!r}.", "Use one such as utf-8, utf-16, gb18030 or windows-1252."
        )
    return known.name


def _by_mark_or_zeros(head: bytes) -> str | None:
    """The encoding a byte order mark tells, or UTF-16 without one: every other byte is mostly zero."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    pairs = len(head) // 2
    zeros = (head[0::2].count(0), head[1::2].count(0))
    for encoding, ours, other in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
        if pairs and zeros[ours] > 0.4 * pairs and zeros[other] < 0.05 * pairs:
            return encoding
    return None


def _first_bad_byte(file: BinaryIO, encoding: str) -> int | None:
    """The position of the first byte that cannot be decoded, or None."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    position = 0
    while True:
        pending = len(decoder.getstate()[0])
        piece = file.read(_PIECE)
        try:
            decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            return max(0, position - pending + error.start)
        except UnicodeError:
            return position
        if not piece:
            return None
        position += len(piece)


def _has_letters_before(file: BinaryIO, position: int) -> bool:
    file.seek(max(0, position - WINDOW))
    return not file.read(min(position, WINDOW)).isascii()


def _refuse_binary(file_name: str, window: bytes) -> None:
    if len(_CONTROLS.findall(window)) > 0.05 * len(window):
        raise FileFormatError(f"The file {file_name} is not text.", NOT_TEXT_REMEDY)


def _by_letters(file_name: str, file: BinaryIO, position: int) -> str:
    """Tell an encoding older than Unicode by the bytes above 127 from `position` on."""
    file.seek(max(0, position - 1024))
    window = file.read(WINDOW)
    _refuse_binary(file_name, window)
    if _is_chinese(window):
        return "gb18030"
    runs = _HIGH_RUNS.findall(window)
    if sum(len(run) == 1 for run in runs) > 0.6 * len(runs):
        # Single letters between ASCII ones: a Western European language.
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(window[:8192]).best()
    return best.encoding if best else "cp1252"


def _is_chinese(window: bytes) -> bool:
    """Whether the bytes are GB18030 made up of everyday characters, which start with B0 to D7 there."""
    decoder = codecs.getincrementaldecoder("gb18030")("strict")
    try:
        text = decoder.decode(window)
    except UnicodeDecodeError:
        return False
    letters = [char.encode("gb18030") for char in text if char > "\x7f"]
    everyday = sum(len(char) == 2 and 0xB0 <= char[0] <= 0xD7 and char[1] >= 0xA1 for char in letters)
    signs = sum(len(char) == 2 and 0xA1 <= char[0] <= 0xA3 and char[1] >= 0xA1 for char in letters)
    alone = sum(len(a) == 1 == len(b) for a, b in pairwise(_HIGH_RUNS.findall(window)))
    return everyday > alone and everyday + signs > 0.7 * len(letters)
