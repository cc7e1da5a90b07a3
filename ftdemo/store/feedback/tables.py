"""The tables of feedback: events are only added, and of each voter's the last counts."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from ftdemo.errors import NotFoundError
from ftdemo.store.feedback.filters import FeedbackFilter, condition
from ftdemo.store.feedback.records import (
    AnswerSnapshot,
    Choice,
    Correction,
    Event,
    NewAnswer,
    Vote,
    event_of,
    event_row,
    question_of,
    snapshot_of,
    withdraws,
)
from ftdemo.store.rows import Family, now

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
            return snapshot_of(row)
        raise NotFoundError(
            f"There is no feedback on an answer {answer_id}.", "List the feedback to see the numbers."
        )

    def of_message(self, message_id: int) -> AnswerSnapshot | None:
        """The answer that was kept of a message, or None."""
        for row in self._table("rated_answers").rows_where("message_id = ?", [message_id]):
            return snapshot_of(row)
        return None

    def with_uid(self, uid: str) -> AnswerSnapshot | None:
        """The answer known by that uid, or None."""
        return self._known(uid, None)

    def answers(
        self, wanted: FeedbackFilter | None = None, limit: int | None = None, offset: int = 0
    ) -> Iterator[AnswerSnapshot]:
        """Answers that were kept, newest first."""
        where, values = condition(wanted or FeedbackFilter())
        rows = self._database.query(
            f"select * from rated_answers where {where} order by id desc limit :limit offset :offset",
            {**values, "limit": -1 if limit is None else limit, "offset": offset},
        )
        return map(snapshot_of, rows)

    def count(self, wanted: FeedbackFilter | None = None) -> int:
        """How many answers were kept."""
        where, values = condition(wanted or FeedbackFilter())
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
                database.table(table).insert(event_row(event))
                return event
            last = self.last(event)
            if last == event or (last is None and withdraws(event)):
                return last or event
            event = replace(event, uid=secrets.token_hex(12), created_at=self._after(last))
            database.table(table).insert(event_row(event))
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
        return [event_of(kind, row) for row in self._database.query(query, values)]

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
        return [event_of(kind, row) for row in self._database.query(query, values)]

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
            return snapshot_of(row)
        return None

    def _one(self, kind: type[Event], where: str, values: Any) -> Event | None:
        rows = self._table(_TABLES[kind][0]).rows_where(
            where, values, order_by="created_at desc, id desc", limit=1
        )
        return next((event_of(kind, row) for row in rows), None)


def _about(kind: type, answer_id: int | None) -> tuple[str, dict[str, Any]]:
    if answer_id is None:
        return "1", {}
    where = "left_id = :id or right_id = :id" if kind is Choice else "answer_id = :id"
    return where, {"id": answer_id}
