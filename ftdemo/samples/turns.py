"""Conversations: who said what, in the many ways files write it down."""

import json
import re
from collections.abc import Sequence
from typing import Any

Turn = tuple[str, str]
"""A role ('system', 'user' or 'assistant') and what it said."""

_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "question": "user",
    "instruction": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "response": "assistant",
    "output": "assistant",
    "answer": "assistant",
    "input": "user",
    "context": "user",
}
_MARKERS = re.compile(
    r"#{2,3}\s*(Instruction|Input|Context|Question|Human|User|System|Response|Output|Answer|Assistant)"
    r"\s*:?[ \t]*",
    re.IGNORECASE,
)
_TRANSCRIPT = re.compile(r"(?:^|\n\n)(Human|Assistant|System): ?")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class RecordError(Exception):
    """A record that gives no sample.

    Args:
        column: the column it is about.
        kind: the problem's kind.
        what: what is wrong, to go on after 'Row 7 '.
        remedy: what to do about it.
    """

    def __init__(self, column: str | None, kind: str, what: str, remedy: str) -> None:
        super().__init__(what)
        self.column = column
        self.kind = kind
        self.what = what
        self.remedy = remedy


def text_of(value: Any) -> str:
    """A cell as text: JSON values other than text written out, halves of broken characters made '\ufffd'."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def as_list(value: Any) -> Any:
    """A list or object that a table's cell holds as JSON text; any other value as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def turns_of(value: Any, column: str) -> list[Turn]:
    """The turns of a list of messages, in OpenAI's form (role, content) or ShareGPT's (from, value).

    Turns of the same role that follow one another are joined.

    Args:
        value: the list, or JSON text of it.
        column: the column it is from.

    Raises:
        RecordError: it is no such list, or has a part that is not text.
    """
    messages = as_list(value)
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise RecordError(
            column,
            "no turns",
            f"has no list of messages in the column {column!r}.",
            'Write it as [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}].',
        )
    return joined([_turn(message, column) for message in messages])


def joined(turns: Sequence[Turn]) -> list[Turn]:
    """The turns with neighbours of the same role made one."""
    result: list[Turn] = []
    for role, text in turns:
        if result and result[-1][0] == role:
            result[-1] = (role, f"{result[-1][1]}\n\n{text}")
        else:
            result.append((role, text))
    return result


def pairs_of(value: Any, column: str) -> list[Turn]:
    """The turns of Alpaca's `history`, a list of [question, answer], or of a list of messages."""
    history = as_list(value)
    if not history:
        return []
    if isinstance(history, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in history):
        return [
            turn for ask, reply in history for turn in (("user", text_of(ask)), ("assistant", text_of(reply)))
        ]
    return turns_of(history, column)


def marked_turns(text: str) -> list[Turn]:
    """The turns of one text with markers such as '### Instruction:' and '### Response:'; [] without any."""
    parts = _MARKERS.split(text)
    if len(parts) == 1:
        parts = _TRANSCRIPT.split(text)
        if len(parts) == 1:
            return []
    turns = [("system", parts[0].strip())] if parts[0].strip() else []
    for marker, said in zip(parts[1::2], parts[2::2], strict=True):
        turns.append((_ROLES[marker.lower()], said.strip()))
    return joined(turns)


def _turn(message: dict[str, Any], column: str) -> Turn:
    said_by = text_of(message.get("role", message.get("from", ""))).strip().lower()
    role = _ROLES.get(said_by)
    if role is None or message.get("tool_calls") or message.get("function_call"):
        raise RecordError(
            column,
            "tool call",
            f"has a turn by {said_by or 'nobody'!r} that is not plain question and answer.",
            "Use the roles system, user and assistant only, without tool calls.",
        )
    content = next((message[key] for key in ("content", "value", "text") if message.get(key) is not None), "")
    if isinstance(content, list):
        if any(not isinstance(part, dict) or part.get("type") != "text" for part in content):
            raise RecordError(
                column,
                "not text",
                "has a picture or sound in a message.",
                "Leave it out: only text is learned.",
            )
        content = "".join(text_of(part.get("text")) for part in content)
    return role, text_of(content)
