"""Cells as text: what a spreadsheet, a table or a JSON file holds, as a person would read it."""

import ast
import json
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isnan
from typing import Any

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_UNPACKED = 1_000_000
"""Longest Python literal, in characters, that is taken for a list or an object."""


def text_of(value: Any) -> str:
    """A cell as text; nothing and 'not a number' are empty.

    Numbers and dates look as a spreadsheet shows them, lists and objects are written out as JSON, and halves
    of broken characters become '\ufffd'.
    """
    text = value if isinstance(value, str) else _written(value)
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def is_blank(value: Any) -> bool:
    """Whether a cell has nothing in it."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, list | dict):
        return not value
    return not text_of(value)


def as_list(value: Any) -> Any:
    """A list or object that a table's cell holds as JSON text, or as Python writes it; else the value."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{"):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        pass
    if len(value) > _UNPACKED or "'" not in value:
        return value
    try:
        found = ast.literal_eval(value.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return value
    return found if isinstance(found, list | dict) else value


def hours(length: timedelta) -> str:
    """A duration in hours and minutes, and seconds if there are any: '30:00'."""
    seconds = round(abs(length.total_seconds()))
    shown = f"{seconds // 3600}:{seconds // 60 % 60:02}" + (f":{seconds % 60:02}" if seconds % 60 else "")
    return f"-{shown}" if length < timedelta() else shown


def _written(value: Any) -> str:
    if value is None:
        return ""
    write = next((write for kind, write in _WRITERS if isinstance(value, kind)), None)
    if write:
        return write(value)
    if not isinstance(value, list | tuple | dict | int):
        return str(value)
    try:
        return json.dumps(value, ensure_ascii=False, default=text_of)
    except TypeError:  # keys that JSON does not have
        return str(value)


def _moment(moment: datetime) -> str:
    return moment.date().isoformat() if moment.time() == time() else moment.isoformat(sep=" ")


_WRITERS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda value: "true" if value else "false"),
    (float, lambda number: "" if isnan(number) else f"{number:.15g}"),
    (Decimal, lambda number: "" if number.is_nan() else f"{number:f}"),
    (datetime, _moment),
    (date, date.isoformat),
    (time, lambda clock: clock.isoformat("seconds" if clock.second else "minutes")),
    (timedelta, hours),
    (bytes, lambda data: data.decode("utf-8", errors="replace")),
)
"""How values of a type are written; a moment is also a date, so the order counts."""
