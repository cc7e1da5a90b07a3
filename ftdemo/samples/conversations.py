"""Conversations: the many ways to write down who said what, and one sample for each reply."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ftdemo.files.cells import as_list, is_blank, text_of
from ftdemo.samples.marks import marked_turns
from ftdemo.samples.messages import (
    Note,
    RecordError,
    Said,
    is_message,
    is_messages,
    is_switched_off,
    read_message,
)

Turn = tuple[str, str]
"""A role ('system', 'user' or 'assistant') and what it said."""

MOST_BEFORE = 64_000
"""Most characters before a reply; what is before is kept with each reply, so this bounds a record's size."""

MOST_REPLIES = 100
"""Most replies that one conversation gives."""

_PAIR_KEYS = (
    ("human", "assistant"), ("human", "gpt"), ("human", "bot"), ("user", "assistant"), ("user", "bot"),
    ("user", "model"), ("input", "output"), ("instruction", "output"), ("instruction", "response"),
    ("question", "answer"), ("prompt", "response"), ("prompt", "completion"), ("query", "response"),
    ("q", "a"), ("question", "response"), ("request", "response"),
)  # fmt: skip
_WRAPPED_IN = ("messages", "conversations", "conversation", "turns", "contents", "chat")
_MOSS_TURN = ("Human", "MOSS")


@dataclass(frozen=True)
class Draft:
    """A sample to be, not yet checked.

    Args:
        history: the turns before the question.
        weight: how much it counts in training; 1 unless the file says otherwise.
        rejected: the answer that was liked less, in a preference pair.
        liked: whether the answer was liked, in a labelled one.
        notes: what is to be said of its record, though it is kept.
    """

    question: str
    answer: str
    system: str | None = None
    history: tuple[Turn, ...] = ()
    weight: float = 1.0
    rejected: str | None = None
    liked: bool | None = None
    notes: tuple[Note, ...] = ()


def turns_in(value: Any, column: str) -> list[Said]:
    """The turns of a conversation in any form that is known.

    A list of messages (OpenAI's, ShareGPT's, Gemini's), of question/answer objects (XTuner's, Firefly's), of
    [question, answer] lists, or of texts by turns; an object with such a list or numbered turns (MOSS's);
    or one text with marks between the turns.

    Args:
        value: what a cell holds; it may be JSON text of it.
        column: the column it is from.

    Raises:
        RecordError: it is in no such form, or has a part that is not text.
    """
    value = as_list(value)
    if isinstance(value, dict):
        return _of_object(value, column)
    if isinstance(value, str):
        turns = marked_turns(value)
        if turns:
            return turns
    if not isinstance(value, list) or not value:
        raise _no_turns(column, "has no list of messages")
    if all(isinstance(part, dict) for part in value):
        if is_message(value[0]) or not _pair_of(value[0]):
            return _messages(value, column)
        return [turn for part in value for turn in _pair(part, column)]
    if all(isinstance(part, list) and len(part) == 2 and not is_message(part[0]) for part in value):
        return _listed_pairs(value)
    if all(isinstance(part, str) for part in value):
        return _by_turns(value, column)
    raise _no_turns(column, "has no list of messages")


def is_conversation(value: Any) -> bool:
    """Whether a cell holds a conversation in a form that `turns_in` knows."""
    try:
        return {"user", "assistant"} <= {turn.role for turn in turns_in(value, "")}
    except RecordError as error:
        # One with a tool call or a picture is one all the same.
        return error.kind != "no turns"


def said_in(value: Any, role: str, column: str) -> list[Said]:
    """The turns of a cell that holds messages, or else one turn of its text.

    Args:
        value: a message, a list of messages, or anything else.
        role: whose words the text is.
        column: the column it is from.
    """
    if is_message(value):
        return [read_message(value, column)]
    if is_messages(value):
        return _messages(value, column)
    return [Said(role, text_of(value))]


def pairs_of(value: Any, column: str) -> list[Said]:
    """The turns of Alpaca's `history`, a list of [question, answer], or of a list of messages."""
    value = as_list(value)
    return [] if is_blank(value) else turns_in(value, column)


def joined(turns: Sequence[Said]) -> list[Said]:
    """The turns with neighbours of the same role made one; of two replies, one switched off is left out."""
    result: list[Said] = []
    for turn in turns:
        before = result[-1] if result else None
        if before is None or before.role != turn.role:
            result.append(turn)
        elif before.learned == turn.learned:
            result[-1] = before._replace(text=f"{before.text}\n\n{turn.text}")
        elif turn.learned:
            result[-1] = turn
    return result


def replies_of(
    turns: Sequence[Said], column: str, system: str | None = None, weight: float = 1.0
) -> list[Draft]:
    """A sample for each reply that is to be learned, all before it as its history.

    Args:
        turns: the conversation.
        column: the column it is from.
        system: what the model was told beforehand, if the turns do not say it.
        weight: how much each reply counts.

    Raises:
        RecordError: nothing is asked and answered, or no reply is to be learned.
    """
    drafts: list[Draft] = []
    told = [turn.text for turn in turns if turn.role == "system"]
    system = "\n\n".join(told) or system or None
    said = joined([turn for turn in turns if turn.role != "system"])
    history: list[Turn] = []
    before = len(system or "")
    off = replies = 0
    for at, turn in enumerate(said):
        if turn.role == "assistant" and at:
            replies += 1
            off += not turn.learned
            if turn.learned and before <= MOST_BEFORE and len(drafts) < MOST_REPLIES:
                asked = said[at - 1].text
                drafts.append(Draft(asked, turn.text, system, tuple(history[:-1]), weight))
        history.append((turn.role, turn.text))
        before += len(turn.text)
    if not replies:
        raise RecordError(
            column,
            "no answer",
            f"has no question with an answer after it in the column {column!r}.",
            "A record needs something asked and an answer to it.",
        )
    if not drafts and off:
        raise RecordError(
            column,
            "switched off",
            f"has no reply in the column {column!r} that is to be learned: its weight is 0.",
            "Nothing to do: the file says so.",
        )
    if not drafts:
        raise _too_long(column, replies)
    notes: list[Note] = []
    if off:
        what = f"has {off} of {replies} replies that are not learned, as the file says."
        notes.append(Note(column, "switched off", what, "Nothing to do: they stay as what was said before."))
    if len(drafts) + off < replies:
        error = _too_long(column, replies - off - len(drafts))
        notes.append(Note(column, error.kind, error.what, error.remedy))
    if said[-1].role == "user":
        what = "goes on after its last answer."
        notes.append(Note(column, "cut off", what, "Nothing to do: what comes after is left out."))
    drafts[0] = replace(drafts[0], notes=tuple(notes))
    return drafts


def _too_long(column: str, replies: int) -> RecordError:
    return RecordError(
        column,
        "over-long",
        f"has {replies} replies in the column {column!r} with more than {MOST_BEFORE:,} characters or "
        f"{MOST_REPLIES} replies before them, which are not learned.",
        "Split the conversation into shorter ones.",
    )


def _no_turns(column: str, what: str) -> RecordError:
    return RecordError(
        column,
        "no turns",
        f"{what} in the column {column!r}.",
        'Write it as [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}].',
    )


def _messages(messages: Sequence[Mapping[str, Any]], column: str) -> list[Said]:
    if not any(is_message(message) for message in messages):
        raise _no_turns(column, "has no list of messages")
    return [read_message(message, column) for message in messages]


def _pair_of(part: Mapping[str, Any]) -> tuple[str, str] | None:
    lowered = {key.lower(): key for key in part}
    for ask, reply in _PAIR_KEYS:
        if ask in lowered and reply in lowered:
            return lowered[ask], lowered[reply]
    return None


def _pair(part: Mapping[str, Any], column: str) -> list[Said]:
    keys = _pair_of(part)
    if keys is None:
        raise _no_turns(column, "has a turn without a question or without an answer")
    system = text_of(part.get("system"))
    turns = [Said("system", system)] if system.strip() else []
    learned = part.get("output_with_loss", True) is not False and not is_switched_off(part)
    return [*turns, Said("user", text_of(part[keys[0]])), Said("assistant", text_of(part[keys[1]]), learned)]


def _listed_pairs(pairs: Sequence[Sequence[Any]]) -> list[Said]:
    return [
        turn
        for ask, reply in pairs
        for turn in (Said("user", text_of(ask)), Said("assistant", text_of(reply)))
    ]


def _by_turns(texts: Sequence[str], column: str) -> list[Said]:
    """Texts that two say by turns, or that have marks."""
    each = [marked_turns(text) for text in texts]
    if any(each):
        return joined([turn for turns in each for turn in turns])
    if len(texts) < 2:
        raise _no_turns(column, "has one text without an answer")
    return [Said(("user", "assistant")[at % 2], text_of(text)) for at, text in enumerate(texts)]


def _of_object(value: Mapping[str, Any], column: str) -> list[Said]:
    for key in _WRAPPED_IN:
        if isinstance(value.get(key), list):
            return turns_in(value[key], column)
    numbered = [turn for key, turn in value.items() if key.startswith("turn") and isinstance(turn, dict)]
    if numbered and all(set(_MOSS_TURN) <= set(turn) for turn in numbered):
        return [said for turn in numbered for said in _moss_turn(turn, column)]
    if is_message(value):
        return _messages([value], column)
    raise _no_turns(column, "has no list of messages")


def _moss_turn(turn: Mapping[str, Any], column: str) -> list[Said]:
    for key in ("Commands", "Tool Responses"):
        used = text_of(turn.get(key)).partition(":")[2].split("<")[0].strip()
        if used and used.lower() != "none":
            raise RecordError(
                column,
                "tool call",
                f"has a tool call in the column {column!r}.",
                "Leave it out: only what people and the assistant say is learned.",
            )
    texts = [text_of(turn[who]).partition(":")[2].split("<eo")[0].strip() for who in _MOSS_TURN]
    return [Said("user", texts[0]), Said("assistant", texts[1])]
