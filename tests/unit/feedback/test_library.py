import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ftdemo.errors import NotFoundError, UserError
from ftdemo.feedback import FeedbackFilter, FeedbackLibrary
from ftdemo.feedback.figures import agreement_of
from ftdemo.feedback.voters import voter_id
from ftdemo.store import Store
from ftdemo.store.conversations import Message
from ftdemo.store.feedback import Vote


@pytest.fixture
def library(store: Store) -> FeedbackLibrary:
    return FeedbackLibrary(store, {"base": "some/base"}.get)


@pytest.fixture
def messages(store: Store) -> list[int]:
    """The numbers of: a question, two answers to it, and an answer to the next one."""
    conversation = store.conversations.start("t")
    settings = {"seed": 3}
    first = [
        Message(1, "user", "Who?"),
        Message(1, "assistant", "Ann.", model="base", generation=settings),
        Message(1, "assistant", "Bob.", model="mine", generation=settings, model_version="job-3"),
    ]
    second = [Message(2, "user", "Why?"), Message(2, "assistant", "So.", model="mine")]
    numbers = store.conversations.add(conversation.id, first)
    return [*numbers, store.conversations.add(conversation.id, second)[1]]


def test_a_vote_on_a_message_keeps_the_answer_as_it_was_shown(
    library: FeedbackLibrary, messages: list[int]
) -> None:
    library.vote("up", "v", message_id=messages[1], reasons=["correct", "helpful"], comment="thanks")
    library.vote("down", "v", message_id=messages[3])
    second, first = library.list().items
    assert [(vote.vote, vote.reasons, vote.comment) for vote in first.votes] == [
        ("up", ("helpful", "correct"), "thanks")
    ]
    assert (first.answer.answer, first.answer.model_version) == ("Ann.", "some/base")
    assert first.answer.generation == {"seed": 3}
    assert first.answer.prompt == ({"role": "user", "content": "Who?"},)
    assert [said["content"] for said in second.answer.prompt] == ["Who?", "Bob.", "Why?"]
    assert second.answer.model_version is None


def test_the_version_of_a_model_is_that_of_its_answer(library: FeedbackLibrary, messages: list[int]) -> None:
    library.vote("up", "v", message_id=messages[2])
    assert library.list().items[0].answer.model_version == "job-3"


def test_a_vote_repeated_is_one_event_and_a_change_is_another(
    library: FeedbackLibrary, messages: list[int]
) -> None:
    for vote in ("up", "up", "down", "down", "up"):
        given = library.vote(vote, "v", message_id=messages[1])
    assert len(library.history(given.answer_id)) == 3
    assert library.current_vote("v", message_id=messages[1]) == given
    assert library.current_vote("w", message_id=messages[1]) is None
    assert library.current_votes(answer_id=given.answer_id) == (given,)
    assert library.current_votes(message_id=messages[2]) == ()


def test_one_vote_sent_many_times_at_once_is_one_event(library: FeedbackLibrary, messages: list[int]) -> None:
    threads = [
        threading.Thread(target=lambda: library.vote("up", "v", message_id=messages[1])) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (item,) = library.list().items
    assert len(library.history(item.answer.id)) == 1


def test_a_vote_is_withdrawn_once(library: FeedbackLibrary, messages: list[int]) -> None:
    assert library.withdraw("v", message_id=messages[1]) is None
    given = library.vote("up", "v", message_id=messages[1])
    assert library.withdraw("v", message_id=messages[1]) is not None
    assert library.withdraw("v", answer_id=given.answer_id) is None
    assert library.current_vote("v", message_id=messages[1]) is None
    assert len(library.history(given.answer_id)) == 2


def test_a_correction_is_given_replaced_and_taken_back(library: FeedbackLibrary, messages: list[int]) -> None:
    given = library.correct("Cem.", "v", message_id=messages[1])
    library.correct("Dan.", "v", answer_id=given.answer_id)
    assert [correction.text for correction in library.get(given.answer_id).corrections] == ["Dan."]
    library.correct(None, "v", answer_id=given.answer_id)
    assert library.get(given.answer_id).corrections == ()


def test_a_choice_between_two_answers(library: FeedbackLibrary, messages: list[int]) -> None:
    choice = library.choose("left", "v", messages=(messages[1], messages[2]), comment="shorter")
    again = library.choose("tie", "v", answers=(choice.left_id, choice.right_id))
    assert library.get(choice.right_id).choices == (again,)
    assert len(library.history(choice.left_id)) == 2


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"vote": "sideways"}, "no vote 'sideways'"),
        ({"vote": "withdrawn"}, "no vote 'withdrawn'"),
        ({"reasons": ["ugly"]}, "no reason 'ugly'"),
        ({"comment": "x" * 10_001}, "comment has 10,001 characters"),
        ({"voter": ""}, "voter '' cannot"),
        ({"message_id": 99}, "no message 99"),
        ({"message_id": None, "answer_id": 99}, "answer 99"),
        ({"message_id": None}, "not said which answer"),
        ({"answer_id": 1}, "not said which answer"),
        ({"message_id": 1}, "message 1 is no answer"),
    ],
)
def test_a_vote_that_cannot_be_saves_nothing(
    library: FeedbackLibrary, messages: list[int], given: dict[str, Any], error: str
) -> None:
    with pytest.raises(UserError, match=error):
        library.vote(**{"vote": "up", "voter": "v", "message_id": messages[1], **given})
    assert library.list().total == 0


def test_corrections_and_choices_that_cannot_be(library: FeedbackLibrary, messages: list[int]) -> None:
    with pytest.raises(UserError, match="correction has 10,001 characters"):
        library.correct("x" * 10_001, "v", message_id=messages[1])
    with pytest.raises(UserError, match="correction is empty"):
        library.correct(" ", "v", message_id=messages[1])
    with pytest.raises(UserError, match="the same answer"):
        library.choose("left", "v", messages=(messages[1], messages[1]))
    with pytest.raises(UserError, match="no choice 'both'"):
        library.choose("both", "v", messages=(messages[1], messages[2]))  # type: ignore[arg-type]
    with pytest.raises(UserError, match="not said which answer"):
        library.choose("left", "v")
    assert library.list().total == 0


def test_the_longest_texts_are_kept_as_they_are(library: FeedbackLibrary) -> None:
    long = "<b>שלום\u202e" * 1_250
    answer = library.add(long * 10, long * 10)
    library.vote("up", "v", answer_id=answer.id, comment=long)
    library.correct(long, "v", answer_id=answer.id)
    (item,) = library.list().items
    assert (item.answer.answer, item.answer.question) == (long * 10, long * 10)
    assert (item.votes[0].comment, item.corrections[0].text) == (long, long)


def test_half_a_character_is_made_whole(library: FeedbackLibrary) -> None:
    answer = library.add("Who \ud800?", "Ann \udfff.")
    library.vote("up", "v", answer_id=answer.id, comment="\ud800")
    (item,) = library.list().items
    assert (item.answer.question, item.votes[0].comment) == ("Who \ufffd?", "\ufffd")


def test_an_answer_added_twice_is_kept_once(library: FeedbackLibrary) -> None:
    one = library.add("Who?", "Ann.", "base")
    assert library.add("Who?", "Ann.", "base") == one
    assert one.model_version == "some/base"
    assert library.add("Who?", "Ann.", "other").id != one.id
    with pytest.raises(UserError, match="question is empty"):
        library.add(" ", "Ann.")
    with pytest.raises(UserError, match="answer is empty"):
        library.add("Who?", "")


def test_feedback_is_edited_with_its_history(library: FeedbackLibrary) -> None:
    answer = library.add("Who?", "Ann.")
    with pytest.raises(NotFoundError, match="gave no thumb"):
        library.edit(answer.id, "v", comment="well")
    library.vote("up", "v", answer_id=answer.id, reasons=["helpful"])
    library.edit(answer.id, "v", comment="well", correction="Bob.")
    edited = library.edit(answer.id, "v", vote="down")
    assert [(vote.vote, vote.reasons, vote.comment) for vote in edited.votes] == [
        ("down", ("helpful",), "well")
    ]
    assert [correction.text for correction in edited.corrections] == ["Bob."]
    edited = library.edit(answer.id, "v", vote="withdrawn", correction="")
    assert (edited.votes, edited.corrections) == ((), ())
    assert len(library.history(answer.id)) == 6


def test_pages(library: FeedbackLibrary) -> None:
    for number in range(5):
        library.add("Who?", str(number))
    page = library.list(page=2, limit=2)
    assert [item.answer.answer for item in page.items] == ["2", "1"]
    assert (page.total, page.page, page.pages) == (5, 2, 3)
    assert library.list(page=9, limit=2).page == 3
    assert library.list(FeedbackFilter(text="nothing")).pages == 1
    with pytest.raises(UserError, match="no page 0"):
        library.list(page=0)


def test_removal(library: FeedbackLibrary) -> None:
    answer = library.add("Who?", "Ann.")
    library.vote("up", "v", answer_id=answer.id)
    library.remove(answer.id)
    assert library.list().total == 0
    with pytest.raises(NotFoundError):
        library.history(answer.id)


def test_counts_by_model(library: FeedbackLibrary) -> None:
    base, mine = library.add("Who?", "Ann.", "base"), library.add("Who?", "Bob.", "mine")
    for voter, vote in (("a", "up"), ("b", "up"), ("c", "down"), ("d", "up")):
        library.vote(vote, voter, answer_id=base.id)  # type: ignore[arg-type]
    library.withdraw("d", answer_id=base.id)
    library.correct("Cem.", "a", answer_id=mine.id)
    for voter, choice in (("a", "left"), ("b", "right"), ("c", "tie"), ("d", "bad"), ("e", "right")):
        library.choose(choice, voter, answers=(base.id, mine.id))  # type: ignore[arg-type]
    of_base, of_mine = library.counts()
    assert (of_base.model, of_base.model_version, of_base.up, of_base.down) == ("base", "some/base", 2, 1)
    assert of_base.liked_share == pytest.approx(2 / 3)
    assert (of_base.wins, of_base.losses, of_base.ties, of_base.both_bad) == (1, 2, 1, 1)
    assert (of_mine.model, of_mine.liked_share, of_mine.corrections, of_mine.wins) == ("mine", None, 1, 2)


def binary(table: list[str]) -> Iterator[Vote]:
    """Votes of a table with a row for each voter; '.' is no vote."""
    for voter, row in enumerate(table):
        for unit, value in enumerate(row):
            if value != ".":
                yield Vote(unit, str(voter), "up" if value == "1" else "down")


@pytest.mark.parametrize(
    ("table", "alpha", "share"),
    [
        # The coincidences of Krippendorff's example of binary data: two voters, ten units, four unlike.
        (["0100000000", "1110010100"], 0.095, 0.6),
        (["01", "01"], 1.0, 1.0),
        (["01", "10"], -0.5, 0.0),
        (["11", "11"], None, 1.0),
        (["01.1", "0111", "..0."], 1 - (2 * 1 / 1) / (2 * 3 * 5 / 7), 0.75),
    ],
)
def test_agreement(table: list[str], alpha: float | None, share: float) -> None:
    agreement = agreement_of(binary(table))
    assert agreement is not None
    assert agreement.alpha == (None if alpha is None else pytest.approx(alpha, abs=0.001))
    assert agreement.share == pytest.approx(share)


def test_no_agreement_without_two_voters_on_an_answer(library: FeedbackLibrary) -> None:
    one, two = library.add("Who?", "Ann."), library.add("Who?", "Bob.")
    library.vote("up", "a", answer_id=one.id)
    library.vote("up", "b", answer_id=two.id)
    assert library.agreement() is None


def test_voters_are_pseudonyms(library: FeedbackLibrary) -> None:
    voter = library.voter("session", "ann")
    assert voter == library.voter("other session", "ann")
    assert len({voter, library.voter("session"), library.voter("ann"), library.voter("", "bob")}) == 4
    assert "ann" not in voter
    assert voter_id("", "ann", "salt") != voter_id("", "ann", "other salt")
    assert len(voter) == 16
