"""Whether answers are still language: bounds on what the base model finds odd, and on repetition.

A model that games its reward answers with what no longer reads as language; both figures rise then.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ftdemo.evaluation.drift import Likelihood, paired_difference

MOST_PERPLEXITY = 2.0
"""A factor of the perplexity before, over which answers are out of bounds."""
MOST_REPETITION = 0.15
"""A rise of the share of repeated runs of words or tokens, over which they are."""


@dataclass(frozen=True)
class Fluency:
    """Whether answers are still language: how well the base model foresees them, and how often they repeat.

    Args:
        before: perplexity under the base model of the answers before tuning, exp(-Σ log p / tokens).
        after: the same of the answers after tuning.
        rose: whether the answers became less likely per token, beyond chance.
        repeated_before: share of the answers' runs of words that repeat, before tuning.
        repeated_after: the same after tuning.
    """

    before: float
    after: float
    rose: bool
    repeated_before: float
    repeated_after: float

    @property
    def within_bounds(self) -> bool:
        """Whether neither perplexity nor repetition rose by more than is allowed."""
        return not (self._surprises or self._repeats)

    @property
    def _surprises(self) -> bool:
        return self.after > MOST_PERPLEXITY * self.before

    @property
    def _repeats(self) -> bool:
        return self.repeated_after - self.repeated_before > MOST_REPETITION

    def verdict(self) -> str:
        """Say in a sentence whether the answers are still fluent."""
        seen = (
            f"Fluency: the perplexity of the answers under the base model is {self.before:.2f} before and "
            f"{self.after:.2f} after, and {100 * self.repeated_before:.0f} % and "
            f"{100 * self.repeated_after:.0f} % of their runs of four words repeat"
        )
        if not self.within_bounds:
            faults = []
            if self._surprises:
                faults.append(
                    f"they surprise it over {MOST_PERPLEXITY:g} times as much, be it by new facts, an "
                    "unusual form or worse language"
                )
            if self._repeats:
                faults.append(f"they repeat themselves by over {100 * MOST_REPETITION:.0f} points more")
            return f"{seen}. Out of bounds: {'; '.join(faults)}."
        if self.rose:
            return f"{seen}: they surprise it more, within bounds."
        if self.after <= self.before:
            return f"{seen}: they do not surprise it more."
        return f"{seen}: what they surprise it more cannot be told from chance."

    def as_dict(self) -> dict[str, Any]:
        """As it is stored with a job."""
        return {**asdict(self), "within_bounds": self.within_bounds}


def fluency(
    before: Sequence[Likelihood], after: Sequence[Likelihood], repeated: tuple[float, float]
) -> Fluency:
    """Compare the answers of two models to the same prompts.

    Args:
        before: how likely the base model finds the answers before tuning.
        after: how likely it finds those after it, in the same order.
        repeated: share of the answers' runs of words that repeat, before tuning and after it.
    """
    change = paired_difference([one.per_token for one in before], [one.per_token for one in after])
    return Fluency(perplexity(before), perplexity(after), change.high < 0, *repeated)


def perplexity(texts: Sequence[Likelihood]) -> float:
    """Perplexity of texts taken together; 1 without texts."""
    tokens = sum(text.tokens for text in texts)
    return math.exp(-sum(text.logprob for text in texts) / max(1, tokens))
