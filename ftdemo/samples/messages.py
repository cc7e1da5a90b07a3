"""Messages of conversations: who said what, and whether it is to be learned, as other programs write it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ftdemo.files.cells import text_of

ROLE_KEYS = ("role", "from", "speaker", "sender", "author", "type")
TEXT_KEYS = ("content", "value", "text", "parts", "message", "utterance", "body")

_ROLES = {
    "system": "system developer sys system_prompt 系统",
    "user": "user human prompter question instruction input context customer client usr asker q questioner "
    "student patient visitor guest prompt query usuario utilisateur benutzer 用户 人类 问 提问者",
    "assistant": "assistant gpt chatgpt bot model response output answer ai chatbot agent bing bard claude "
    "llama gemini gpt-4 gpt4 moss chosen a asst completion reply doctor support operator helper machine 助手 "
    "机器人 答 回答者",
    "rejected": "rejected",
    "tool": "tool function function_call function-call function_response observation ipython tool_call "
    "tool_response tool_result tool-call tool-response environment",
}
ROLES = {word: role for role, words in _ROLES.items() for word in words.split()}
"""'system', 'user', 'assistant', 'rejected' or 'tool' by the words that files use for them."""

_TYPES = frozenset({"human", "ai", "system", "tool", "function"})
"""What LangChain calls those who speak; other files have other things under 'type'."""
_TEXT_PARTS = frozenset({"text", "input_text", "output_text", "str", "string", ""})
_SILENT_PARTS = frozenset({"thinking", "redacted_thinking", "reasoning"})
_TOOL_PARTS = frozenset({"tool_use", "tool_result", "tool_call", "function_call", "functionCall"})
_OFF_AT_ZERO = ("weight", "loss_weight")
_OFF_IF_FALSE = ("loss", "train", "training", "learn", "trainable", "liked", "label")
_OFF_IF_TRUE = ("mask", "masked", "ignore_loss")
_NO = frozenset({"false", "0", "0.0", "no", "off"})
_YES = frozenset({"true", "1", "1.0", "yes", "on"})


class Said(NamedTuple):
    """One turn of a conversation.

    Args:
        role: 'system', 'user' or 'assistant'.
        text: what was said.
        learned: false for an answer that the file says is not to be learned from.
    """

    role: str
    text: str
    learned: bool = True


class Note(NamedTuple):
    """Something about a record, to go on after 'Row 7 '.

    Args:
        column: the column it is about, if it is about one.
        kind: the problem's kind.
        what: what there is.
        remedy: what to do about it.
    """

    column: str | None
    kind: str
    what: str
    remedy: str


class RecordError(Exception):
    """A record that gives no sample; its arguments are those of `Note`."""

    def __init__(self, column: str | None, kind: str, what: str, remedy: str) -> None:
        super().__init__(what)
        self.column = column
        self.kind = kind
        self.what = what
        self.remedy = remedy


def role_of(message: Mapping[str, Any]) -> str | None:
    """Who says a message, one of the values of `ROLES`; None if that is not known."""
    return ROLES.get(_said_by(message))


def is_message(value: Any) -> bool:
    """Whether a value is one message of a conversation: an object that says who speaks and what."""
    if not isinstance(value, dict) or not any(key in value for key in ("role", "from", *ROLE_KEYS)):
        return False
    known = role_of(value) is not None
    has_text = any(key in value for key in TEXT_KEYS)
    return (known and (has_text or "tool_calls" in value or "function_call" in value)) or (
        has_text and "role" in value and len(value) <= 4
    )


def is_messages(value: Any) -> bool:
    """Whether a value is a list of messages."""
    return isinstance(value, list) and bool(value) and all(is_message(each) for each in value)


def read_message(message: Mapping[str, Any], column: str) -> Said:
    """One message; a rejected one is an answer that is not to be learned.

    Args:
        message: the message.
        column: the column it is from.

    Raises:
        RecordError: a tool speaks or is called, nobody known speaks, or there is more than text in it.
    """
    role = role_of(message)
    if role == "tool" or message.get("tool_calls") or message.get("function_call"):
        raise RecordError(
            column,
            "tool call",
            f"has a tool call or a tool's answer in the column {column!r}.",
            "Leave it out: only what people and the assistant say is learned.",
        )
    if role is None:
        who = _said_by(message)
        raise RecordError(
            column,
            "unknown role",
            f"has a turn by {who[:30] or 'nobody'!r} in the column {column!r}.",
            "Use the roles system, user and assistant.",
        )
    content = next((message[key] for key in TEXT_KEYS if message.get(key) is not None), "")
    text = content_text(content, column)
    if role == "rejected":
        return Said("assistant", text, learned=False)
    return Said(role, text, not is_switched_off(message))


def content_text(content: Any, column: str) -> str:
    """What a message says: text, or a list of its parts.

    Raises:
        RecordError: a part is not text; names its type.
    """
    if isinstance(content, str):
        return text_of(content)
    if isinstance(content, list):
        return "".join(content_text(part, column) for part in content)
    if isinstance(content, dict):
        return _part_text(content, column)
    return text_of(content)


def is_switched_off(message: Mapping[str, Any]) -> bool:
    """Whether a message says that it is not to be learned from: `weight: 0`, `train: false` and the like."""
    for key in _OFF_AT_ZERO:
        if message.get(key) is not None:
            try:
                if float(message[key]) <= 0:
                    return True
            except (TypeError, ValueError):
                continue
    return any(text_of(message.get(key)).lower() in _NO for key in _OFF_IF_FALSE if key in message) or any(
        text_of(message.get(key)).lower() in _YES for key in _OFF_IF_TRUE if key in message
    )


def _said_by(message: Mapping[str, Any]) -> str:
    for key in ROLE_KEYS:
        who = message.get(key)
        if isinstance(who, dict):
            who = who.get("role")
        if isinstance(who, str) and who.strip() and (key != "type" or who in _TYPES):
            return who.strip().lower().rstrip(":").strip("<|>")
    return ""


def _part_text(part: Mapping[str, Any], column: str) -> str:
    kind = text_of(part.get("type") or part.get("content_type"))
    if kind in _SILENT_PARTS:
        return ""
    if kind in _TOOL_PARTS or any(key in part for key in ("functionCall", "functionResponse")):
        raise RecordError(
            column,
            "tool call",
            f"has a tool call in the column {column!r}.",
            "Leave it out: only what people and the assistant say is learned.",
        )
    inner = next((part[key] for key in TEXT_KEYS if part.get(key) is not None), None)
    if kind in _TEXT_PARTS and isinstance(inner, str | list | dict):
        return content_text(inner, column)
    if kind in _TEXT_PARTS and not part.keys() - {"type", *TEXT_KEYS}:
        return text_of(inner)
    raise RecordError(
        column,
        "not text",
        f"has a part of the type {(kind or next(iter(part), 'nothing'))[:30]!r} in the column {column!r}.",
        "Leave it out: only text is learned.",
    )
