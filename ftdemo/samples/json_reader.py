"""JSON and JSONL, value by value, so that a large file never lies in memory whole."""

import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

from ftdemo.errors import FileFormatError
from ftdemo.samples.rows import MAX_LINE, Row, unreadable

_PIECE = 1 << 18
_SPACE = re.compile(r"[\s\ufeff]*")
_REMEDY = "Mend that place and try again."


def read_jsonl(file: TextIO) -> Iterator[Row]:
    """The rows of a file with one JSON object a line; a row's number is its line's."""
    number = 0
    while line := file.readline(MAX_LINE):
        number += 1
        text = line.strip().lstrip("\ufeff")
        if len(line) == MAX_LINE:
            _skip_line(file)
            yield unreadable(
                number, "over-long", f"Row {number} has more than {MAX_LINE:,} characters.", "Shorten it."
            )
        elif text:
            yield _parse_line(number, text)


def _skip_line(file: TextIO) -> None:
    while (rest := file.readline(MAX_LINE)) and not rest.endswith("\n"):
        pass


def _parse_line(number: int, text: str) -> Row:
    try:
        return _row(number, json.loads(text))
    except json.JSONDecodeError as error:
        message = f"Row {number} is not JSON: {error.msg} at character {error.colno}."
        return unreadable(number, "not JSON", message, _REMEDY)
    except (ValueError, RecursionError) as error:
        return unreadable(number, "not JSON", f"Row {number} {_what(error)}.", _REMEDY)


def _row(number: int, value: Any) -> Row:
    if isinstance(value, dict):
        return Row(number, value)
    return unreadable(
        number,
        "no object",
        f"Row {number} is not an object with named fields.",
        'Write each row as {"question": "…", "answer": "…"}.',
    )


def _what(error: Exception) -> str:
    return "is nested too deeply" if isinstance(error, RecursionError) else "has a number that is too long"


def read_json(file: TextIO, file_name: str) -> Iterator[Row]:
    """The rows of a JSON file: a list of objects, an object with such a list in it, or one of columns.

    Several such values may follow one another. A row's number is its position.

    Raises:
        FileFormatError: it is not JSON; says where.
    """
    text = _Text(file, file_name)
    number = 0
    while text.peek():
        values = _list_items(text) if text.peek() == "[" else _object_items(text)
        for value in values:
            number += 1
            yield _row(number, value)
        if text.peek() == ",":
            text.take(",")


def _list_items(text: "_Text") -> Iterator[Any]:
    text.take("[")
    more = text.peek() != "]"
    while more:
        yield text.value()
        more = text.peek() != "]"
        if more:
            text.take(",")
    text.take("]")


def _object_items(text: "_Text") -> Iterator[Any]:
    """The rows in one object: the objects of the lists in it, or its columns side by side, or itself."""
    if text.peek() != "{":
        yield text.value()
        return
    fields: dict[str, Any] = {}
    wrapped = False
    text.take("{")
    more = text.peek() != "}"
    while more:
        key = text.value()
        text.take(":")
        if text.peek() == "[":
            items = _list_items(text)
            first = next(items, None)
            if isinstance(first, dict) and not _is_turn(first):
                wrapped = True
                yield first
                yield from items
            else:
                fields[key] = [] if first is None else [first, *items]
        else:
            fields[key] = text.value()
        more = text.peek() != "}"
        if more:
            text.take(",")
    text.take("}")
    if not wrapped:
        yield from _columns(fields)


def is_wrapper(record: Any) -> bool:
    """Whether an object is no record but has the records in a list of its own, or in columns side by side."""
    if not isinstance(record, dict):
        return False
    firsts = [value[0] for value in record.values() if isinstance(value, list) and value]
    return any(isinstance(first, dict) and not _is_turn(first) for first in firsts) or _columns(record) != [
        record
    ]


def _is_turn(value: Any) -> bool:
    """Whether this is a message of a conversation, so that a list of such is part of one record."""
    return isinstance(value, dict) and ("role" in value or "from" in value)


def _columns(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """Columns side by side ({"question": […], …}, or numbered, as pandas does) as rows; else one row."""
    values = [list(v.values()) if isinstance(v, dict) else v for v in fields.values()]
    if any(isinstance(v, list) and v and _is_turn(v[0]) for v in values):
        return [fields]
    if len(fields) > 1 and all(isinstance(v, list) for v in values) and len({len(v) for v in values}) == 1:
        return [dict(zip(fields, cells, strict=True)) for cells in zip(*values, strict=True)]
    return [fields]


class _Text:
    """A JSON text that is read on as it is used up."""

    def __init__(self, file: TextIO, file_name: str) -> None:
        self._file = file
        self._file_name = file_name
        self._buffer = ""
        self._at = 0
        self._line = 1
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """The next character that is no white space, or '' at the end."""
        while True:
            space = _SPACE.match(self._buffer, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._buffer) or not self._more(_PIECE):
                return self._buffer[self._at : self._at + 1]

    def take(self, wanted: str) -> None:
        """Step over one character that must come next."""
        if self.peek() != wanted:
            raise self._error(f"expected {wanted!r}", self._at)
        self._at += 1

    def value(self) -> Any:
        """The next value; reads twice as much again as long as it does not end in what was read."""
        self.peek()
        size = _PIECE
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                too_long = len(self._buffer) - self._at >= MAX_LINE
                if not too_long and self._more(size):
                    size *= 2
                    continue
                if too_long and error.msg.startswith("Unterminated"):
                    raise self._error(f"a text has more than {MAX_LINE:,} characters", self._at) from None
                raise self._error(error.msg, error.pos) from None
            except (ValueError, RecursionError) as error:
                raise self._error(f"it {_what(error)}", self._at) from None
            # A number may go on in what was not read yet.
            if end == len(self._buffer) and self._more(size):
                continue
            self._at = end
            return value

    def _more(self, size: int) -> bool:
        piece = self._file.read(size)
        if piece:
            self._line += self._buffer.count("\n", 0, self._at)
            self._buffer = self._buffer[self._at :] + piece
            self._at = 0
        return bool(piece)

    def _error(self, what: str, position: int) -> FileFormatError:
        line = self._line + self._buffer.count("\n", 0, position)
        column = position - self._buffer.rfind("\n", 0, position)
        return FileFormatError(
            f"Line {line}, column {column} of {self._file_name} is not JSON: {what}.", _REMEDY
        )
