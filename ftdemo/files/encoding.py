"""In which encoding a text file is written.

The whole file is decoded once in small pieces to find out, so reading it afterwards cannot fail half-way.
"""

import codecs
import re
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from ftdemo.errors import FileFormatError, UserError
from ftdemo.files.encoding_guess import CLOSE, Guess, guesses

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
_CERTAIN = frozenset({"utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso2022_jp"})
"""Encodings that are told by their marks or their form, and are no guesses."""
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
        likely = [encoding] if encoding else []
        if encoding is None:
            bad = _first_bad_byte(file, "utf-8")
            if bad is None:
                _refuse_binary(path.name, head)
                return "utf-8"
            # Letters of several bytes before that place mean UTF-8 with one bad byte in it.
            if _has_letters_before(file, bad):
                likely = ["utf-8"]
            else:
                likely = _close(guesses(_sample(path.name, file, bad)))
        for encoding in likely:
            if _first_bad_byte(file, encoding) is None:
                return encoding
        bad = _first_bad_byte(file, likely[0]) or 0
        file.seek(0)
        line = file.read(bad).count(b"\n") + 1
    shown = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}.get(likely[0], likely[0].upper())
    raise FileFormatError(
        f"Line {line} of {path.name} has a byte that is not {shown} text.",
        "Name the encoding it is written in, or save the file again with the encoding UTF-8.",
    )


def explain_guess(path: Path, encoding: str) -> str | None:
    """A sentence on an encoding that was guessed, with letters to see whether it is right; else None.

    Args:
        path: the file.
        encoding: what `find_encoding` told.
    """
    if encoding in _CERTAIN:
        return None
    with path.open("rb") as file:
        bad = _first_bad_byte(file, "utf-8")
        found = guesses(_sample(path.name, file, bad)) if bad is not None else []
    guess = next((each for each in found if each.encoding == encoding), None)
    if guess is None:
        return None
    said = (
        f"The encoding is a guess: {encoding} ({guess.language}), "
        f"with letters such as {', '.join(guess.letters) or 'none'}."
    )
    other = next((each for each in found if each.letters != guess.letters), None)
    if other is not None and guess.evidence - other.evidence < CLOSE:
        said += f" In {other.encoding} ({other.language}) they are {', '.join(other.letters)}."
    return f"{said} If that is wrong, name the encoding: --encoding, or the field 'Encoding'."


def _close(found: Sequence[Guess]) -> list[str]:
    """The likeliest encodings: if one does not decode the whole file, the next may, if it is as likely."""
    return [guess.encoding for guess in found if found[0].evidence - guess.evidence < 3 * CLOSE]


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
    if b"\x1b$" in head and head.isascii():
        return "iso2022_jp"
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


def _sample(file_name: str, file: BinaryIO, position: int) -> bytes:
    """Whole lines from about the first byte that is not UTF-8 on."""
    file.seek(max(0, position - 1024))
    window = file.read(WINDOW)
    _refuse_binary(file_name, window)
    start = window.find(b"\n") + 1 if position > 1024 else 0
    end = window.rfind(b"\n") if len(window) == WINDOW else len(window)
    lines = (window[start:end] or window).splitlines(keepends=True)
    return b"".join(line for line in lines if not line.isascii()) or window
