"""The full form of an export: a row for each answer with all that was ever said of it, and back."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast, get_args

from ftdemo.errors import UserError
from ftdemo.feedback.voters import check_length, check_reasons, check_voter
from ftdemo.store import Store
from ftdemo.store.conversations import ChatMessage
from ftdemo.store.feedback import (
    Choice,
    ChoiceKind,
    Correction,
    FeedbackFilter,
    NewAnswer,
    Vote,
    VoteKind,
)

Record = dict[str, Any]

COLUMNS = (
    "prompt", "completion", "label", "uid", "model", "model_version", "generation", "created_at",
    "votes", "corrections", "choices",
)  # fmt: skip


class BrokenRowError(Exception):
    """A row that is not as `full_records` writes it; says what is wrong with it."""


def full_records(store: Store, wanted: FeedbackFilter | None = None) -> Iterator[Record]:
    """A record for each answer, oldest first.

    `label` is what most voters think, or None. What has no fixed shape is JSON text: `generation`, and the
    events `votes`, `corrections` and, in the row of the answer on the left, `choices`.

    Args:
        store: where the feedback is.
        wanted: which answers; a choice is written if both of its sides are.
    """
    feedback = store.feedback
    answers = sorted(feedback.answers(wanted), key=lambda answer: answer.id)
    uids = {answer.id: answer.uid for answer in answers}
    for answer in answers:
        thumbs = [vote.vote for vote in feedback.standing(Vote, answer.id)]
        up, down = thumbs.count("up"), thumbs.count("down")
        choices = [
            {**_said(choice), "right": uids[choice.right_id]}
            for choice in feedback.events(Choice, answer.id)
            if choice.left_id == answer.id and choice.right_id in uids
        ]
        yield {
            "prompt": list(answer.prompt),
            "completion": [{"role": "assistant", "content": answer.answer}],
            "label": up > down if up != down else None,
            "uid": answer.uid,
            "model": answer.model,
            "model_version": answer.model_version,
            "generation": as_json(answer.generation) if answer.generation is not None else None,
            "created_at": answer.created_at,
            "votes": as_json([_said(vote) for vote in feedback.events(Vote, answer.id)]),
            "corrections": as_json([_said(each) for each in feedback.events(Correction, answer.id)]),
            "choices": as_json(choices),
        }


def add_answer(store: Store, record: Mapping[str, Any]) -> None:
    """Add a record's answer with its votes and corrections; what is known is not added again.

    Raises:
        BrokenRowError: the record is not as it should be.
        UserError: a reason is not known, or a text is too long.
    """
    reply = _messages(record, "completion")
    if len(reply) != 1:
        raise BrokenRowError("its completion is not one message")
    answer = store.feedback.keep(
        NewAnswer(
            prompt=_messages(record, "prompt"),
            answer=reply[0]["content"],
            model=_text(record, "model"),
            model_version=_text(record, "model_version") if record.get("model_version") is not None else None,
            generation=_parsed(record, "generation", dict) if record.get("generation") is not None else None,
        ),
        uid=_needed(record, "uid"),
        created_at=_time(record),
    )
    for said in _parsed(record, "votes", list):
        vote = cast(VoteKind, _one_of(said, "vote", get_args(VoteKind)))
        reasons = check_reasons(tuple(_parsed(said, "reasons", list)))
        comment = check_length("comment", _text(said, "comment"))
        store.feedback.add(Vote(answer.id, _voter(said), vote, reasons, comment, **_known_by(said)))
    for said in _parsed(record, "corrections", list):
        text = None if said.get("text") is None else check_length("correction", _text(said, "text"))
        store.feedback.add(Correction(answer.id, _voter(said), text, **_known_by(said)))


def add_choices(store: Store, record: Mapping[str, Any]) -> None:
    """Add the A/B choices of a record, once the answers of all records are there.

    Raises:
        BrokenRowError: the record is not as it should be, or names an answer that is not there.
        UserError: a comment is too long.
    """
    left = store.feedback.with_uid(_needed(record, "uid"))
    for said in _parsed(record, "choices", list):
        right = store.feedback.with_uid(_needed(said, "right"))
        if left is None or right is None or left.id == right.id:
            raise BrokenRowError("one of its choices names no other answer")
        kind = cast(ChoiceKind, _one_of(said, "choice", get_args(ChoiceKind)))
        comment = check_length("comment", _text(said, "comment"))
        store.feedback.add(Choice(left.id, right.id, _voter(said), kind, comment, **_known_by(said)))


def as_json(value: object) -> str:
    """A value as JSON text, in which letters of any script stay as they are."""
    return json.dumps(value, ensure_ascii=False)


def _said(event: object) -> Record:
    """An event without the numbers it has in this data folder only."""
    return {name: value for name, value in vars(event).items() if not name.endswith("_id")}


def _known_by(said: Mapping[str, Any]) -> dict[str, str]:
    return {"uid": _needed(said, "uid"), "created_at": _time(said)}


def _time(record: Mapping[str, Any]) -> str:
    """A time in the store's form, by which events are put in order as texts."""
    text = _needed(record, "created_at")
    try:
        same = datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError):
        same = ""
    if same != text:
        raise BrokenRowError(f"{text[:64]!r} is no time in UTC with milliseconds")
    return text


def _voter(said: Mapping[str, Any]) -> str:
    try:
        return check_voter(_text(said, "voter"))
    except UserError as error:
        raise BrokenRowError("an event has no voter") from error


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BrokenRowError(f"its {name} is no text")
    return value


def _needed(record: Mapping[str, Any], name: str) -> str:
    text = _text(record, name)
    if not text:
        raise BrokenRowError(f"it has no {name}")
    return text


def _one_of(said: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    text = _text(said, name)
    if text not in known:
        raise BrokenRowError(f"there is no {name} {text[:64]!r}")
    return text


def _parsed(record: Mapping[str, Any], name: str, kind: type) -> Any:
    """A list of objects or texts, or an object, that is written as JSON text."""
    value: Any = record.get(name)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    parts = value if kind is list and name != "reasons" and isinstance(value, list) else []
    if not isinstance(value, kind) or not all(isinstance(part, dict) for part in parts):
        raise BrokenRowError(f"its {name} cannot be read")
    return value


def _messages(record: Mapping[str, Any], name: str) -> tuple[ChatMessage, ...]:
    messages = _parsed(record, name, list)
    if not messages:
        raise BrokenRowError(f"its {name} has no message")
    return tuple({"role": _needed(said, "role"), "content": _text(said, "content")} for said in messages)
