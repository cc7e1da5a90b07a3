"""Who wins: two models answer the same prompts, and a judge scores each answer."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ftdemo.statistics import wilson_interval

Winner = Literal["before", "after", "tie"]


@dataclass(frozen=True)
class WinRate:
    """How often a model's answers were better than those of the one it is compared with.

    Args:
        wins: its answer was better.
        ties: none was.
        losses: the other's answer was better.
    """

    wins: int = 0
    ties: int = 0
    losses: int = 0

    @property
    def comparisons(self) -> int:
        """Prompts that both answered."""
        return self.wins + self.ties + self.losses

    @property
    def rate(self) -> float:
        """Share of wins, a tie being half a win; a half without comparisons."""
        return (self.wins + self.ties / 2) / self.comparisons if self.comparisons else 0.5

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the rate."""
        return wilson_interval(self.wins + self.ties / 2, self.comparisons)

    @property
    def told_from_chance(self) -> bool:
        """Whether a half lies outside of the interval."""
        low, high = self.interval
        return not low <= 0.5 <= high

    def verdict(self, after: str, before: str, judge: str) -> str:
        """Say in a sentence who wins.

        Args:
            after: the model's name.
            before: the name of the model that it is compared with.
            judge: who judged, such as 'the reward model'.
        """
        if not self.comparisons:
            return f"Nothing was compared by {judge}."
        if self.ties == self.comparisons:
            return f"By {judge}, {after} and {before} tie on all {self.comparisons} prompts."
        low, high = self.interval
        ties = f" and ties {self.ties}" if self.ties else ""
        seen = (
            f"By {judge}, {after} wins {self.wins} of {self.comparisons} against {before}{ties} "
            f"({100 * self.rate:.0f} %, {100 * low:.0f} to {100 * high:.0f})"
        )
        if not self.told_from_chance:
            return f"{seen}: that cannot be told from chance."
        return f"{seen}, {'more' if low > 0.5 else 'less'} than chance."

    def as_dict(self) -> dict[str, Any]:
        """As it is stored with a job."""
        return {
            **asdict(self),
            "comparisons": self.comparisons,
            "rate": self.rate,
            "interval": list(self.interval),
            "told_from_chance": self.told_from_chance,
        }


def winner(before: float, after: float) -> Winner:
    """The side with the higher score."""
    if before == after:
        return "tie"
    return "after" if after > before else "before"


def win_rate(before: Sequence[float], after: Sequence[float]) -> WinRate:
    """Compare scores of answers to the same prompts.

    Args:
        before: of the answers of the model that it is compared with.
        after: of the model's, in the same order.
    """
    won = [winner(*scores) for scores in zip(before, after, strict=True)]
    return WinRate(won.count("after"), won.count("tie"), won.count("before"))
