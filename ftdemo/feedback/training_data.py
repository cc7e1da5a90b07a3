"""Where thumbs, corrections and choices become preference pairs; what contradicts, and what is held out."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Literal, TypeVar

from ftdemo.errors import UserError
from ftdemo.feedback.pool import Evidence, Pool
from ftdemo.feedback.preferences import PairSource, PreferenceData, PreferencePair, RatedAnswer, prompt_key
from ftdemo.store import Store
from ftdemo.store.feedback import FeedbackFilter

Method = Literal["dpo", "kto", "ppo"]
Given = TypeVar("Given", PreferencePair, RatedAnswer)


@dataclass(frozen=True)
class PreferenceSummary:
    """What there is to learn from, before it is learned.

    Args:
        pairs: pairs to learn from and to measure with, by source.
        up: answers most voters like.
        down: answers most voters dislike.
        unpaired: answers among these that are in no pair.
        conflicts: answers that some like and some dislike, and pairs that some prefer one way and some the
            other; the majority counts.
        dropped: conflicts without a majority, left out.
        ties: A/B choices that found both sides alike.
        both_bad: A/B choices that found both sides bad; each counts as a thumb down on both.
        unusable: A/B choices that give no pair: both sides said the same, or had heard different things.
        prompts: different prompts.
        held_out_prompts: of these, kept back for measuring.
        held_out_pairs: pairs kept back.
        held_out_rated: answers with thumbs kept back.
        models: the feedback is about answers of these models only; of all if empty.
        voters: the feedback is by these voters only; by all if empty.
        since: the feedback is of this time or later; of any time if empty.
    """

    pairs: dict[PairSource, int]
    up: int
    down: int
    unpaired: int
    conflicts: int
    dropped: int
    ties: int
    both_bad: int
    unusable: int
    prompts: int
    held_out_prompts: int
    held_out_pairs: int
    held_out_rated: int
    models: tuple[str, ...] = ()
    voters: tuple[str, ...] = ()
    since: str = ""

    @property
    def total_pairs(self) -> int:
        """Pairs of every source."""
        return sum(self.pairs.values())


@dataclass(frozen=True)
class Fit:
    """The method that fits the feedback.

    Args:
        method: 'dpo', 'kto' or 'ppo'.
        reason: why, in a sentence.
    """

    method: Method
    reason: str


FEW = 8
"""Below so many pairs and thumbs there is little to learn from directly."""


def preference_data(
    store: Store,
    wanted: FeedbackFilter | None = None,
    *,
    held_out: float = 0.25,
    seed: int = 0,
) -> tuple[PreferenceData, PreferenceSummary]:
    """Make preference data of the feedback that stands.

    A pair is an A/B choice, a correction over the answer it corrects, or an answer most voters like over one
    most dislike to the same prompt. Of these thumbs each is used at least once, and no more pairs are made
    than that takes, so that a prompt with many thumbs does not outweigh the others. Where choices and
    corrections tell about two answers, their thumbs are not asked.

    Args:
        store: where the feedback is.
        wanted: about which models' answers, by which voters, since when; the rest of the filter is not used.
            An A/B choice counts if both sides are of these models.
        held_out: the share of prompts to keep back, from 0 to 0.9. A prompt is kept back by a hash of it and
            the seed, so it stays on its side when others come; with four prompts or more at least one is.
        seed: another seed keeps back other prompts.

    Raises:
        UserError: the share is out of bounds.
    """
    if not 0 <= held_out <= 0.9:
        raise UserError(f"The held-out share is {held_out:g}.", "Give a number from 0 to 0.9, such as 0.25.")
    wanted = wanted or FeedbackFilter()
    pool = Pool(store, wanted)
    verdicts = _verdicts(pool)
    pairs, evidence = _pairs(pool, verdicts)
    rated = [
        RatedAnswer(pool.prompts[prompt], text, liked)
        for (prompt, text), liked in verdicts.items()
        if liked is not None
    ]
    in_pairs = {(prompt_key(pair.prompt), text) for pair in pairs for text in (pair.chosen, pair.rejected)}
    prompts = {prompt_key(pair.prompt) for pair in pairs} | {prompt_key(row.prompt) for row in rated}
    kept_back = held_out_prompts(prompts, held_out, seed)
    data = PreferenceData(
        pairs=_outside(pairs, kept_back),
        rated=_outside(rated, kept_back),
        held_out_pairs=_within(pairs, kept_back),
        held_out_rated=_within(rated, kept_back),
    )
    undecided = sum(liked is None for liked in verdicts.values())
    summary = PreferenceSummary(
        pairs=dict(Counter(pair.source for pair in pairs)),
        up=sum(row.liked for row in rated),
        down=sum(not row.liked for row in rated),
        unpaired=sum((prompt_key(row.prompt), row.answer) not in in_pairs for row in rated),
        conflicts=pool.split_thumbs() + evidence.split(),
        dropped=undecided + evidence.even(),
        ties=pool.ties,
        both_bad=pool.both_bad,
        unusable=pool.unusable,
        prompts=len(prompts),
        held_out_prompts=len(kept_back),
        held_out_pairs=len(data.held_out_pairs),
        held_out_rated=len(data.held_out_rated),
        models=tuple(wanted.models),
        voters=tuple(wanted.voters),
        since=wanted.since,
    )
    return data, summary


def fitting_method(summary: PreferenceSummary, reward_model: bool = False) -> Fit | None:
    """The method that fits the feedback, or None if there is nothing to learn from.

    Args:
        summary: what there is to learn from.
        reward_model: whether there is a reward model, which PPO needs.
    """
    pairs, thumbs = summary.total_pairs, summary.unpaired
    if reward_model and pairs + thumbs < FEW:
        return Fit(
            "ppo",
            f"There are only {pairs} pairs and {thumbs} further thumbs to learn from, but the reward model "
            "can judge any answer.",
        )
    if not pairs + thumbs:
        return None
    if pairs >= thumbs:
        return Fit("dpo", f"Most of the feedback is pairs, {pairs} of them, and DPO learns from pairs.")
    return Fit(
        "kto",
        f"Most of the feedback is thumbs without a counterpart, {thumbs} beside {pairs} pairs, and KTO takes "
        "thumbs as they are.",
    )


def _verdicts(pool: Pool) -> dict[tuple[str, str], bool | None]:
    """Whether most voters like each answer; None where they are even."""
    verdicts: dict[tuple[str, str], bool | None] = {}
    for answer, said in pool.thumbs.items():
        balance = sum(1 if liked else -1 for _, liked in said.values())
        verdicts[answer] = balance > 0 if balance else None
    return verdicts


def _pairs(pool: Pool, verdicts: dict[tuple[str, str], bool | None]) -> tuple[list[PreferencePair], Evidence]:
    evidence = Evidence()
    for choice in pool.choices:
        left, right = pool.answer(choice.left_id), pool.answer(choice.right_id)
        if choice.choice not in ("left", "right"):
            continue
        if left[0] != right[0] or left[1] == right[1]:
            pool.unusable += 1
            continue
        better, worse = (left, right) if choice.choice == "left" else (right, left)
        evidence.add(left[0], better[1], worse[1], choice)
    for correction in pool.corrections:
        prompt, text = pool.answer(correction.answer_id)
        if correction.text is not None and correction.text != text:
            evidence.add(prompt, correction.text, text, correction)
    pairs = []
    for (prompt, first, second), said in evidence.preferred.items():
        won = evidence.winner(said.values())
        if won is not None:
            worse_text = second if won[0] == first else first
            pairs.append(PreferencePair(pool.prompts[prompt], won[0], worse_text, won[1]))
    thumbs: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for (prompt, text), liked in verdicts.items():
        if liked is not None:
            thumbs[prompt][0 if liked else 1].append(text)
    for prompt, (up, down) in thumbs.items():
        for chosen, rejected in _matched(up, down):
            first, second = sorted((chosen, rejected))
            if (prompt, first, second) not in evidence.preferred:
                pairs.append(PreferencePair(pool.prompts[prompt], chosen, rejected, "thumbs"))
    return pairs, evidence


def _matched(up: Sequence[str], down: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Each of the longer list with one of the shorter, which is gone through as often as needed."""
    if not up or not down:
        return []
    most = max(len(up), len(down))
    return zip(islice(cycle(up), most), islice(cycle(down), most), strict=True)


def held_out_prompts(prompts: Collection[str], share: float, seed: int) -> set[str]:
    """The prompts to keep back, by their keys; `share` and `seed` as for `preference_data`."""
    places = {prompt: _place_of(prompt, seed) for prompt in prompts}
    chosen = {prompt for prompt, place in places.items() if place < share}
    if share and len(places) >= 4:
        by_place = sorted(places, key=places.__getitem__)
        chosen.add(by_place[0])
        chosen.discard(by_place[-1])
    elif len(chosen) == len(places):
        chosen = set()
    return chosen


def _place_of(prompt: str, seed: int) -> float:
    """Where a prompt stands between 0 and 1, by a hash."""
    digest = hashlib.sha256(f"{seed}\n{prompt}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _within(rows: Iterable[Given], prompts: set[str]) -> tuple[Given, ...]:
    return tuple(row for row in rows if prompt_key(row.prompt) in prompts)


def _outside(rows: Iterable[Given], prompts: set[str]) -> tuple[Given, ...]:
    return tuple(row for row in rows if prompt_key(row.prompt) not in prompts)
