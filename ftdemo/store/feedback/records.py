"""What is kept of feedback: answers as they were shown, and the events that voters gave on them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from ftdemo.store.conversations import ChatMessage
from ftdemo.store.rows import from_row

VoteKind = Literal["up", "down", "withdrawn"]
ChoiceKind = Literal["left", "right", "tie", "bad", "withdrawn"]
Event = TypeVar("Event", "Vote", "Correction", "Choice")


@dataclass(frozen=True)
class AnswerSnapshot:
    """An answer as it was when somebody gave feedback on it.

    Args:
        id: its number in this file.
        uid: what it is known by in every file.
        prompt: the chat messages it answers, the question last.
        answer: the answer's text.
        model: the model's name at that time; empty if no model of this app made it.
        model_version: which model that was: a base model's name, or a tuned model's folder.
        generation: the generation settings, if they are known.
        message_id: the message it came from, while that is there.
    """

    id: int
    uid: str
    prompt: tuple[ChatMessage, ...]
    answer: str
    model: str
    model_version: str | None
    generation: dict[str, Any] | None
    message_id: int | None
    created_at: str

    @property
    def question(self) -> str:
        """The last thing that was asked."""
        return question_of(self.prompt)


@dataclass(frozen=True)
class NewAnswer:
    """An answer to be kept; as for `AnswerSnapshot`."""

    prompt: tuple[ChatMessage, ...]
    answer: str
    model: str = ""
    model_version: str | None = None
    generation: dict[str, Any] | None = None
    message_id: int | None = None


@dataclass(frozen=True)
class Vote:
    """A thumb, or its withdrawal.

    Args:
        answer_id: the answer's number in this file.
        voter: who voted, as a pseudonym.
        vote: 'up', 'down' or 'withdrawn'.
        reasons: from the known reasons.
        comment: anything else the voter said.
        uid: what the event is known by in every file; a new one if empty.
        created_at: when it was given; the present if empty.
    """

    answer_id: int
    voter: str
    vote: VoteKind
    reasons: tuple[str, ...] = ()
    comment: str = ""
    uid: str = field(default="", compare=False)
    created_at: str = field(default="", compare=False)


@dataclass(frozen=True)
class Correction:
    """What a voter would have answered; a text of None withdraws it. The rest is as for `Vote`."""

    answer_id: int
    voter: str
    text: str | None
    uid: str = field(default="", compare=False)
    created_at: str = field(default="", compare=False)


@dataclass(frozen=True)
class Choice:
    """Which of two answers a voter found better.

    Args:
        left_id: the number of the answer shown on the left.
        right_id: the number of the answer shown on the right.
        voter: who chose, as a pseudonym.
        choice: 'left', 'right', 'tie', 'bad' (both are) or 'withdrawn'.
        comment: as for `Vote`, like all that follows.
    """

    left_id: int
    right_id: int
    voter: str
    choice: ChoiceKind
    comment: str = ""
    uid: str = field(default="", compare=False)
    created_at: str = field(default="", compare=False)


def question_of(prompt: Sequence[ChatMessage]) -> str:
    """The last thing that is asked in a prompt."""
    return next((message["content"] for message in reversed(prompt) if message["role"] == "user"), "")


def withdraws(event: object) -> bool:
    """Whether an event takes back what was said before."""
    said = vars(event)
    return said.get("text", "") is None or "withdrawn" in (said.get("vote"), said.get("choice"))


def event_row(event: object) -> dict[str, Any]:
    """The columns of an event."""
    record = dict(vars(event))
    if "reasons" in record:
        record["reasons"] = json.dumps(record["reasons"])
    return record


def event_of(kind: type[Event], row: Mapping[str, Any]) -> Event:
    """The event in a row of its table."""
    parsed = {"reasons": tuple(json.loads(row["reasons"]))} if kind is Vote else {}
    return from_row(kind, row, **parsed)


def snapshot_of(row: Mapping[str, Any]) -> AnswerSnapshot:
    """The answer in a row of `rated_answers`."""
    return from_row(
        AnswerSnapshot,
        row,
        prompt=tuple(json.loads(row["prompt"])),
        generation=json.loads(row["generation"] or "null"),
    )
