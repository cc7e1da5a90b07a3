"""Open WebUI's feedback export: a rating, and the chat as it was when the rating was given."""

from collections.abc import Mapping, Sequence
from typing import Any

from ftdemo.feedback.forms.answers import split_answer
from ftdemo.feedback.forms.fields import Fields, number_of, shown
from ftdemo.feedback.forms.judgements import Form, Judgement
from ftdemo.feedback.forms.messages import is_message, message, read_messages
from ftdemo.feedback.forms.prompts import checked_prompt
from ftdemo.feedback.forms.signs import word_sign
from ftdemo.feedback.preferences import RatedAnswer
from ftdemo.files.cells import as_list, is_blank
from ftdemo.samples.messages import RecordError

_PLACES = (("chat", "chat"), ("chat",), ())
_LONGEST = 10_000


def _fits(fields: Fields) -> bool:
    data = _object(fields, "data")
    return "rating" in data and ("snapshot" in fields.columns or "message_id" in _object(fields, "meta"))


def _read(fields: Fields) -> list[Judgement]:
    data, meta, snapshot = (_object(fields, name) for name in ("data", "meta", "snapshot"))
    fields.used |= {fields.columns[name] for name in ("data", "meta", "snapshot") if name in fields.columns}
    liked = _rating(data.get("rating"))
    chat, messages = _chat(snapshot)
    said = _path_to(messages, meta)
    column = fields.columns.get("snapshot", "snapshot")
    asked, answer = split_answer(read_messages(said, column), column)
    params = chat.get("params")
    system = params.get("system") if isinstance(params, dict) else None
    if isinstance(system, str) and system.strip() and asked[:1] and asked[0]["role"] != "system":
        asked.insert(0, message("system", system))
    return [RatedAnswer(checked_prompt(fields, tuple(asked)), answer, liked)]


def _object(fields: Fields, name: str) -> Mapping[str, Any]:
    column = fields.columns.get(name)
    value = as_list(fields.cells[column]) if column is not None else None
    return value if isinstance(value, dict) else {}


def _rating(value: Any) -> bool:
    number = number_of(value)
    known = {1.0: True, -1.0: False}.get(number) if number is not None else word_sign(value)
    if known is None:
        raise RecordError(
            "data",
            "no label",
            f"has the rating {shown(value)}, which is neither 1 (liked) nor -1 (disliked).",
            "Leave the row out.",
        )
    return known


def _chat(snapshot: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, dict[str, Any]]]:
    """The chat with its parameters, and its messages by their ids, in order.

    Raises:
        RecordError: the chat was not exported.
    """
    for place in _PLACES:
        chat: Any = snapshot
        for step in place:
            chat = chat.get(step) if isinstance(chat, dict) else None
        if not isinstance(chat, dict):
            continue
        history = chat.get("history")
        for found in (history.get("messages") if isinstance(history, dict) else None, chat.get("messages")):
            listed = list(found.values()) if isinstance(found, dict) else found
            if isinstance(listed, list) and listed and all(is_message(each) for each in listed):
                keys = list(found) if isinstance(found, dict) else range(len(listed))
                ids = [str(each.get("id", key)) for key, each in zip(keys, listed, strict=True)]
                return chat, dict(zip(ids, listed, strict=True))
    raise RecordError(
        "snapshot",
        "no question",
        "has no snapshot of the chat, so that nobody knows what was rated.",
        "Export the feedback as an administrator, with its chats.",
    )


def _path_to(messages: dict[str, dict[str, Any]], meta: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The messages up to the one that was rated."""
    rated = str(meta.get("message_id"))
    answers = [known for known, each in messages.items() if each.get("role") == "assistant"]
    if rated not in messages:
        if not is_blank(meta.get("message_id")) or len(answers) != 1:
            raise RecordError(
                "snapshot",
                "no answer",
                "does not have the message that was rated in its snapshot of the chat.",
                "Nothing to do: it was deleted.",
            )
        rated = answers[0]
    if any("parentId" in each for each in messages.values()):
        path: list[Mapping[str, Any]] = []
        at: Any = rated
        while at in messages and len(path) < _LONGEST:
            path.append(messages[at])
            at = messages[at].get("parentId")
        return path[::-1]
    known = list(messages)
    return [messages[each] for each in known[: known.index(rated) + 1]]


OPEN_WEBUI = (Form("Open WebUI's feedback export", _fits, _read),)
