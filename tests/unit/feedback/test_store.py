import sqlite3
from typing import Any

import pytest

from ftdemo.errors import NotFoundError, UserError
from ftdemo.store import Store
from ftdemo.store.conversations import Message
from ftdemo.store.feedback import (
    AnswerSnapshot,
    Choice,
    Correction,
    FeedbackFilter,
    NewAnswer,
    Vote,
)

STRANGE = [
    "<script>alert('x')</script>",
    "שלום \u202eright to left\u202c مرحبا",
    "line\nbreak\r\n\ttab \"quoted\" and 'single'",
    "null\0inside",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 👩‍👩‍👧 安",
    "x" * 100_000,
]


def asked(question: str) -> tuple[dict[str, str], ...]:
    return ({"role": "user", "content": question},)


def keep(store: Store, answer: str = "Ann.", question: str = "Who?", model: str = "base") -> AnswerSnapshot:
    return store.feedback.keep(NewAnswer(asked(question), answer, model, "some/base", {"seed": 3}))


@pytest.mark.parametrize("text", STRANGE)
def test_an_answer_is_kept_as_it_was(store: Store, text: str) -> None:
    kept = keep(store, text, f"What is {text}?")
    again = store.feedback.get(kept.id)
    assert again == kept
    assert (again.answer, again.question) == (text, f"What is {text}?")
    assert again.generation == {"seed": 3}


def test_an_answer_of_a_message_is_kept_once(store: Store) -> None:
    conversation = store.conversations.start("t")
    (number,) = store.conversations.add(conversation.id, [Message(1, "assistant", "a", model="base")])
    new = NewAnswer(asked("q"), "a", "base", message_id=number)
    assert store.feedback.keep(new) == store.feedback.keep(new)
    assert store.feedback.count() == 1


def test_feedback_survives_its_conversation(store: Store) -> None:
    conversation = store.conversations.start("t")
    (number,) = store.conversations.add(conversation.id, [Message(1, "assistant", "a", model="base")])
    kept = store.feedback.keep(NewAnswer(asked("q"), "a", "base", message_id=number))
    store.feedback.add(Vote(kept.id, "v", "up"))
    with store.transaction() as database:
        database.execute("delete from messages")
        database.execute("delete from conversations")
    assert store.feedback.get(kept.id).message_id is None
    assert len(store.feedback.standing(Vote)) == 1


def test_the_same_vote_again_is_no_event(store: Store) -> None:
    kept = keep(store)
    first = store.feedback.add(Vote(kept.id, "v", "up", ("helpful",)))
    assert store.feedback.add(Vote(kept.id, "v", "up", ("helpful",))).uid == first.uid
    assert len(store.feedback.events(Vote)) == 1
    store.feedback.add(Vote(kept.id, "v", "up", ("correct",)))
    assert len(store.feedback.events(Vote)) == 2


def test_votes_that_change_are_events_and_the_latest_counts(store: Store) -> None:
    kept = keep(store)
    for vote in ("up", "down", "up"):
        store.feedback.add(Vote(kept.id, "v", vote))
    store.feedback.add(Vote(kept.id, "w", "down"))
    events = store.feedback.events(Vote)
    assert [event.vote for event in events if event.voter == "v"] == ["up", "down", "up"]
    assert {(event.voter, event.vote) for event in store.feedback.standing(Vote, kept.id)} == {
        ("v", "up"),
        ("w", "down"),
    }
    store.feedback.add(Vote(kept.id, "v", "withdrawn"))
    assert [event.voter for event in store.feedback.standing(Vote)] == ["w"]
    assert len(store.feedback.events(Vote, kept.id)) == 5


def test_a_clock_set_back_does_not_bring_an_old_vote_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = keep(store)
    store.feedback.add(Vote(kept.id, "v", "up"))
    monkeypatch.setattr("ftdemo.store.feedback.tables.now", lambda: "1999-01-01T00:00:00.000+00:00")
    store.feedback.add(Vote(kept.id, "v", "down"))
    assert [event.vote for event in store.feedback.standing(Vote)] == ["down"]


def test_nothing_to_withdraw_is_no_event(store: Store) -> None:
    kept, other = keep(store), keep(store)
    store.feedback.add(Vote(kept.id, "v", "withdrawn"))
    store.feedback.add(Correction(kept.id, "v", None))
    store.feedback.add(Choice(kept.id, other.id, "v", "withdrawn"))
    assert store.feedback.events(Vote) == []
    assert store.feedback.events(Correction) == []
    assert store.feedback.events(Choice) == []


def test_a_pair_shown_the_other_way_round_is_the_same_pair(store: Store) -> None:
    one, two, three = keep(store, "1"), keep(store, "2"), keep(store, "3")
    store.feedback.add(Choice(one.id, two.id, "v", "left"))
    store.feedback.add(Choice(one.id, three.id, "v", "tie"))
    store.feedback.add(Choice(two.id, one.id, "v", "left", "on second thoughts"))
    assert [(c.left_id, c.right_id, c.choice) for c in store.feedback.standing(Choice)] == [
        (one.id, three.id, "tie"),
        (two.id, one.id, "left"),
    ]
    assert len(store.feedback.events(Choice, one.id)) == 3
    assert len(store.feedback.standing(Choice, two.id)) == 1


def test_corrections_are_replaced_and_withdrawn(store: Store) -> None:
    kept = keep(store)
    for text in ("Bob.", "Bob.", "Bea."):
        store.feedback.add(Correction(kept.id, "v", text))
    assert [event.text for event in store.feedback.standing(Correction)] == ["Bea."]
    store.feedback.add(Correction(kept.id, "v", None))
    assert store.feedback.standing(Correction) == []
    assert [event.text for event in store.feedback.events(Correction)] == ["Bob.", "Bea.", None]


def test_an_event_with_a_uid_is_added_once_as_it_is(store: Store) -> None:
    kept = keep(store)
    event = Vote(kept.id, "v", "up", uid="from-a-file", created_at="2024-01-01T00:00:00.000+00:00")
    for _ in range(2):
        assert store.feedback.add(event).created_at == event.created_at
    assert len(store.feedback.events(Vote)) == 1


def test_feedback_on_no_answer_is_refused(store: Store) -> None:
    with pytest.raises(NotFoundError, match="answer 9"):
        store.feedback.add(Vote(9, "v", "up"))
    with pytest.raises(NotFoundError, match="answer 9"):
        store.feedback.remove(9)


def test_removal_takes_all_that_was_said(store: Store) -> None:
    kept, other = keep(store), keep(store)
    store.feedback.add(Vote(kept.id, "v", "up"))
    store.feedback.add(Correction(kept.id, "v", "x"))
    store.feedback.add(Choice(other.id, kept.id, "v", "tie"))
    store.feedback.remove(kept.id)
    assert [answer.id for answer in store.feedback.answers()] == [other.id]
    kinds: tuple[Any, ...] = (Vote, Correction, Choice)
    assert not any(store.feedback.events(kind) for kind in kinds)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (FeedbackFilter(), ["3", "2", "Straße"]),
        (FeedbackFilter(models=("pavan", "other")), ["3"]),
        (FeedbackFilter(vote="up"), ["2", "Straße"]),
        (FeedbackFilter(vote="down"), []),
        (FeedbackFilter(vote="up", voters=("v",)), ["Straße"]),
        (FeedbackFilter(voters=("w",)), ["3", "2"]),
        (FeedbackFilter(text="STRASSE"), ["Straße"]),
        (FeedbackFilter(text="WHO?"), ["3", "2", "Straße"]),
        (FeedbackFilter(text="100%"), ["2"]),
        (FeedbackFilter(text="i'd say"), ["3"]),
        (FeedbackFilter(text="' or 1 --"), []),
        (FeedbackFilter(since="2999-01-01"), []),
        (FeedbackFilter(since="2000-01-01T00:00:00+02:00", models=("base",), text="who"), ["2", "Straße"]),
    ],
)
def test_feedback_is_found(store: Store, wanted: FeedbackFilter, found: list[str]) -> None:
    one, two, three = keep(store, "Straße"), keep(store, "2"), keep(store, "3", model="pavan")
    store.feedback.add(Vote(one.id, "v", "down"))
    store.feedback.add(Vote(one.id, "v", "up"))
    store.feedback.add(Vote(two.id, "w", "up", comment="100% right"))
    store.feedback.add(Correction(three.id, "w", "I'd say so"))
    assert [answer.answer for answer in store.feedback.answers(wanted)] == found
    assert store.feedback.count(wanted) == len(found)
    assert [answer.answer for answer in store.feedback.answers(wanted, 1, 1)] == found[1:2]


@pytest.mark.parametrize(
    ("given", "error"), [({"since": "soon"}, "'soon' is no day"), ({"vote": "x"}, "no vote 'x'")]
)
def test_filters_that_cannot_be(given: dict[str, Any], error: str) -> None:
    with pytest.raises(UserError, match=error):
        FeedbackFilter(**given)


def test_times_in_filters_are_put_in_the_form_of_the_store() -> None:
    assert FeedbackFilter(since="2026-01-31").since == "2026-01-31T00:00:00.000+00:00"
    assert FeedbackFilter(since="2026-01-31T01:00:00+02:00").since == "2026-01-30T23:00:00.000+00:00"


def test_the_salt_stays(store: Store) -> None:
    salt = store.feedback.salt()
    assert len(salt) == 32
    assert Store(store.path).feedback.salt() == salt


def test_a_vote_is_flushed_to_the_disk_before_it_is_acknowledged(store: Store) -> None:
    full = 2
    assert store.database.execute("pragma synchronous").fetchone() == (full,)
    kept = keep(store)
    store.feedback.add(Vote(kept.id, "v", "up"))
    with sqlite3.connect(store.path) as other:
        assert other.execute("select count(*) from votes").fetchone() == (1,)
