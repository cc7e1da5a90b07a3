"""Figures over all feedback: what each model was told, and how far voters agree."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ftdemo.store.feedback import AnswerSnapshot, Choice, Correction, Vote


@dataclass(frozen=True)
class ModelCounts:
    """What a model was told.

    Args:
        model: the model's name when its answers were rated.
        model_version: which model that was.
        answers: answers that were kept.
        up: thumbs up, one a voter and answer.
        down: thumbs down.
        liked_share: up over both, from 0 to 1; None without a thumb.
        corrections: answers written by voters instead.
        wins: A/B choices for its answer.
        losses: A/B choices for the other side's answer.
        ties: A/B choices for neither.
        both_bad: A/B choices that found both bad.
    """

    model: str
    model_version: str | None
    answers: int
    up: int
    down: int
    liked_share: float | None
    corrections: int
    wins: int
    losses: int
    ties: int
    both_bad: int


@dataclass(frozen=True)
class Agreement:
    """How far voters agree about answers that several of them voted on.

    Args:
        alpha: Krippendorff's alpha: 1 is agreement, 0 what chance gives, below 0 is worse than that; None if
            all votes are the same, for then chance agrees too.
        share: share of pairs of votes on the same answer that are alike, from 0 to 1.
        answers: answers with two votes or more.
        voters: voters of those.
    """

    alpha: float | None
    share: float
    answers: int
    voters: int


def counts_of(
    answers: Iterable[AnswerSnapshot],
    votes: Iterable[Vote],
    corrections: Iterable[Correction],
    choices: Iterable[Choice],
) -> list[ModelCounts]:
    """What each model was told, by name.

    Args:
        answers: the answers that were kept.
        votes: the votes that stand.
        corrections: the corrections that stand.
        choices: the choices that stand.
    """
    made_by = {answer.id: (answer.model, answer.model_version) for answer in answers}
    told: dict[tuple[str, str | None], Counter[str]] = defaultdict(Counter)
    for model in made_by.values():
        told[model]["answers"] += 1
    for vote in votes:
        told[made_by[vote.answer_id]][vote.vote] += 1
    for correction in corrections:
        told[made_by[correction.answer_id]]["corrections"] += 1
    for choice in choices:
        for mine, side in ((choice.left_id, "left"), (choice.right_id, "right")):
            told[made_by[mine]][_result(choice, side)] += 1
    return [
        _counts(model, version, told[model, version])
        for model, version in sorted(told, key=lambda key: (key[0], key[1] or ""))
    ]


def choices_between(
    made_by: Mapping[int, str | None], choices: Iterable[Choice], version: str, other: str
) -> Counter[str]:
    """How often voters chose one model's answer over another's.

    Args:
        made_by: the model version of each answer, by the answer's number.
        choices: the choices that stand.
        version: the model that is asked about, by the version that its answers name.
        other: the model it stood beside.

    Returns:
        How many are 'wins', 'losses', 'ties' and 'both_bad'.
    """
    told: Counter[str] = Counter()
    for choice in choices:
        sides = {"left": made_by[choice.left_id], "right": made_by[choice.right_id]}
        if sorted(map(str, sides.values())) == sorted((version, other)) and version != other:
            told[_result(choice, "left" if sides["left"] == version else "right")] += 1
    return told


def agreement_of(votes: Iterable[Vote]) -> Agreement | None:
    """How far voters agree, or None if no answer has two votes.

    Krippendorff's alpha for nominal data, which takes any number of voters and answers that not all of them
    saw: 1 - D_o / D_e, the observed over the expected disagreement, from the table of coincidences (K.
    Krippendorff, 'Computing Krippendorff's Alpha-Reliability', University of Pennsylvania, 2011, section C).

    Args:
        votes: the votes that stand.
    """
    units: dict[int, list[Vote]] = defaultdict(list)
    for vote in votes:
        units[vote.answer_id].append(vote)
    shared = [unit for unit in units.values() if len(unit) > 1]
    if not shared:
        return None
    disagreement = 0.0
    pairs = unlike = 0
    values: Counter[str] = Counter()
    for unit in shared:
        seen = Counter(vote.vote for vote in unit)
        values += seen
        # Each ordered pair of unlike votes counts 1 / (m - 1), so that an answer counts by its votes.
        mixed = seen["up"] * seen["down"]
        disagreement += 2 * mixed / (len(unit) - 1)
        pairs += len(unit) * (len(unit) - 1) // 2
        unlike += mixed
    total = values.total()
    expected = 2 * values["up"] * values["down"] / (total - 1)
    return Agreement(
        alpha=1 - disagreement / expected if expected else None,
        share=1 - unlike / pairs,
        answers=len(shared),
        voters=len({vote.voter for unit in shared for vote in unit}),
    )


def _result(choice: Choice, side: str) -> str:
    if choice.choice in ("left", "right"):
        return "wins" if choice.choice == side else "losses"
    return "ties" if choice.choice == "tie" else "both_bad"


def _counts(model: str, version: str | None, told: Counter[str]) -> ModelCounts:
    thumbs = told["up"] + told["down"]
    names = ("answers", "up", "down", "corrections", "wins", "losses", "ties", "both_bad")
    share = told["up"] / thumbs if thumbs else None
    return ModelCounts(model, version, liked_share=share, **{name: told[name] for name in names})
