"""Sequences of token ids that end in an answer, and what several of them begin with."""

from collections.abc import Sequence
from dataclasses import dataclass

ROW_TOKENS = 1024
"""Longest row of packed samples, in tokens; a batch with more makes several. It bounds a step's memory."""


@dataclass(frozen=True)
class TokenisedSample:
    """A sample as the model reads it.

    Args:
        ids: token ids of question and answer in the base model's chat template.
        prompt_length: how many of them come before the answer; only the others count in the loss.
    """

    ids: list[int]
    prompt_length: int

    @property
    def answer_length(self) -> int:
        """Tokens that count in the loss."""
        return len(self.ids) - self.prompt_length

    def cut(self, max_length: int) -> "TokenisedSample":
        """The sample without what is beyond a length; it may then have no answer left."""
        return TokenisedSample(self.ids[:max_length], min(self.prompt_length, max_length))

    def last(self, max_length: int) -> "TokenisedSample":
        """The sample without what is further from its end than a length: a score is read at the end."""
        surplus = max(0, len(self.ids) - max_length)
        return TokenisedSample(self.ids[surplus:], max(0, self.prompt_length - surplus))


def common_start(samples: Sequence[TokenisedSample]) -> int:
    """How many tokens all samples begin with; fewer than the shortest prompt, whose last token predicts."""
    first = samples[0]
    shared = min(sample.prompt_length for sample in samples) - 1
    for sample in samples[1:]:
        shared = min(shared, common_length(sample.ids[: max(shared, 0)], first.ids))
    return max(shared, 0)


def common_length(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens two sequences share at their start (a token may reach across the end of a prompt)."""
    for index, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return index
    return min(len(first), len(second))
