"""The fields of a record, by any of the names that programs give them; those that were used are noted."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from typing import Any

from ftdemo.files.cells import is_blank

Numbers = Callable[[str], frozenset[float]]
"""All numbers that a column has in the whole file, by the column's name; a few dozen of them at most."""

_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PARTING = re.compile(r"[\s\-.]+")
_LISTED = 12


class Fields:
    """The fields of one record.

    Names are told apart regardless of case and of what parts their words: 'rejectedResponse' is
    'rejected_response'.

    Args:
        cells: the record.
        numbers: the numbers in a column of the file; those of the record alone if it is not given.
        blanks: whether fields with nothing in them are found too.
    """

    def __init__(
        self, cells: Mapping[str, Any], numbers: Numbers | None = None, *, blanks: bool = False
    ) -> None:
        self.cells = cells
        self.used: set[str] = set()
        self.blanks = blanks
        self._numbers = numbers
        self._columns: dict[str, str] = {}
        for column in cells:
            self._columns.setdefault(folded(str(column)), column)

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns by their folded names."""
        return self._columns

    def find(self, *names: str) -> str | None:
        """The column of the first of these names that is filled; with `blanks`, else of an empty one."""
        empty = None
        for name in names:
            column = self._columns.get(name)
            if column is not None and not is_blank(self.cells[column]):
                return column
            empty = empty or column
        return empty if self.blanks else None

    def find_all(self, names: Iterable[str]) -> list[str]:
        """The columns of all of these names that are filled; with `blanks`, the empty ones too."""
        known = (self._columns[name] for name in names if name in self._columns)
        return [column for column in known if self.blanks or not is_blank(self.cells[column])]

    def take(self, *names: str) -> tuple[str, Any] | None:
        """The column found and what it has in it, noted as used; None if there is none."""
        column = self.find(*names)
        return None if column is None else (column, self.use(column))

    def use(self, column: str) -> Any:
        """What a column has in it, noted as used."""
        self.used.add(column)
        return self.cells[column]

    def numbers(self, column: str) -> frozenset[float]:
        """The numbers that a column has in the whole file."""
        own = number_of(self.cells.get(column))
        told = self._numbers(column) if self._numbers else frozenset()
        return told if own is None else told | {own}

    def listed(self) -> str:
        """The record's columns, for a message."""
        return listed(self.cells)


def folded(name: str) -> str:
    """A field's name in lower case, its words parted by '_'."""
    return _PARTING.sub("_", _INNER_CAPITAL.sub("_", name.strip()).lower())


def number_of(value: Any) -> float | None:
    """A field as a number, if it is one; true and false are not."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 30:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def listed(columns: Iterable[str]) -> str:
    """Columns' names, for a message."""
    names = [repr(str(column)[:60]) for column in columns]
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return (", ".join(names[:_LISTED]) or "none") + more


def shown(value: Any) -> str:
    """The beginning of a value, for a message."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return repr(text if len(text) <= 40 else f"{text[:39]}…")
