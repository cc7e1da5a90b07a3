"""Preference data: what a reward model, DPO and KTO learn from."""

from dataclasses import dataclass
from typing import Literal

PairSource = Literal["choice", "correction", "thumbs", "imported"]
ChatMessage = dict[str, str]


@dataclass(frozen=True)
class PreferencePair:
    """Two answers to the same prompt, of which one was preferred.

    Args:
        prompt: the chat messages before the answer, the question last:
            {'role': 'system' | 'user' | 'assistant', 'content': …}.
        chosen: the better answer.
        rejected: the worse answer.
        source: where it comes from: an A/B 'choice', a 'correction' over the answer it corrects, 'thumbs' up
            on one answer and down on another to the same prompt, or 'imported'.
    """

    prompt: tuple[ChatMessage, ...]
    chosen: str
    rejected: str
    source: PairSource = "choice"


@dataclass(frozen=True)
class RatedAnswer:
    """An answer with a thumb up or down.

    Args:
        prompt: as for `PreferencePair`.
        answer: the answer.
        liked: thumb up (True) or down (False).
    """

    prompt: tuple[ChatMessage, ...]
    answer: str
    liked: bool


@dataclass(frozen=True)
class PreferenceData:
    """Preference data, divided by prompt: no prompt is both learned from and measured with.

    Args:
        pairs: pairs to learn from.
        rated: thumbs to learn from, those that are also in pairs included.
        held_out_pairs: pairs to measure with.
        held_out_rated: thumbs to measure with.
    """

    pairs: tuple[PreferencePair, ...]
    rated: tuple[RatedAnswer, ...]
    held_out_pairs: tuple[PreferencePair, ...]
    held_out_rated: tuple[RatedAnswer, ...]
