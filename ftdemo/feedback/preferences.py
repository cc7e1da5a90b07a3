"""Preference data: what a reward model, DPO and KTO learn from."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ftdemo.store.conversations import ChatMessage

PairSource = Literal["choice", "correction", "thumbs", "imported"]


def prompt_key(prompt: Sequence[ChatMessage]) -> str:
    """A prompt as text, the same for the same messages."""
    return json.dumps([[said["role"], said["content"]] for said in prompt], ensure_ascii=False)


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

    def counted_once(self) -> "PreferenceData":
        """The same without the thumbs on answers that are in a pair: what the pair says already."""
        return replace(
            self,
            rated=_in_no_pair(self.rated, self.pairs),
            held_out_rated=_in_no_pair(self.held_out_rated, self.held_out_pairs),
        )


def _in_no_pair(rated: Sequence[RatedAnswer], pairs: Sequence[PreferencePair]) -> tuple[RatedAnswer, ...]:
    paired = {(prompt_key(pair.prompt), text) for pair in pairs for text in (pair.chosen, pair.rejected)}
    return tuple(row for row in rated if (prompt_key(row.prompt), row.answer) not in paired)
