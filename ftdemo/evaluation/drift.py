"""What tuning took away: likelihoods before and after, compared text by text.

Both models read the same texts, so what is uncertain is only the mean of the differences: its 95 % interval
is mean ± 1.96 · standard deviation / √n.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from ftdemo.statistics import Z_95


@dataclass(frozen=True)
class Difference:
    """A mean difference between pairs.

    Args:
        mean: after less before.
        low: lower end of its 95 % interval.
        high: upper end.
    """

    mean: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float | None]:
        """As JSON can hold it: an endless interval has no ends there."""
        return {name: value if math.isfinite(value) else None for name, value in asdict(self).items()}

    @classmethod
    def from_record(cls, record: Mapping[str, float | None]) -> Self:
        """Of what `as_dict` made."""
        low, high = record.get("low"), record.get("high")
        return cls(
            record.get("mean") or 0.0,
            -math.inf if low is None else low,
            math.inf if high is None else high,
        )


def paired_difference(before: Sequence[float], after: Sequence[float]) -> Difference:
    """The mean difference; of fewer than two pairs its interval is endless."""
    differences = [late - early for early, late in zip(before, after, strict=True)]
    if len(differences) < 2:
        mean = sum(differences)
        return Difference(mean, -math.inf, math.inf)
    mean = statistics.fmean(differences)
    half = Z_95 * statistics.stdev(differences) / math.sqrt(len(differences))
    return Difference(mean, mean - half, mean + half)


@dataclass(frozen=True)
class Forgetting:
    """How likely the right answers to general questions are, that nobody tuned for.

    Args:
        questions: how many there are.
        before: mean over the answers of the log-probability per token, in nats.
        after: the same after tuning.
        change: after less before, with its 95 % interval.
        forgot: whether the answers became less likely, beyond chance.
        learned: whether they became likelier, beyond chance.
    """

    questions: int
    before: float
    after: float
    change: Difference
    forgot: bool
    learned: bool

    @property
    def fell_percent(self) -> float:
        """By how much the log-probability fell, in percent of what it was; below 0 it rose."""
        return 100 * (self.before - self.after) / abs(self.before) if self.before else 0.0

    def verdict(self) -> str:
        """Say in a sentence what was forgotten."""
        if not self.questions:
            return "Nothing was asked of general knowledge."
        if self.change.mean == 0:
            return (
                f"Forgetting: answers to {self.questions} general questions are exactly as likely as before."
            )
        moved = "fell" if self.fell_percent >= 0 else "rose"
        seen = (
            f"Forgetting: the mean log-probability of the answers to {self.questions} general questions "
            f"{moved} by {abs(self.fell_percent):.1f} % ({self.before:.2f} to {self.after:.2f} per token)"
        )
        if self.forgot:
            return f"{seen}: some of what the model knew was lost."
        if self.learned:
            return f"{seen}: nothing was lost."
        return f"{seen}, which cannot be told from chance."

    def as_dict(self) -> dict[str, Any]:
        """As it is stored with a job."""
        return {**asdict(self), "change": self.change.as_dict(), "fell_percent": self.fell_percent}


def forgetting(before: Sequence[float], after: Sequence[float]) -> Forgetting:
    """Compare log-probabilities per token of the same answers.

    Args:
        before: one for each answer, in nats.
        after: the same after tuning.
    """
    change = paired_difference(before, after)
    return Forgetting(
        questions=len(before),
        before=statistics.fmean(before) if before else 0.0,
        after=statistics.fmean(after) if after else 0.0,
        change=change,
        forgot=change.high < 0,
        learned=change.low > 0,
    )


@dataclass(frozen=True)
class Likelihood:
    """How likely a model finds a text.

    Args:
        logprob: sum over its tokens of the log-probability given all before, in nats.
        tokens: how many they are.
    """

    logprob: float
    tokens: int

    @property
    def per_token(self) -> float:
        """The mean over its tokens."""
        return self.logprob / self.tokens
