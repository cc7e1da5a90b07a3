"""JSON and JSONL, value by value, so that a large file never lies in memory whole."""

import json
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, TextIO

from ftdemo.errors import FileFormatError
from ftdemo.files.rows import MAX_LINE, Row, unreadable
from ftdemo.samples.columns import CONVERSATION_NAMES, find_column
from ftdemo.samples.json_records import (
    KNOWN,
    Known,
    as_records,
    holds_records,
    is_record,
    lists_of_records,
    part_named,
    records_in,
)
from ftdemo.samples.messages import is_message, is_messages

_PIECE = 1 << 18
_SPACE = re.compile(r"[\s\ufeff]*")
_KNOWN = 100
_FIELD = 1_000
"""A list of so many objects is no field of a record; it is read on without keeping it."""
_REMEDY = "Mend that place and try again."


def read_jsonl(file: TextIO, known: Known = KNOWN) -> Iterator[Row]:
    """The rows of a file with one JSON object a line; a row's number is its line's.

    Args:
        file: the file.
        known: how records are told from what holds them.
    """
    number = 0
    records: set[tuple[str, ...]] = set()
    while line := file.readline(MAX_LINE):
        number += 1
        text = line.strip().lstrip("\ufeff")
        if len(line) == MAX_LINE:
            _skip_line(file)
            yield unreadable(
                number, "over-long", f"Row {number} has more than {MAX_LINE:,} characters.", "Shorten it."
            )
        elif text:
            yield _parse_line(number, text, records, known)


def _skip_line(file: TextIO) -> None:
    while (rest := file.readline(MAX_LINE)) and not rest.endswith("\n"):
        pass


def _parse_line(number: int, text: str, records: set[tuple[str, ...]], known: Known) -> Row:
    """The row of a line; `records` are the names of the fields of those that are known to be records."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        if text.endswith(("},", "],")):
            return _parse_line(number, text[:-1], records, known)
        return unreadable(number, "not JSON", *_why(number, text, error))
    except (ValueError, RecursionError) as error:
        return unreadable(number, "not JSON", f"Row {number} {_what(error)}.", _REMEDY)
    if is_messages(value):
        return Row(number, {"messages": value})
    if isinstance(value, dict) and (names := tuple(value)) not in records:
        if is_record(value, known):
            if len(records) < _KNOWN:
                records.add(names)
        elif len(inner := records_in(value, known)) == 1:
            value = inner[0]
    return _row(number, value)


def _why(number: int, text: str, error: json.JSONDecodeError) -> tuple[str, str]:
    """What is wrong with a line that is not JSON, and what to do."""
    if text.startswith(("//", "#", "/*")):
        return f"Row {number} is a comment, which JSON does not have.", "Nothing to do, or take it out."
    if error.msg.startswith("Unterminated string"):
        return (
            f"Row {number} is not JSON: the text from character {error.colno} on is not closed in its line.",
            "Write a line break within a text as \\n, so that each record is one line.",
        )
    return f"Row {number} is not JSON: {error.msg} at character {error.colno}.", _REMEDY


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


def read_json(file: TextIO, file_name: str, known: Known = KNOWN) -> Iterator[Row]:
    """The rows of a JSON file: a list of objects, or what `records_in` finds in an object.

    Several such values may follow one another. A row's number is its position.

    Args:
        file: the file.
        file_name: for messages.
        known: how records are told from what holds them.

    Raises:
        FileFormatError: it is not JSON; says where.
    """
    text = _Text(file, file_name)
    number = 0
    while text.peek():
        values = _list_records(text, known) if text.peek() == "[" else _object_records(text, known)
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


def _list_records(text: "_Text", known: Known) -> Iterator[Any]:
    items = _list_items(text)
    first = list(islice(items, 1))
    if first and is_message(first[0]) and not known.usable(tuple(first[0])):
        first += islice(items, _FIELD)
        if (
            len(first) <= _FIELD
            and is_messages(first)
            and not find_column(tuple(first[0]), (*CONVERSATION_NAMES, "id"))
        ):
            yield {"messages": first}
            return
    for item in chain(first, items):
        yield from as_records(item, known)


def _object_records(text: "_Text", known: Known) -> Iterator[Any]:
    """The rows in one object; those of a long list in it come as they are read."""
    if text.peek() != "{":
        yield text.value()
        return
    fields: dict[str, Any] = {}
    streamed = False
    text.take("{")
    more = text.peek() != "}"
    while more:
        key = text.value()
        text.take(":")
        if text.peek() == "[":
            items = _list_items(text)
            listed = list(islice(items, _FIELD))
            # So long a list of objects is no field of a record, unless the record is there already.
            if len(listed) == _FIELD and holds_records(listed) and not is_record(fields, known):
                streamed = True
                for item in chain(listed, items):
                    yield from as_records(item, known, part_named(key))
            else:
                fields[key] = [*listed, *items]
        else:
            fields[key] = text.value()
        more = text.peek() != "}"
        if more:
            text.take(",")
    text.take("}")
    if not streamed:
        yield from records_in(fields, known)
        return
    for name, listed in lists_of_records(fields, known):
        for item in listed:
            yield from as_records(item, known, part_named(name))


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
