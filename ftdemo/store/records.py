"""Between dataclasses and the JSON they are stored as, by field name."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
_NAME = "stored_as"


def stored_as(name: str) -> dict[str, str]:
    """Metadata of a field that is stored under a name that Python keeps for itself, such as 'from'."""
    return {_NAME: name}


def as_record(value: Any) -> Any:
    """A value as JSON can hold it; a dataclass that has an `as_dict` says itself how it is stored."""
    if hasattr(value, "as_dict"):
        return as_record(value.as_dict())
    if is_dataclass(value) and not isinstance(value, type):
        return {field.metadata.get(_NAME, field.name): as_record(getattr(value, field.name))
                for field in fields(value)}  # fmt: skip
    if isinstance(value, Mapping):
        return {str(name): as_record(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_record(item) for item in value]
    return value


def from_record(kind: type[T], record: Mapping[str, Any]) -> T:
    """Make a dataclass of what was stored of one, by this version or another.

    Args:
        kind: the dataclass. A class with a class method `from_record` is made by that.
        record: its fields by name. Names it has no field for are passed over, and so is a null where the
            field has a default; fields that are not named get their default, or None.
    """
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        stored = record.get(field.metadata.get(_NAME, field.name))
        if stored is not None:
            values[field.name] = _read(hints[field.name], stored)
        elif field.default is MISSING and field.default_factory is MISSING:
            values[field.name] = None
    return kind(**values)


def _read(hint: Any, stored: Any) -> Any:
    """A stored value as the type that a field is declared with."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        known = [one for one in arguments if one is not types.NoneType]
        return _read(known[0], stored) if len(known) == 1 else stored
    if origin is tuple and isinstance(stored, Sequence):
        kinds = [arguments[0]] * len(stored) if arguments[-1] is ... else arguments
        return tuple(_read(kind, one) for kind, one in zip(kinds, stored, strict=False))
    if origin is not None and isinstance(stored, Mapping) and issubclass(origin, Mapping):
        return {name: _read(arguments[1], one) for name, one in stored.items()}
    if isinstance(stored, Mapping) and isinstance(hint, type):
        if hasattr(hint, "from_record"):
            return hint.from_record(stored)
        if is_dataclass(hint):
            return from_record(hint, stored)
    return stored
