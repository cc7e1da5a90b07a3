"""Which objects of a JSON file are its records.

An object that can be used as a record is never taken apart: a list of objects in it is one of its fields. Any
other may have the records in a list of its own, under names or numbers, in columns side by side, or may be a
list of answers by question.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftdemo.samples.columns import HELD_OUT_VALUES, find_answer, find_column, find_question
from ftdemo.samples.conversations import is_conversation
from ftdemo.samples.messages import is_message, is_messages
from ftdemo.samples.shapes import is_usable


@dataclass(frozen=True)
class Known:
    """How an object that is a record is told from one that has records in it.

    Args:
        usable: whether some names are those of columns that can be used.
        whole: whether an object is a record whatever its names, of a form that the caller knows.
    """

    usable: Callable[[Sequence[str]], bool] = is_usable
    whole: Callable[[Mapping[str, Any]], bool] = lambda _: False


KNOWN = Known()

_CONVERSATIONS = ("messages", "conversations", "conversation", "contents", "inputs")
_TRAIN = frozenset({"train", "training"})
_MOST_DEEP = 4


def is_record(value: Any, known: Known = KNOWN) -> bool:
    """Whether an object can be used as one record, or as one turn of a conversation.

    Args:
        value: the object.
        known: how records are told.
    """
    if not isinstance(value, dict):
        return False
    if is_message(value):
        return True
    names = tuple(value)
    if _side_by_side(value) or not (known.whole(value) or known.usable(names)):
        return False
    held = find_column(names, _CONVERSATIONS)
    asked = find_question(names) and find_answer(names)
    if held is None or asked or find_column(names, ("chosen", "rejected")) or known.whole(value):
        return True
    inner = value[held]
    return not isinstance(inner, list | dict) or not inner or is_conversation(inner)


def is_wrapper(record: Any) -> bool:
    """Whether an object is no record but has the records in it."""
    return isinstance(record, dict) and not is_record(record) and records_in(record) != [record]


def records_in(
    value: Mapping[str, Any], known: Known = KNOWN, split: str | None = None, depth: int = 0
) -> list[dict[str, Any]]:
    """The records in an object; the object itself if there are none that are known.

    Args:
        value: the object.
        known: how records are told.
        split: the part of the data that the object is under the name of, such as 'test'.
        depth: how deep it lies.
    """
    found = _found(value, known, split, depth)
    return found if found is not None else [as_part(dict(value), split)]


def lists_of_records(fields: Mapping[str, Any], known: Known = KNOWN) -> Iterator[tuple[str, list[Any]]]:
    """The lists in an object that have records in them, by name; those of known records if there are any."""
    lists = [(name, value) for name, value in fields.items() if holds_records(value)]
    recognised = [(name, value) for name, value in lists if _known(value[0], known)]
    yield from recognised or lists


def holds_records(value: Any) -> bool:
    """Whether a value is a list of objects, or of lists of messages, that is no conversation itself."""
    if not isinstance(value, list) or not value:
        return False
    return (isinstance(value[0], dict) and not is_message(value[0])) or is_messages(value[0])


def as_records(item: Any, known: Known, split: str | None = None, depth: int = 0) -> list[Any]:
    """What one item of a list of records gives: itself, the record within it, or a conversation."""
    if is_messages(item):
        return [as_part({"messages": item}, split)]
    if not isinstance(item, dict):
        return [item]
    if is_record(item, known) or not any(isinstance(value, dict) for value in item.values()):
        return [as_part(item, split)]
    return records_in(item, known, split, depth + 1)


def part_named(name: str) -> str | None:
    """The part of the data that a name says: 'train' or 'test', or None."""
    lowered = name.strip().lower()
    return "train" if lowered in _TRAIN else "test" if lowered in HELD_OUT_VALUES else None


def as_part(record: dict[str, Any], split: str | None) -> dict[str, Any]:
    """A record with the part that it belongs to, unless it says so itself."""
    return record if split is None or "split" in record else {**record, "split": split}


def _found(
    value: Mapping[str, Any], known: Known, split: str | None, depth: int
) -> list[dict[str, Any]] | None:
    if depth > _MOST_DEEP:
        return None
    if is_record(value, known):
        return [as_part(dict(value), split)]
    columns = _side_by_side(value)
    names_rows = any(map(holds_records, value.values())) or _records_by_name(value, known)
    if columns and (known.usable(tuple(value)) or not names_rows):
        return [as_part(record, split) for record in columns]
    found: list[dict[str, Any]] = []
    for name, listed in lists_of_records(value, known):
        part = part_named(name) or split
        found += [record for item in listed for record in as_records(item, known, part, depth)]
    for name, inner in value.items():
        if isinstance(inner, dict):
            part = part_named(name) or split
            found += _found(inner, known, part, depth + 1) or []
        elif is_messages(inner) and not any(isinstance(other, dict) for other in value.values()):
            # A conversation by its number.
            found.append(as_part({"messages": inner}, split))
    return found or _answers_by_question(value, split)


def _known(item: Any, known: Known) -> bool:
    return is_messages(item) or is_record(item, known) or _found(item, known, None, 1) is not None


def _records_by_name(value: Mapping[str, Any], known: Known) -> bool:
    return all(isinstance(inner, dict) for inner in value.values()) and any(
        is_record(inner, known) for inner in value.values()
    )


def _side_by_side(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Columns side by side ({"question": […], …}, or numbered, as pandas does) as rows; else []."""
    if len(fields) < 2 or {"patterns", "responses"} <= set(fields):
        return []
    values = [_column(value) for value in fields.values()]
    if not all(values) or len({len(value or ()) for value in values}) != 1:
        return []
    return [
        dict(zip(fields, cells, strict=True))
        for cells in zip(*(value or () for value in values), strict=True)
    ]


def _column(value: Any) -> list[Any] | None:
    if isinstance(value, dict) and all(key.isdecimal() for key in value):
        value = list(value.values())
    if not isinstance(value, list) or not value or is_message(value[0]):
        return None
    return value


def _answers_by_question(value: Mapping[str, Any], split: str | None) -> list[dict[str, Any]] | None:
    """{"Where is it?": "Here.", …}: names that read like questions, each with a text."""
    if not value or not all(
        isinstance(answer, str)
        or (isinstance(answer, list) and all(isinstance(each, str) for each in answer))
        for answer in value.values()
    ):
        return None
    asking = sum(any(mark in name for mark in " ?？؟;") or not name.isascii() for name in value)
    if asking * 2 <= len(value):
        return None
    return [as_part({"question": name, "answer": answer}, split) for name, answer in value.items()]
