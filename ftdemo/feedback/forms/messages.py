"""Messages and texts out of a record's fields, word for word."""

from collections.abc import Mapping, Sequence
from typing import Any

from ftdemo.feedback.forms.fields import shown
from ftdemo.files.cells import as_list, is_blank, text_of
from ftdemo.samples.messages import RecordError, read_message
from ftdemo.store.conversations import ChatMessage

TEXT_KEYS = (
    "content",
    "value",
    "text",
    "response",
    "completion",
    "answer",
    "output",
    "full_text",
    "message",
    "post",
)
_ROLE_KEYS = ("role", "from")


def is_message(value: Any) -> bool:
    """Whether a value is one message: an object that says who speaks."""
    return isinstance(value, dict) and isinstance(role_word(value), str)


def role_word(message: Mapping[str, Any]) -> str | None:
    """Who says a message, in the file's own word."""
    word = next((message[key] for key in _ROLE_KEYS if isinstance(message.get(key), str)), None)
    return None if word is None else word.strip().lower()


def as_messages(value: Any) -> list[dict[str, Any]] | None:
    """The messages in a value: a list, a single one, an object with a list of them, or JSON text of these."""
    found = as_list(value)
    if isinstance(found, dict) and not is_message(found):
        inner = as_list(found.get("messages"))
        found = inner if isinstance(inner, list) else None
    if isinstance(found, dict):
        return [found]
    if isinstance(found, list) and found and all(is_message(each) for each in found):
        return found
    return None


def read_messages(messages: Sequence[Mapping[str, Any]], column: str) -> list[ChatMessage]:
    """Messages with the roles that this app knows; neighbours of the same role stay two messages.

    Raises:
        RecordError: one is by a tool or by somebody unknown, or holds more than text.
    """
    said = [read_message(message, column) for message in messages]
    return [{"role": each.role, "content": each.text} for each in said]


def read_text(value: Any, column: str) -> str:
    """A field as text: a text, a number, an object with a text in it, or a list of one text.

    Raises:
        RecordError: there is nothing in it, or several texts, or no text.
    """
    if is_blank(value):
        raise RecordError(
            column,
            "empty",
            f"has nothing in the column {column!r}.",
            "Fill that cell, or leave the row out.",
        )
    if isinstance(value, list) and len(value) == 1:
        return read_text(value[0], column)
    if isinstance(value, dict):
        if is_message(value):
            return read_messages([value], column)[0]["content"]
        inner = next((value[key] for key in TEXT_KEYS if not is_blank(value.get(key))), None)
        if isinstance(inner, str | dict):
            return read_text(inner, column)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        raise RecordError(
            column,
            "several texts",
            f"has {len(value)} texts in the column {column!r}, where one is meant.",
            "Write a row for each of them.",
        )
    if isinstance(value, list | dict):
        raise RecordError(
            column,
            "not text",
            f"has no text but {shown(value)} in the column {column!r}.",
            "Write text there, or a list of messages with role and content.",
        )
    return text_of(value)


def message(role: str, text: str) -> ChatMessage:
    """One message."""
    return {"role": role, "content": text}
