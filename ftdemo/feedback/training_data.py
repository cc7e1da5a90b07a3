"""From all feedback to preference data: pairs, thumbs, what contradicts, and what is held out."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Literal, TypeVar

from ftdemo.errors import UserError
from ftdemo.feedback.preferences import ChatMessage, PairSource, PreferenceData, PreferencePair, RatedAnswer
from ftdemo.store import Store
from ftdemo.store.feedback import AnswerSnapshot, Choice, Correction, FeedbackFilter, Vote

IMPORTED = "imported"
"""The voter of preferences that come from another tool's file."""

Method = Literal["dpo", "kto", "ppo"]
Prompt = tuple[ChatMessage, ...]
Row = TypeVar("Row", PreferencePair, RatedAnswer)


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
    pool = _Pool(store, wanted)
    verdicts = _verdicts(pool)
    pairs, evidence = _pairs(pool, verdicts)
    rated = [
        RatedAnswer(pool.prompts[prompt], text, liked)
        for (prompt, text), liked in verdicts.items()
        if liked is not None
    ]
    in_pairs = {(_key(pair.prompt), text) for pair in pairs for text in (pair.chosen, pair.rejected)}
    prompts = {_key(pair.prompt) for pair in pairs} | {_key(row.prompt) for row in rated}
    kept_back = _held_out(prompts, held_out, seed)
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
        unpaired=sum((_key(row.prompt), row.answer) not in in_pairs for row in rated),
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


class _Pool:
    """The feedback that is wanted, by prompt and text: two messages that say the same are one answer.

    Args:
        store: where the feedback is.
        wanted: which.
    """

    def __init__(self, store: Store, wanted: FeedbackFilter) -> None:
        self.prompts: dict[str, Prompt] = {}
        self.thumbs: dict[tuple[str, str], dict[str, tuple[str, bool]]] = defaultdict(dict)
        self.ties = self.both_bad = self.unusable = 0
        self._answers: dict[int, tuple[str, str]] = {}
        for answer in store.feedback.answers(FeedbackFilter(models=wanted.models)):
            self._place(answer)
        for vote in store.feedback.standing(Vote):
            if self._is_wanted(vote, wanted, vote.answer_id):
                self._thumb(vote.answer_id, vote, vote.vote == "up")
        self.corrections = [
            correction
            for correction in store.feedback.standing(Correction)
            if self._is_wanted(correction, wanted, correction.answer_id)
        ]
        self.choices = [
            choice
            for choice in store.feedback.standing(Choice)
            if self._is_wanted(choice, wanted, choice.left_id, choice.right_id)
        ]
        for choice in self.choices:
            self.ties += choice.choice == "tie"
            if choice.choice == "bad":
                self.both_bad += 1
                self._thumb(choice.left_id, choice, False)
                self._thumb(choice.right_id, choice, False)

    def answer(self, answer_id: int) -> tuple[str, str]:
        """An answer's prompt, as its key, and text."""
        return self._answers[answer_id]

    def split_thumbs(self) -> int:
        """How many answers some like and some dislike."""
        return sum(len({liked for _, liked in said.values()}) == 2 for said in self.thumbs.values())

    def _place(self, answer: AnswerSnapshot) -> None:
        key = _key(answer.prompt)
        self.prompts.setdefault(key, answer.prompt)
        self._answers[answer.id] = key, answer.answer

    def _is_wanted(self, event: Vote | Correction | Choice, wanted: FeedbackFilter, *answers: int) -> bool:
        return (
            all(answer in self._answers for answer in answers)
            and (not wanted.voters or event.voter in wanted.voters)
            and event.created_at >= wanted.since
        )

    def _thumb(self, answer_id: int, event: Vote | Choice, liked: bool) -> None:
        """Note a voter's thumb; of several on the same text the latest counts."""
        said = self.thumbs[self._answers[answer_id]]
        if event.voter not in said or said[event.voter][0] <= event.created_at:
            said[event.voter] = event.created_at, liked


@dataclass
class _Evidence:
    """Who prefers which of two answers to a prompt.

    Args:
        preferred: by prompt and the two texts in order, what each voter prefers, and by what it is known.
    """

    preferred: dict[tuple[str, str, str], dict[str, tuple[str, str, PairSource]]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def add(self, prompt: str, better: str, worse: str, event: Choice | Correction) -> None:
        """Note a preference; of several of one voter about the same texts the latest counts."""
        first, second = sorted((better, worse))
        said = self.preferred[prompt, first, second]
        source: PairSource = "choice" if isinstance(event, Choice) else "correction"
        if event.voter == IMPORTED:
            source = "imported"
        if event.voter not in said or said[event.voter][0] <= event.created_at:
            said[event.voter] = event.created_at, better, source

    def split(self) -> int:
        """How many pairs some prefer one way and some the other."""
        return sum(len({better for _, better, _ in said.values()}) == 2 for said in self.preferred.values())

    def even(self) -> int:
        """How many pairs as many prefer one way as the other."""
        return sum(self.winner(said.values()) is None for said in self.preferred.values())

    @staticmethod
    def winner(said: Collection[tuple[str, str, PairSource]]) -> tuple[str, PairSource] | None:
        """What most prefer, with the first of the sources it is known by; None if they are even."""
        votes = Counter(better for _, better, _ in said).most_common()
        if len(votes) == 2 and votes[0][1] == votes[1][1]:
            return None
        best = votes[0][0]
        return best, min((time, source) for time, better, source in said if better == best)[1]


def _verdicts(pool: _Pool) -> dict[tuple[str, str], bool | None]:
    """Whether most voters like each answer; None where they are even."""
    verdicts: dict[tuple[str, str], bool | None] = {}
    for answer, said in pool.thumbs.items():
        balance = sum(1 if liked else -1 for _, liked in said.values())
        verdicts[answer] = balance > 0 if balance else None
    return verdicts


def _pairs(
    pool: _Pool, verdicts: dict[tuple[str, str], bool | None]
) -> tuple[list[PreferencePair], _Evidence]:
    evidence = _Evidence()
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


def _key(prompt: Sequence[ChatMessage]) -> str:
    """A prompt as text, the same for the same messages."""
    return json.dumps([[said["role"], said["content"]] for said in prompt], ensure_ascii=False)


def _held_out(prompts: Collection[str], share: float, seed: int) -> set[str]:
    """The prompts to keep back, by their keys."""
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


def _within(rows: Iterable[Row], prompts: set[str]) -> tuple[Row, ...]:
    return tuple(row for row in rows if _key(row.prompt) in prompts)


def _outside(rows: Iterable[Row], prompts: set[str]) -> tuple[Row, ...]:
    return tuple(row for row in rows if _key(row.prompt) not in prompts)
