"""From what two models said to the figures of their comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ftdemo.evaluation.drift import Likelihood, forgetting
from ftdemo.evaluation.duel import win_rate, winner
from ftdemo.evaluation.figures import ComparedAnswer, EvaluationFigures
from ftdemo.evaluation.fluency import fluency
from ftdemo.evaluation.wording import wording

JUDGES = {"reward": "the reward model", "held_out_reward": "the held-out reward model"}
"""What judges other than rules are called."""


@dataclass(frozen=True)
class Performance:
    """What one of two models did.

    Args:
        name: what the model is called.
        answers: its answers to the prompts.
        known: how likely it finds the right answers to general questions.
        under_base: how likely the base model finds its answers.
        scores: what each judge says of its answers.
    """

    name: str
    answers: Sequence[str]
    known: Sequence[Likelihood]
    under_base: Sequence[Likelihood]
    scores: Mapping[str, Sequence[float]]


def figures_of(
    questions: Sequence[str], before: Performance, after: Performance, rows: int
) -> EvaluationFigures:
    """Compare two models.

    Args:
        questions: what both were asked.
        before: the model that is compared with.
        after: the model that is evaluated.
        rows: the most questions to keep with both answers.

    Returns:
        All figures but where the prompts come from, and what it took.
    """
    rates = {judge: win_rate(before.scores[judge], after.scores[judge]) for judge in after.scores}
    forgot = forgetting([one.per_token for one in before.known], [one.per_token for one in after.known])
    said = {"before": wording(before.answers), "after": wording(after.answers)}
    repeated = said["before"].repetition, said["after"].repetition
    fluent = fluency(before.under_base, after.under_base, repeated)
    verdicts = [
        rate.verdict(after.name, before.name, JUDGES.get(judge, f"the rule {judge!r}"))
        for judge, rate in rates.items()
    ]
    lengths = (
        f"Answers: {said['before'].mean_words:.0f} words before and {said['after'].mean_words:.0f} after."
    )
    return EvaluationFigures(
        prompts=len(questions),
        before=before.name,
        after=after.name,
        win_rate=next((rate.rate for rate in rates.values()), None),
        win_rates=rates,
        forgetting=forgot,
        fluency=fluent,
        wording=said,
        same=sum(one == other for one, other in zip(before.answers, after.answers, strict=True)),
        verdicts=(*verdicts, forgot.verdict(), fluent.verdict(), lengths),
        answers=tuple(_row(questions, before, after, place) for place in range(min(rows, len(questions)))),
    )


def _row(questions: Sequence[str], before: Performance, after: Performance, place: int) -> ComparedAnswer:
    scores = {judge: (before.scores[judge][place], after.scores[judge][place]) for judge in after.scores}
    return ComparedAnswer(
        question=questions[place],
        before=before.answers[place],
        after=after.answers[place],
        scores={judge: {"before": early, "after": late} for judge, (early, late) in scores.items()},
        winner=next((winner(*of_both) for of_both in scores.values()), None),
    )
