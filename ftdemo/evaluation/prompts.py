"""Which prompts two models are compared on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ftdemo.feedback.preferences import PreferenceData
from ftdemo.store.conversations import ChatMessage
from ftdemo.store.samples import Sample
from ftdemo.tokens.template import as_messages

Prompt = tuple[ChatMessage, ...]


@dataclass(frozen=True)
class PromptSource:
    """Where prompts come from.

    Args:
        source: in words, such as 'held-out samples of facts'.
        prompts: the prompts.
    """

    source: str
    prompts: Sequence[Prompt]


def typed_questions(questions: Iterable[str]) -> PromptSource:
    """Questions that somebody typed."""
    stripped = (question.strip() for question in questions)
    return PromptSource("questions", [({"role": "user", "content": text},) for text in stripped if text])


def voted_prompts(data: PreferenceData) -> PromptSource:
    """The prompts whose votes nothing was learned from."""
    prompts = [pair.prompt for pair in data.held_out_pairs] + [one.prompt for one in data.held_out_rated]
    return PromptSource("held-out votes", prompts)


def sample_prompts(name: str, held_out: Sequence[Sample], train: Sequence[Sample] = ()) -> PromptSource:
    """The questions of a sample set that were kept back; where none were, those that are learned from.

    Args:
        name: the set's.
        held_out: its samples kept back.
        train: its other samples.
    """
    kind = "held-out samples" if held_out else "samples to learn from"
    return PromptSource(
        f"{kind} of {name}", [tuple(as_messages(sample)[:-1]) for sample in held_out or train]
    )


def choose_prompts(sources: Sequence[PromptSource], most: int) -> tuple[list[Prompt], list[dict[str, Any]]]:
    """Take each prompt once, and of too many some of every source, spread evenly over it.

    Args:
        sources: where they may come from; what an earlier one has, a later one does not add.
        most: the most prompts.

    Returns:
        The prompts, and for each source that gave some `source` and the number of its `prompts`.
    """
    seen: set[tuple[tuple[str, str], ...]] = set()
    fresh: list[list[Prompt]] = []
    for one in sources:
        fresh.append([])
        for prompt in one.prompts:
            key = tuple((message["role"], message["content"]) for message in prompt)
            if key not in seen:
                seen.add(key)
                fresh[-1].append(prompt)
    chosen = [_spread(own, share) for own, share in zip(fresh, _shares(fresh, most), strict=True)]
    told = [
        {"source": one.source, "prompts": len(own)} for one, own in zip(sources, chosen, strict=True) if own
    ]
    return [prompt for own in chosen for prompt in own], told


def _shares(lists: Sequence[Sequence[Prompt]], most: int) -> list[int]:
    """How many of each list to take: one of each in turn, until there are enough."""
    shares = [0] * len(lists)
    while sum(shares) < min(most, sum(map(len, lists))):
        for place, own in enumerate(lists):
            if shares[place] < len(own) and sum(shares) < most:
                shares[place] += 1
    return shares


def _spread(prompts: Sequence[Prompt], count: int) -> list[Prompt]:
    return [prompts[place * len(prompts) // count] for place in range(count)]
