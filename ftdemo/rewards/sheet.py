"""What a reward model is worth, measured on votes that it has not seen."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from ftdemo.feedback.preferences import PreferencePair, RatedAnswer
from ftdemo.rewards.figures import CalibrationPart, Mistake, RewardFigures, ScoreBin
from ftdemo.statistics import trials_to_tell, wilson_interval

BINS = 5
HISTOGRAM_BINS = 12
MISTAKES = 5


@dataclass(frozen=True)
class Judged:
    """A held-out vote with the scores the model gave.

    Args:
        question: the last question of the prompt.
        better: the answer that was preferred or liked; of a disliked answer, None.
        worse: the answer that was not preferred or disliked; of a liked answer, None.
        better_score: the score of the first.
        worse_score: the score of the second.
    """

    question: str
    better: str | None
    worse: str | None
    better_score: float | None
    worse_score: float | None

    @property
    def margin(self) -> float:
        """How clearly the vote was foreseen; a thumb is compared with a score of 0. Below 0 is a mistake."""
        return (self.better_score or 0.0) - (self.worse_score or 0.0)


def judge(
    pairs: Sequence[PreferencePair], rated: Sequence[RatedAnswer], scores: Sequence[float]
) -> list[Judged]:
    """Put held-out votes and the scores of their answers (pairs first, chosen before rejected) together."""
    judged = [
        Judged(pair.prompt[-1]["content"], pair.chosen, pair.rejected, better, worse)
        for pair, better, worse in zip(
            pairs, scores[0 : 2 * len(pairs) : 2], scores[1 : 2 * len(pairs) : 2], strict=True
        )
    ]
    for one, score in zip(rated, scores[2 * len(pairs) :], strict=True):
        question = one.prompt[-1]["content"]
        judged.append(
            Judged(question, one.answer, None, score, None)
            if one.liked
            else Judged(question, None, one.answer, None, score)
        )
    return judged


def reward_sheet(judged: Sequence[Judged], held_out_share: float) -> RewardFigures:
    """What a reward model is worth.

    Args:
        judged: the held-out votes.
        held_out_share: share of the votes that are held out, to tell how many more are needed.

    Returns:
        The figures that are of the held-out votes; the others are empty.
    """
    margins = np.array([one.margin for one in judged])
    right = int((margins > 0).sum())
    trials = len(judged)
    accuracy = right / trials if trials else 0.0
    low, high = wilson_interval(right, trials)
    chance = _chance(judged)
    more = None if low > chance else _more_votes(accuracy, chance, trials, held_out_share)
    scores_and_length, votes_and_length = _length(judged)
    return RewardFigures(
        held_out_votes=trials,
        right=right,
        accuracy=accuracy,
        interval=(low, high),
        chance=chance,
        learned=low > chance,
        verdict=_verdict(right, trials, low, high, chance, more),
        more_votes_needed=more,
        calibration=_calibration(margins),
        histogram=_histogram(judged),
        length_correlation=scores_and_length,
        vote_length_correlation=votes_and_length,
        mistakes=tuple(
            Mistake(**asdict(one), margin=one.margin)
            for one in sorted(judged, key=lambda one: one.margin)[:MISTAKES]
            if one.margin <= 0
        ),
    )


def _chance(judged: Sequence[Judged]) -> float:
    """What is right without looking: half of the pairs, and the commoner of thumbs up and down."""
    if not judged:
        return 0.5
    pairs = sum(one.better is not None and one.worse is not None for one in judged)
    up = sum(one.worse is None for one in judged)
    down = sum(one.better is None for one in judged)
    return (pairs / 2 + max(up, down)) / len(judged)


def _more_votes(accuracy: float, chance: float, trials: int, held_out_share: float) -> int | None:
    """Votes still to be given until as good an accuracy would tell; None if it never would.

    Only a share of them is held out, and only those are measured with, so that many more are needed.
    """
    needed = trials_to_tell(accuracy, chance)
    if needed is None:
        return None
    # Rounded up, but not for what dividing by such as 0.1 leaves behind the point.
    return math.ceil(round((needed - trials) / held_out_share, 6))


def _verdict(right: int, trials: int, low: float, high: float, chance: float, more: int | None) -> str:
    seen = (
        f"{right} of {trials} held-out votes foreseen "
        f"({100 * right / max(trials, 1):.0f} %, 95 % interval {100 * low:.0f} to {100 * high:.0f} %)"
    )
    if low > chance:
        return f"{seen}: better than guessing without reading them, which would reach {100 * chance:.0f} %."
    nothing = f"{seen}: that cannot be told from guessing without reading them ({100 * chance:.0f} %)."
    if more is None:
        return f"{nothing} It learned nothing that holds for other answers; are the votes consistent?"
    return f"{nothing} If it stays as good, about {more} more votes would show that it is no accident."


def _calibration(margins: np.ndarray) -> tuple[CalibrationPart, ...]:
    """Of votes ordered by confidence |margin|: the mean of σ(|margin|), and the share foreseen rightly."""
    if not len(margins):
        return ()
    order = np.argsort(np.abs(margins))
    parts = np.array_split(order, min(BINS, len(margins)))
    return tuple(
        CalibrationPart(
            foretold=float((1 / (1 + np.exp(-np.abs(margins[part])))).mean()),
            came=float((margins[part] > 0).mean()),
            votes=len(part),
        )
        for part in parts
    )


def _histogram(judged: Sequence[Judged]) -> tuple[ScoreBin, ...]:
    """How many liked and disliked answers have a score between two bounds."""
    liked = [one.better_score for one in judged if one.better_score is not None]
    disliked = [one.worse_score for one in judged if one.worse_score is not None]
    if not liked and not disliked:
        return ()
    edges = np.histogram_bin_edges(np.array([*liked, *disliked]), bins=HISTOGRAM_BINS)
    up, _ = np.histogram(liked, edges)
    down, _ = np.histogram(disliked, edges)
    return tuple(
        ScoreBin(float(edges[place]), float(edges[place + 1]), int(up[place]), int(down[place]))
        for place in range(HISTOGRAM_BINS)
    )


def _length(judged: Sequence[Judged]) -> tuple[float | None, float | None]:
    """Correlations with length in words: of the scores, and of what people preferred."""
    words: list[int] = []
    scores: list[float] = []
    liked: list[float] = []
    for one in judged:
        for text, score, up in ((one.better, one.better_score, 1.0), (one.worse, one.worse_score, 0.0)):
            if text is not None and score is not None:
                words.append(len(text.split()))
                scores.append(score)
                liked.append(up)
    return _correlation(scores, words), _correlation(liked, words)


def _correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Pearson's correlation, or None where one of them does not vary."""
    if len(first) < 3 or np.std(first) == 0 or np.std(second) == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])
