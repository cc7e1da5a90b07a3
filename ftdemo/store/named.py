"""Tables whose rows have a name of their own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from ftdemo.errors import InvalidNameError, NotFoundError
from ftdemo.store.rows import Family, sought


class Named(Protocol):
    """A row with a number that is given once, and a name."""

    @property
    def id(self) -> int:
        """Its number."""
        ...

    @property
    def name(self) -> str:
        """What it is called now."""
        ...


T = TypeVar("T", bound=Named)


class NamedFamily(Family, Generic[T]):
    """A table whose rows are asked for by name."""

    table: ClassVar[str]
    """The table."""
    kind: ClassVar[str]
    """What a row is called in messages."""
    free_it: ClassVar[str] = "remove it first"
    """What can be done about a name that is taken, other than choosing another."""
    query: ClassVar[str]
    """Reads rows; the table is `own` in it."""
    group: ClassVar[str] = ""
    """Ends the query, behind its conditions."""

    @abstractmethod
    def _read(self, row: Mapping[str, Any]) -> T:
        """A row as the dataclass it stands for."""

    @abstractmethod
    def _none_of_that_name(self, name: str, names: list[str]) -> NotFoundError:
        """What is told whoever asked for a name that none of those there are has."""

    def all(self) -> list[T]:
        """All rows, oldest first."""
        return [self._read(row) for row in self._database.query(f"{self.query} {self.group} order by own.id")]

    def find(self, name: str) -> T | None:
        """The row of that name, or None."""
        return self._first("own.name = ?", name)

    def by_id(self, number: int | None) -> T | None:
        """The row of that number, or None if it is gone."""
        return self._first("own.id = ?", number)

    def get(self, name: str) -> T:
        """The row of that name.

        Raises:
            NotFoundError: there is none; the remedy names those there are.
        """
        found = self.find(name)
        if found is None:
            names = [row["name"] for row in self._table(self.table).rows_where(select="name", order_by="id")]
            raise self._none_of_that_name(name, names)
        return found

    def remove(self, name: str) -> None:
        """Delete a row.

        Raises:
            NotFoundError: there is none of that name.
        """
        self._table(self.table).delete(self.get(name).id)

    def refuse_taken(self, name: str) -> None:
        """Raise InvalidNameError if there is a row of that name."""
        if self.find(name) is not None:
            raise InvalidNameError(
                f"There is a {self.kind} named {name!r} already.", f"Choose another name, or {self.free_it}."
            )

    def _first(self, where: str, value: object) -> T | None:
        for row in self._database.query(f"{self.query} where {where} {self.group}", [sought(value)]):
            return self._read(row)
        return None
