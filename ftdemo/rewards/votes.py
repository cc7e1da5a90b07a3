"""Votes as token ids: pairs of answers, and answers with a thumb."""

from collections.abc import Sequence
from dataclasses import dataclass

from ftdemo.feedback.preferences import PreferencePair, RatedAnswer
from ftdemo.tokens.sequences import TokenisedSample
from ftdemo.tokens.template import with_answer
from ftdemo.tokens.tokeniser import ChatTokeniser


@dataclass(frozen=True)
class PairVote:
    """A pair, tokenised.

    Args:
        chosen: prompt and better answer.
        rejected: prompt and worse answer.
    """

    chosen: TokenisedSample
    rejected: TokenisedSample

    @property
    def sequences(self) -> tuple[TokenisedSample, ...]:
        """What has to be scored to learn from it."""
        return self.chosen, self.rejected


@dataclass(frozen=True)
class ThumbVote:
    """An answer with a thumb, tokenised.

    Args:
        answer: prompt and answer.
        liked: thumb up or down.
    """

    answer: TokenisedSample
    liked: bool

    @property
    def sequences(self) -> tuple[TokenisedSample, ...]:
        """What has to be scored to learn from it."""
        return (self.answer,)


TrainingVote = PairVote | ThumbVote


def tokenise_votes(
    pairs: Sequence[PreferencePair],
    rated: Sequence[RatedAnswer],
    tokeniser: ChatTokeniser,
    max_length: int,
) -> list[TrainingVote]:
    """Pairs first, then thumbs.

    Args:
        pairs: of which one answer was preferred.
        rated: answers with a thumb.
        tokeniser: the base model's.
        max_length: longest prompt with answer in tokens; of a longer one the beginning is cut off.
    """
    talks = [with_answer(pair.prompt, text) for pair in pairs for text in (pair.chosen, pair.rejected)]
    talks += [with_answer(one.prompt, one.answer) for one in rated]
    sequences = iter([whole.last(max_length) for whole in tokeniser.answered(talks, closed=False)])
    votes: list[TrainingVote] = [PairVote(next(sequences), next(sequences)) for _ in pairs]
    votes += [ThumbVote(next(sequences), one.liked) for one in rated]
    return votes
