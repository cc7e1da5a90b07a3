"""The figures of a reward model: of its training, and what it is worth on votes it has not seen.

No torch is imported here.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from ftdemo.store.figures import RunFigures
from ftdemo.store.records import stored_as


@dataclass(frozen=True)
class CalibrationPart:
    """Votes of which the model was about equally sure.

    Args:
        foretold: their mean probability of being foreseen, by the model itself.
        came: the share that was foreseen.
        votes: how many they are.
    """

    foretold: float
    came: float
    votes: int


@dataclass(frozen=True)
class ScoreBin:
    """How many answers have a score between two bounds.

    Args:
        low: the lower bound.
        high: the upper bound.
        liked: liked or preferred answers.
        disliked: the others.
    """

    low: float = field(metadata=stored_as("from"))
    high: float = field(metadata=stored_as("to"))
    liked: int
    disliked: int


@dataclass(frozen=True)
class Mistake:
    """A vote that was foreseen wrongly; see `sheet.Judged`.

    Args:
        margin: by how much, below 0.
    """

    question: str
    better: str | None = None
    worse: str | None = None
    better_score: float | None = None
    worse_score: float | None = None
    margin: float | None = None


LONG = 0.5
"""Correlation of scores with length from which on it is worth a warning."""


@dataclass(frozen=True, kw_only=True)
class RewardFigures(RunFigures):
    """The figures of a reward model.

    Args:
        pairs: pairs of answers learned from.
        thumbs: single answers learned from.
        held_out_pairs: pairs measured with.
        held_out_thumbs: single answers measured with.
        held_out_votes: both together.
        right: those of them that were foreseen.
        accuracy: their share.
        interval: the 95 % interval of that.
        chance: what guessing the commoner outcome reaches.
        learned: whether the interval lies above chance.
        verdict: that in a sentence.
        more_votes_needed: votes that would show that it is no accident; None where more would not help.
        calibration: of each fifth of the votes by confidence: what was foretold and what came.
        histogram: how many liked and disliked answers have which score.
        length_correlation: of the scores with the answers' length in words.
        vote_length_correlation: of the votes with it.
        mistakes: the worst.
    """

    ALWAYS: ClassVar[frozenset[str]] = frozenset({
        "final_loss", "more_votes_needed", "calibration", "histogram", "length_correlation",
        "vote_length_correlation", "mistakes",
    })  # fmt: skip

    pairs: int | None = None
    thumbs: int | None = None
    held_out_pairs: int | None = None
    held_out_thumbs: int | None = None
    held_out_votes: int | None = None
    right: int | None = None
    accuracy: float | None = None
    interval: tuple[float, float] | None = None
    chance: float | None = None
    learned: bool | None = None
    verdict: str | None = None
    more_votes_needed: int | None = None
    calibration: tuple[CalibrationPart, ...] = ()
    histogram: tuple[ScoreBin, ...] = ()
    length_correlation: float | None = None
    vote_length_correlation: float | None = None
    mistakes: tuple[Mistake, ...] = ()

    @property
    def follows_length(self) -> bool:
        """Whether the scores follow the answers' length, and more than the votes do."""
        scores, votes = abs(self.length_correlation or 0.0), self.vote_length_correlation
        return scores >= LONG and (votes is None or abs(votes) < scores - 0.2)

    @property
    def votes(self) -> int:
        """The votes learned from."""
        return (self.pairs or 0) + (self.thumbs or 0)
