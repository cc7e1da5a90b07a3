"""Figures and sentences of an evaluation, on numbers worked by hand."""

import json
import math

import pytest

from ftdemo.errors import UserError
from ftdemo.evaluation.drift import Likelihood, forgetting, paired_difference
from ftdemo.evaluation.duel import WinRate, win_rate
from ftdemo.evaluation.fluency import fluency, perplexity
from ftdemo.evaluation.general import general_knowledge
from ftdemo.evaluation.judges import rule_judge
from ftdemo.evaluation.prompts import choose_prompts, sample_prompts, typed_questions, voted_prompts
from ftdemo.evaluation.results import Performance, figures_of
from ftdemo.evaluation.wording import distinct, repetition, wording, words
from ftdemo.feedback.preferences import PreferenceData, PreferencePair, RatedAnswer
from ftdemo.feedback.simulated import ShortAnswers
from ftdemo.store.samples import Sample


def test_a_tie_is_half_a_win_and_the_interval_is_wilsons() -> None:
    rate = win_rate([0.0, 1.0, 2.0, 0.5], [1.0, 0.0, 2.0, 0.6])
    assert (rate.wins, rate.ties, rate.losses, rate.rate) == (2, 1, 1, 0.625)
    assert WinRate(8, 0, 2).interval == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert WinRate(7, 2, 1).interval == WinRate(8, 0, 2).interval
    assert json.loads(json.dumps(WinRate(7, 2, 1).as_dict()))["rate"] == 0.8


@pytest.mark.parametrize(
    ("rate", "sentence"),
    [
        (WinRate(31, 0, 9), "By X, B wins 31 of 40 against A (78 %, 62 to 88), more than chance."),
        (WinRate(9, 0, 31), "By X, B wins 9 of 40 against A (22 %, 12 to 38), less than chance."),
        (WinRate(20, 4, 16), "By X, B wins 20 of 40 against A and ties 4 (55 %, 40 to 69): "
                             "that cannot be told from chance."),
        (WinRate(0, 40, 0), "By X, B and A tie on all 40 prompts."),
        (WinRate(0, 0, 0), "Nothing was compared by X."),
    ],
)  # fmt: skip
def test_who_wins_is_said_in_a_sentence(rate: WinRate, sentence: str) -> None:
    assert rate.verdict("B", "A", "X") == sentence


def test_repeated_runs_of_words() -> None:
    assert repetition("one two three four") == 0
    assert repetition("a b c d a b c d") == pytest.approx(1 / 5)  # abcd bcda cdab dabc abcd
    assert repetition("No. " * 8) == pytest.approx(4 / 5)
    assert repetition("a b a b", size=2) == pytest.approx(1 / 3)
    assert repetition("") == 0


def test_variety_over_all_answers() -> None:
    assert distinct(["a b", "A c"], 1) == 3 / 4
    assert distinct(["a b", "a b"], 2) == 1 / 4
    assert distinct([], 1) == 0
    assert words("巴黎是 France's 首都") == ["巴", "黎", "是", "france's", "首", "都"]
    found = wording(["a b c", "d"])
    assert (found.answers, found.mean_words, found.repetition, found.distinct_1) == (2, 2.0, 0.0, 1.0)


def test_differences_are_taken_pair_by_pair() -> None:
    found = paired_difference([1.0, 2.0, 3.0], [2.0, 4.0, 6.0])
    half = 1.959964 * 1.0 / math.sqrt(3)
    assert (found.mean, found.low, found.high) == pytest.approx((2.0, 2 - half, 2 + half))
    assert paired_difference([1.0], [2.0]).low == -math.inf


def test_forgetting_in_percent_and_words() -> None:
    lost = forgetting([-1.0, -2.0, -3.0], [-1.5, -2.4, -3.6])
    assert (lost.before, lost.after, lost.fell_percent) == pytest.approx((-2.0, -2.5, 25.0))
    assert lost.forgot
    assert "3 general questions fell by 25.0 % (-2.00 to -2.50 per token): some" in lost.verdict()
    assert forgetting([-1.0, -2.0], [-0.9, -1.9]).learned
    unclear = forgetting([-1.0, -2.0, -3.0], [-3.0, -1.0, -2.5])
    assert unclear.verdict().endswith("which cannot be told from chance.")
    assert forgetting([-1.0], [-1.0]).verdict().endswith("as likely as before.")
    single = json.loads(json.dumps(forgetting([-1.0], [-2.0]).as_dict(), allow_nan=False))
    assert single["change"] == {"mean": -1.0, "low": None, "high": None}


def test_fluency_is_perplexity_over_all_tokens() -> None:
    texts = [Likelihood(-2.0, 4), Likelihood(-4.0, 2)]
    assert perplexity(texts) == pytest.approx(math.e)
    assert fluency(texts, texts, (0, 0)).verdict().endswith("they do not surprise it more.")
    later = [Likelihood(logprob, 2) for logprob in (-2.0, -2.1, -1.9)]
    worse = fluency([Likelihood(-1.0, 2)] * 3, later, (0, 0.1))
    assert worse.rose
    assert "is 1.65 before and 2.72 after, and 0 % and 10 % of" in worse.verdict()
    assert worse.verdict().endswith("they surprise it more, within bounds.")


@pytest.mark.parametrize(
    ("logprob", "repeated", "said"),
    [
        (-1.0, (0.05, 0.21), ["by over 15 points more."]),
        (-1.7, (0.05, 0.1), ["over 2 times as much"]),
        (-1.7, (0.05, 0.6), ["over 2 times as much", "repeat themselves"]),
        (-1.6, (0.05, 0.19), []),
    ],
)
def test_fluency_has_bounds(logprob: float, repeated: tuple[float, float], said: list[str]) -> None:
    found = fluency([Likelihood(-1.0, 1)] * 3, [Likelihood(logprob, 1)] * 3, repeated)
    assert found.within_bounds == found.as_dict()["within_bounds"] == (not said)
    assert ("Out of bounds" in found.verdict()) == bool(said)
    assert all(one in found.verdict() for one in said)


def test_judges_who_go_by_a_rule() -> None:
    assert rule_judge("question")([], "Is it?") > rule_judge("question")([], "It is.")
    assert rule_judge("without: As an AI")([], "Yes.") > rule_judge("without:as an ai")([], "As an AI, no.")
    short, voter = rule_judge("short"), ShortAnswers()
    for left, right in (("a b", "a"), ("a", ""), ("a", "b"), ("a b c", "")):
        wins = {1: "left", 0: "tie", -1: "right"}
        scores = short([], left), short([], right)
        assert wins[(scores[0] > scores[1]) - (scores[0] < scores[1])] == voter.prefers(left, right)
    for wrong in ("long", "without:", ""):
        with pytest.raises(UserError, match="no rule"):
            rule_judge(wrong)


def test_prompts_of_several_sources_are_taken_once_and_in_turn() -> None:
    typed = typed_questions(["  Why? ", "", "How?"])
    assert typed.prompts == [({"role": "user", "content": "Why?"},), ({"role": "user", "content": "How?"},)]
    samples = [Sample("How?", "so")] + [Sample(f"q{number}", "a", system="Be kind.") for number in range(10)]
    set_prompts = sample_prompts("facts", samples)
    assert set_prompts.prompts[1][0] == {"role": "system", "content": "Be kind."}
    assert set_prompts.prompts[1][-1] == {"role": "user", "content": "q0"}
    chosen, told = choose_prompts([typed, set_prompts], 6)
    assert [prompt[-1]["content"] for prompt in chosen] == ["Why?", "How?", "q0", "q2", "q5", "q7"]
    assert told == [
        {"source": "questions", "prompts": 2}, {"source": "held-out samples of facts", "prompts": 4},
    ]  # fmt: skip
    assert choose_prompts([], 5) == ([], [])
    assert sample_prompts("facts", [], samples).source == "samples to learn from of facts"


def test_only_votes_kept_back_are_compared_on() -> None:
    def prompt(text: str) -> tuple[dict[str, str], ...]:
        return ({"role": "user", "content": text},)

    data = PreferenceData(
        (PreferencePair(prompt("learned"), "a", "b"),), (),
        (PreferencePair(prompt("one"), "a", "b"),), (RatedAnswer(prompt("two"), "c", True),),
    )  # fmt: skip
    assert voted_prompts(data).prompts == [prompt("one"), prompt("two")]


def test_general_questions_are_there_and_differ() -> None:
    pairs = general_knowledge()
    assert len({question for question, _ in pairs}) == len(pairs) == 40
    assert all(question and answer for question, answer in pairs)


def test_all_figures_together() -> None:
    def side(name: str, answers: list[str], scores: list[float]) -> Performance:
        read = [Likelihood(-1.0, 2) for _ in answers]
        return Performance(name, answers, read, read, {"reward": scores, "short": [0.0, 0.0]})

    found = figures_of(
        ["q", "r"], side("base", ["a", "b"], [0.0, 0.0]), side("mine", ["a", "c"], [0.0, 1.0]), 1
    ).as_dict()
    assert (found["prompts"], found["same"], found["win_rate"]) == (2, 1, 0.75)
    assert found["win_rates"]["short"]["ties"] == 2
    assert found["answers"] == [{
        "question": "q", "before": "a", "after": "a", "winner": "tie",
        "scores": {"reward": {"before": 0.0, "after": 0.0}, "short": {"before": 0.0, "after": 0.0}},
    }]  # fmt: skip
    assert found["verdicts"][0].startswith("By the reward model, mine wins 1 of 2 against base and ties 1")
    assert len(found["verdicts"]) == 5
    json.dumps(found, allow_nan=False)
