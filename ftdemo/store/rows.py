"""Between a table's rows and dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from sqlite_utils import Database
    from sqlite_utils.db import Table

    from ftdemo.store.database import Store

T = TypeVar("T")


class Family:
    """Base of the modules that each hold one family of tables."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def _database(self) -> Database:
        return self._store.database

    def _table(self, name: str) -> Table:
        return self._store.database.table(name)


def from_row(kind: type[T], row: Mapping[str, Any], **computed: object) -> T:
    """Make a dataclass out of a row's columns of the same names; `computed` fields come first."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(
        **{key: value for key, value in row.items() if key in names and key not in computed}, **computed
    )


def sought(value: object) -> str | int | None:
    """A name or a number to look a row up by; None, which no row has, for what none could have.

    SQLite itself would raise errors of its own at a list, or at half a character.
    """
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return value
    if not isinstance(value, str):
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return value


def now() -> str:
    """The time in UTC as ISO 8601 with milliseconds, the form of every time in the store."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
