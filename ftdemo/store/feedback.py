"""Feedback: answers as they were shown, and what voters said of them: events, of which the last counts."""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar, cast, get_args

from ftdemo.errors import NotFoundError, UserError
from ftdemo.store.rows import Family, from_row, now

VoteKind = Literal["up", "down", "withdrawn"]
ChoiceKind = Literal["left", "right", "tie", "bad", "withdrawn"]
ChatMessage = dict[str, str]
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


@dataclass(frozen=True)
class FeedbackFilter:
    """Which feedback is wanted; what is not given does not limit it.

    Args:
        models: names of the models that answered.
        vote: answers with such a current vote.
        voters: those who gave it.
        text: a text in the question, the answer, a comment or a correction, in capitals or not.
        since: feedback of this day or time (ISO 8601; UTC if it does not say) or later.

    Raises:
        UserError: there is no such vote or time.
    """

    models: tuple[str, ...] = ()
    vote: VoteKind | None = None
    voters: tuple[str, ...] = ()
    text: str = ""
    since: str = ""

    def __post_init__(self) -> None:
        if self.vote is not None and self.vote not in get_args(VoteKind):
            raise UserError(
                f"There is no vote {str(self.vote)[:64]!r}.", f"Use: {', '.join(get_args(VoteKind))}."
            )
        if not self.since:
            return
        try:
            since = datetime.fromisoformat(self.since)
            since = (since if since.tzinfo else since.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise UserError(
                f"{self.since[:64]!r} is no day or time.", "Write it as 2026-01-31 or 2026-01-31T18:30."
            ) from None
        object.__setattr__(self, "since", since.isoformat(timespec="milliseconds"))


_TABLES: dict[type, tuple[str, tuple[str, ...]]] = {
    Vote: ("votes", ("answer_id", "voter")),
    Correction: ("corrections", ("answer_id", "voter")),
    Choice: ("choices", ("left_id", "right_id", "voter")),
}
_PARTITIONS: dict[type, str] = {
    Vote: "answer_id, voter",
    Correction: "answer_id, voter",
    # The same two answers shown the other way round are the same question to the voter.
    Choice: "min(left_id, right_id), max(left_id, right_id), voter",
}
_STANDING: dict[type, str] = {
    Vote: "vote != 'withdrawn'",
    Correction: "text is not null",
    Choice: "choice != 'withdrawn'",
}
_MATCHES = """
    id in (
        select rated_answers.id from rated_answers
            left join votes on votes.answer_id = rated_answers.id
            left join corrections on corrections.answer_id = rated_answers.id
        where instr(fold(question), :text) or instr(fold(answer), :text)
            or instr(fold(votes.comment), :text) or instr(fold(corrections.text), :text)
    )
"""


def question_of(prompt: Sequence[ChatMessage]) -> str:
    """The last thing that is asked in a prompt."""
    return next((message["content"] for message in reversed(prompt) if message["role"] == "user"), "")


class Feedback(Family):
    """The tables `rated_answers`, `votes`, `corrections` and `choices`, and the voters' salt."""

    def salt(self) -> str:
        """The random text that goes into voters' pseudonyms; made when it is first wanted."""
        query = "select value from secrets where name = 'voters'"
        known = self._database.execute(query).fetchone()
        if known is None:
            with self._store.transaction() as database:
                database.execute(
                    "insert or ignore into secrets (name, value) values ('voters', ?)",
                    [secrets.token_hex(16)],
                )
            known = self._database.execute(query).fetchone()
        return str(known[0])

    def keep(self, answer: NewAnswer, uid: str = "", created_at: str = "") -> AnswerSnapshot:
        """Save an answer, or return it as it was saved before.

        Args:
            answer: the answer; one that has a message is the same as another of that message.
            uid: what it is known by in every file; one that is known is the same answer.
            created_at: when it was first kept; the present if empty.
        """
        uid = uid or secrets.token_hex(12)
        record = {
            "uid": uid,
            "prompt": json.dumps(answer.prompt, ensure_ascii=False),
            "question": question_of(answer.prompt),
            "answer": answer.answer,
            "model": answer.model,
            "model_version": answer.model_version,
            "generation": json.dumps(answer.generation) if answer.generation is not None else None,
            "message_id": answer.message_id,
            "created_at": created_at or now(),
        }
        with self._store.transaction():
            known = self._known(uid, answer.message_id)
            if known is not None:
                return known
            return self.get(cast(int, self._table("rated_answers").insert(record).last_pk))

    def get(self, answer_id: int) -> AnswerSnapshot:
        """One answer that was kept.

        Raises:
            NotFoundError: there is none of that number.
        """
        for row in self._table("rated_answers").rows_where("id = ?", [answer_id]):
            return _snapshot(row)
        raise NotFoundError(
            f"There is no feedback on an answer {answer_id}.", "List the feedback to see the numbers."
        )

    def of_message(self, message_id: int) -> AnswerSnapshot | None:
        """The answer that was kept of a message, or None."""
        for row in self._table("rated_answers").rows_where("message_id = ?", [message_id]):
            return _snapshot(row)
        return None

    def with_uid(self, uid: str) -> AnswerSnapshot | None:
        """The answer known by that uid, or None."""
        return self._known(uid, None)

    def answers(
        self, wanted: FeedbackFilter | None = None, limit: int | None = None, offset: int = 0
    ) -> Iterator[AnswerSnapshot]:
        """Answers that were kept, newest first."""
        where, values = _where(wanted or FeedbackFilter())
        rows = self._database.query(
            f"select * from rated_answers where {where} order by id desc limit :limit offset :offset",
            {**values, "limit": -1 if limit is None else limit, "offset": offset},
        )
        return map(_snapshot, rows)

    def count(self, wanted: FeedbackFilter | None = None) -> int:
        """How many answers were kept."""
        where, values = _where(wanted or FeedbackFilter())
        query = f"select count(*) from rated_answers where {where}"
        return int(self._database.execute(query, values).fetchone()[0])

    def totals(self) -> dict[str, int]:
        """How many rows each table has: answers, votes, corrections and choices, old events included."""
        tables = {"answers": "rated_answers", "votes": "votes", "corrections": "corrections"}
        return {name: self._table(table).count for name, table in {**tables, "choices": "choices"}.items()}

    def add(self, event: Event) -> Event:
        """Save an event and return it, or the one that stands, if it says the same.

        It is on the disk when this returns. An event with a uid comes from a file: it is added as it is,
        unless it is known.

        Raises:
            NotFoundError: there is no such answer.
        """
        table, key = _TABLES[type(event)]
        with self._store.transaction() as database:
            for name in key:
                if name != "voter":
                    self.get(getattr(event, name))
            if event.uid:
                known = self._one(type(event), "uid = ?", [event.uid])
                if known is not None:
                    return known
                event = replace(event, created_at=event.created_at or self._after(self.last(event)))
                database.table(table).insert(_record(event))
                return event
            last = self.last(event)
            if last == event or (last is None and _withdraws(event)):
                return last or event
            event = replace(event, uid=secrets.token_hex(12), created_at=self._after(last))
            database.table(table).insert(_record(event))
            return event

    @staticmethod
    def _after(last: Vote | Correction | Choice | None) -> str:
        """The time of an event that follows another, though the clock may have been set back since."""
        time = now()
        if last is None or time > last.created_at:
            return time
        moment = datetime.fromisoformat(last.created_at) + timedelta(milliseconds=1)
        return moment.isoformat(timespec="milliseconds")

    def last(self, event: Event) -> Event | None:
        """What stands where an event would go: the voter's last word on the same answer or pair, or None."""
        if isinstance(event, Choice):
            where = "left_id in (:a, :b) and right_id in (:a, :b) and left_id != right_id and voter = :voter"
            values = {"a": event.left_id, "b": event.right_id, "voter": event.voter}
        else:
            where = "answer_id = :a and voter = :voter"
            values = {"a": event.answer_id, "voter": event.voter}
        return self._one(type(event), where, values)

    def events(self, kind: type[Event], answer_id: int | None = None) -> list[Event]:
        """Every event of a kind, or those about one answer, oldest first."""
        where, values = _about(kind, answer_id)
        query = f"select * from {_TABLES[kind][0]} where {where} order by created_at, id"
        return [_event(kind, row) for row in self._database.query(query, values)]

    def standing(self, kind: type[Event], answer_id: int | None = None) -> list[Event]:
        """What counts now: each voter's latest event about an answer or pair, unless it withdraws."""
        where, values = _about(kind, answer_id)
        query = f"""
            select * from (
                select *, row_number() over (
                    partition by {_PARTITIONS[kind]} order by created_at desc, id desc
                ) as age from {_TABLES[kind][0]} where {where}
            ) where age = 1 and {_STANDING[kind]} order by created_at, id
        """
        return [_event(kind, row) for row in self._database.query(query, values)]

    def remove(self, answer_id: int) -> None:
        """Delete an answer that was kept, with all that was said of it.

        Raises:
            NotFoundError: there is no such answer.
        """
        with self._store.transaction():
            self.get(answer_id)
            self._table("rated_answers").delete(answer_id)

    def _known(self, uid: str, message_id: int | None) -> AnswerSnapshot | None:
        where = "uid = ? or message_id = ?"
        for row in self._table("rated_answers").rows_where(where, [uid, message_id]):
            return _snapshot(row)
        return None

    def _one(self, kind: type[Event], where: str, values: Any) -> Event | None:
        rows = self._table(_TABLES[kind][0]).rows_where(
            where, values, order_by="created_at desc, id desc", limit=1
        )
        return next((_event(kind, row) for row in rows), None)


def _where(wanted: FeedbackFilter) -> tuple[str, dict[str, Any]]:
    """The condition on rated answers, and its values."""
    conditions, values = ["1"], dict[str, Any]()
    if wanted.models:
        conditions.append(f"model in ({_names('model', wanted.models, values)})")
    if wanted.text:
        conditions.append(_MATCHES)
        values["text"] = wanted.text.casefold()
    said = ["1"]
    if wanted.voters:
        said.append(f"voter in ({_names('voter', wanted.voters, values)})")
    if wanted.since:
        said.append("created_at >= :since")
        values["since"] = wanted.since
    if wanted.vote:
        values["vote"] = wanted.vote
        conditions.append(
            f"""
            exists (
                select 1 from votes where answer_id = rated_answers.id and vote = :vote
                    and {" and ".join(said)}
                    and not exists (
                        select 1 from votes as later where later.answer_id = votes.answer_id
                            and later.voter = votes.voter
                            and (later.created_at, later.id) > (votes.created_at, votes.id)
                    )
            )
            """
        )
    elif len(said) > 1:
        about = " and ".join(said)
        conditions.append(
            f"""
            id in (
                select answer_id from votes where {about}
                union select answer_id from corrections where {about}
                union select left_id from choices where {about}
                union select right_id from choices where {about}
            )
            """
        )
    return " and ".join(conditions), values


def _names(prefix: str, texts: Iterable[str], values: dict[str, Any]) -> str:
    """Placeholders for texts, whose values are added to `values`."""
    named = {f"{prefix}_{number}": text for number, text in enumerate(texts)}
    values.update(named)
    return ", ".join(f":{name}" for name in named)


def _about(kind: type, answer_id: int | None) -> tuple[str, dict[str, Any]]:
    if answer_id is None:
        return "1", {}
    where = "left_id = :id or right_id = :id" if kind is Choice else "answer_id = :id"
    return where, {"id": answer_id}


def _withdraws(event: object) -> bool:
    said = vars(event)
    return said.get("text", "") is None or "withdrawn" in (said.get("vote"), said.get("choice"))


def _record(event: object) -> dict[str, Any]:
    record = dict(vars(event))
    if "reasons" in record:
        record["reasons"] = json.dumps(record["reasons"])
    return record


def _parsed(kind: type, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"reasons": tuple(json.loads(row["reasons"]))} if kind is Vote else {}


def _event(kind: type[Event], row: Mapping[str, Any]) -> Event:
    return from_row(kind, row, **_parsed(kind, row))


def _snapshot(row: Mapping[str, Any]) -> AnswerSnapshot:
    return from_row(
        AnswerSnapshot,
        row,
        prompt=tuple(json.loads(row["prompt"])),
        generation=json.loads(row["generation"] or "null"),
    )
