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


def now() -> str:
    """The time in UTC as ISO 8601 with milliseconds, the form of every time in the store."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
