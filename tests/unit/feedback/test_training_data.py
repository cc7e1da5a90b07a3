from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftdemo.errors import UserError
from ftdemo.feedback import FeedbackFilter, FeedbackLibrary
from ftdemo.feedback.simulated import (
    RandomVoter,
    ShortAnswers,
    SimulatedVoter,
    ends_in_question,
    without_phrase,
)
from ftdemo.feedback.training_data import PreferenceSummary, fitting_method, preference_data
from ftdemo.store import Store


@pytest.fixture
def library(store: Store) -> FeedbackLibrary:
    return FeedbackLibrary(store)


def everything(store: Store, **options: Any) -> tuple[list[Any], list[Any], PreferenceSummary]:
    """All pairs as (question, chosen, rejected, source), all thumbs, and the summary."""
    data, summary = preference_data(store, **options)
    pairs = [
        (pair.prompt[-1]["content"], pair.chosen, pair.rejected, pair.source)
        for pair in (*data.pairs, *data.held_out_pairs)
    ]
    rated = [(row.answer, row.liked) for row in (*data.rated, *data.held_out_rated)]
    return sorted(pairs), sorted(rated), summary


def choose(library: FeedbackLibrary, question: str, left: str, right: str, **choices: str) -> None:
    sides = library.add(question, left).id, library.add(question, right).id
    for voter, choice in choices.items():
        library.choose(choice, voter, answers=sides)  # type: ignore[arg-type]


def vote(library: FeedbackLibrary, question: str, answer: str, **votes: str) -> None:
    kept = library.add(question, answer)
    for voter, kind in votes.items():
        library.vote(kind, voter, answer_id=kept.id)  # type: ignore[arg-type]


def test_nothing_is_nothing(store: Store) -> None:
    pairs, rated, summary = everything(store)
    assert (pairs, rated, summary.prompts, summary.total_pairs) == ([], [], 0, 0)
    assert fitting_method(summary) is None


def test_choices_become_pairs_by_majority(store: Store, library: FeedbackLibrary) -> None:
    choose(library, "q", "a", "b", v="left", w="right", x="right")
    choose(library, "even", "a", "b", v="left", w="right")
    choose(library, "tie", "a", "b", v="tie")
    pairs, rated, summary = everything(store)
    assert pairs == [("q", "b", "a", "choice")]
    assert rated == []
    assert (summary.conflicts, summary.dropped, summary.ties, summary.prompts) == (2, 1, 1, 1)


def test_the_latest_choice_counts_on_whichever_side(store: Store, library: FeedbackLibrary) -> None:
    choose(library, "q", "a", "b", v="left")
    choose(library, "q", "b", "a", v="left")
    assert everything(store)[0] == [("q", "b", "a", "choice")]


def test_both_bad_is_a_thumb_down_on_both(store: Store, library: FeedbackLibrary) -> None:
    choose(library, "q", "a", "b", v="bad")
    pairs, rated, summary = everything(store)
    assert (pairs, rated) == ([], [("a", False), ("b", False)])
    assert (summary.both_bad, summary.down, summary.unpaired) == (1, 2, 2)


def test_a_correction_is_better_than_what_it_corrects(store: Store, library: FeedbackLibrary) -> None:
    answer = library.add("q", "a")
    library.correct("better", "v", answer_id=answer.id)
    library.correct("a", "w", answer_id=answer.id)
    assert everything(store)[0] == [("q", "better", "a", "correction")]
    library.correct(None, "v", answer_id=answer.id)
    assert everything(store)[0] == []


def test_a_correction_against_a_choice_is_a_contradiction(store: Store, library: FeedbackLibrary) -> None:
    choose(library, "q", "a", "b", v="left")
    library.correct("b", "w", answer_id=library.add("q", "a").id)
    pairs, _, summary = everything(store)
    assert (pairs, summary.conflicts, summary.dropped) == ([], 1, 1)


def test_thumbs_by_majority_become_pairs_within_a_prompt(store: Store, library: FeedbackLibrary) -> None:
    vote(library, "q", "good", v="up", w="up", x="down")
    vote(library, "q", "bad", v="down")
    vote(library, "q", "worse", v="down")
    vote(library, "q", "even", v="up", w="down")
    vote(library, "other", "alone", v="up")
    pairs, rated, summary = everything(store)
    assert pairs == [("q", "good", "bad", "thumbs"), ("q", "good", "worse", "thumbs")]
    assert rated == [("alone", True), ("bad", False), ("good", True), ("worse", False)]
    assert (summary.up, summary.down, summary.unpaired) == (2, 2, 1)
    assert (summary.conflicts, summary.dropped, summary.prompts) == (2, 1, 2)
    assert summary.pairs == {"thumbs": 2}


def test_no_prompt_outweighs_the_others(store: Store, library: FeedbackLibrary) -> None:
    for number in range(20):
        vote(library, "q", f"good {number}", v="up")
        vote(library, "q", f"bad {number}", v="down")
    pairs, rated, summary = everything(store)
    assert (len(pairs), len(rated), summary.unpaired) == (20, 40, 0)


def test_choices_are_asked_before_thumbs(store: Store, library: FeedbackLibrary) -> None:
    choose(library, "q", "a", "b", v="left")
    vote(library, "q", "a", w="down")
    vote(library, "q", "b", w="up")
    assert everything(store)[0] == [("q", "a", "b", "choice")]


def test_answers_that_cannot_be_a_pair_are_counted(store: Store, library: FeedbackLibrary) -> None:
    same = library.add("q", "a", "base"), library.add("q", "a", "mine")
    library.choose("left", "v", answers=(same[0].id, same[1].id))
    library.choose("left", "v", answers=(same[0].id, library.add("other", "b").id))
    pairs, _, summary = everything(store)
    assert (pairs, summary.unusable) == ([], 2)


def test_feedback_is_filtered(store: Store, library: FeedbackLibrary) -> None:
    base, mine = library.add("q", "a", "base"), library.add("q", "b", "mine")
    library.vote("up", "v", answer_id=base.id)
    library.vote("down", "w", answer_id=mine.id)
    library.choose("left", "v", answers=(base.id, mine.id))
    rated = everything(store, wanted=FeedbackFilter(models=("base",)))
    assert rated[:2] == ([], [("a", True)])
    assert rated[2].models == ("base",)
    assert everything(store, wanted=FeedbackFilter(voters=("w",)))[:2] == ([], [("b", False)])
    assert everything(store, wanted=FeedbackFilter(since="2999-01-01"))[:2] == ([], [])


@pytest.mark.parametrize("prompts", [1, 3, 4, 5, 40])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_prompt_is_on_both_sides(store: Store, library: FeedbackLibrary, prompts: int, seed: int) -> None:
    for number in range(prompts):
        choose(library, f"q{number}", "a", "b", v="left")
        vote(library, f"q{number}", "a", v="up")
        vote(library, f"q{number}", "c", v="down")
    data, summary = preference_data(store, seed=seed)
    rows: tuple[Any, ...] = (*data.pairs, *data.rated)
    held_out: tuple[Any, ...] = (*data.held_out_pairs, *data.held_out_rated)
    learned = {row.prompt[0]["content"] for row in rows}
    measured = {row.prompt[0]["content"] for row in held_out}
    assert not learned & measured
    assert learned
    assert len(learned | measured) == summary.prompts == prompts
    assert len(measured) == summary.held_out_prompts
    if prompts >= 4:
        assert measured
    if prompts == 40:
        assert 4 <= len(measured) <= 18
        choose(library, "one more", "a", "b", v="left")
        again = preference_data(store, seed=seed)[0]
        assert all(pair in again.held_out_pairs for pair in data.held_out_pairs)
        assert preference_data(store, seed=seed)[0] == again
    assert preference_data(store, held_out=0)[1].held_out_prompts == 0


def test_share_out_of_bounds(store: Store) -> None:
    with pytest.raises(UserError, match="share is 1"):
        preference_data(store, held_out=1)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from("pq"), st.sampled_from("abc"), st.sampled_from("abc"),
            st.sampled_from(["left", "right", "tie", "bad", "up", "down"]), st.sampled_from("vwx"),
        ),
        max_size=25,
    )
)  # fmt: skip
def test_no_pair_contradicts_another(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, str, str, str, str]]
) -> None:
    store = Store(tmp_path_factory.mktemp("any") / "ftdemo.db")
    library = FeedbackLibrary(store)
    for question, left, right, kind, voter in said:
        if kind in ("up", "down"):
            vote(library, question, left, **{voter: kind})
        elif left != right:
            choose(library, question, left, right, **{voter: kind})
    pairs, rated, summary = everything(store)
    preferred = {(question, chosen, rejected) for question, chosen, rejected, _ in pairs}
    assert len(preferred) == len(pairs) == summary.total_pairs
    assert not any((question, b, a) in preferred for question, a, b in preferred)
    assert all(a != b for _, a, b in preferred)
    assert len(rated) == summary.up + summary.down
    assert summary.dropped <= summary.conflicts


def summary_of(pairs: int, unpaired: int) -> PreferenceSummary:
    return PreferenceSummary({"choice": pairs}, 0, 0, unpaired, 0, 0, 0, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("pairs", "unpaired", "reward_model", "method"),
    [
        (30, 5, False, "dpo"),
        (30, 5, True, "dpo"),
        (3, 40, False, "kto"),
        (1, 0, False, "dpo"),
        (2, 1, True, "ppo"),
        (0, 0, True, "ppo"),
    ],
)
def test_the_method_that_fits(pairs: int, unpaired: int, reward_model: bool, method: str) -> None:
    fit = fitting_method(summary_of(pairs, unpaired), reward_model)
    assert fit is not None
    assert fit.method == method
    assert fit.reason.endswith(".")


@pytest.mark.parametrize(
    ("voter", "liked", "disliked"),
    [
        (ShortAnswers(), "A short one.", "word " * 25),
        (ends_in_question(), "Does it?” ", "It does. Does it? No."),
        (without_phrase("As an AI"), "I like it.", "Well, as an ai I do."),
    ],
)
def test_simulated_voters_keep_to_their_rule(voter: SimulatedVoter, liked: str, disliked: str) -> None:
    assert voter.likes(liked)
    assert not voter.likes(disliked)
    assert voter.prefers(liked, disliked) == "left"
    assert voter.prefers(disliked, liked) == "right"
    assert voter.prefers(liked, liked) == "tie"


def test_no_answer_is_not_a_short_one() -> None:
    assert not ShortAnswers().likes(" ")
    assert ShortAnswers().prefers("", "yes") == "right"


def test_random_voters_differ_but_each_is_constant() -> None:
    answers = [f"answer {number}" for number in range(200)]
    votes = [[RandomVoter(seed).likes(answer) for answer in answers] for seed in (1, 2, 1)]
    assert votes[0] == votes[2] != votes[1]
    assert 60 < sum(votes[0]) < 140
    voter = RandomVoter()
    assert {voter.prefers(left, "x") for left in answers} == {"left", "right"}
    assert (voter.prefers("a", "b") == "left") == (voter.prefers("b", "a") == "right")
    assert voter.prefers("a", "a") == "tie"
    assert not any(RandomVoter(likes_share=0).likes(answer) for answer in answers)
