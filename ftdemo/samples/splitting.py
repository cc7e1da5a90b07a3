"""Keeping part of a set back for testing, so that no question is both learned and tested."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence

from ftdemo.errors import UserError
from ftdemo.samples.similarity import Pair, QuestionIndex, groups_of


def check_share(share: float) -> None:
    """Raise UserError unless `share` is from 0 (nothing held out) up to 0.9."""
    if not 0 <= share <= 0.9:
        raise UserError(
            f"The held-out share is {share:g}.", "Give a number from 0 to 0.9, such as 0.1 for a tenth."
        )


def hold_out_questions(index: QuestionIndex, pairs: Sequence[Pair], share: float, seed: int) -> list[int]:
    """Choose the samples to hold out so that no question is learned in other words.

    Where most questions are alike, as in a set made from one pattern, only those that have the same answer
    or the same words are kept together.

    Args:
        index: the questions.
        pairs: its near-duplicates.
        share: part of the samples to hold out, from 0 to 0.9.
        seed: start of the random numbers.

    Returns:
        Their numbers, ascending.

    Raises:
        UserError: the share is out of bounds, or there are not enough different questions.
    """
    chosen = choose_held_out(len(index), pairs, share, seed)
    if len(chosen) < share * len(index) / 2:
        closest = [pair for pair in pairs if index.say_the_same(*pair)]
        chosen = choose_held_out(len(index), closest, share, seed)
    if share and not chosen:
        raise UserError(
            "There are too few different questions to hold any back: each would be learned in other words.",
            "Add samples, hold nothing out, or name a column that says which rows to hold out.",
        )
    return chosen


def choose_held_out(count: int, pairs: Sequence[Pair], share: float, seed: int) -> list[int]:
    """Choose the samples to hold out, by whole groups.

    A group larger than what is still wanted stays with the samples to learn from, so somewhat fewer than
    asked may be held out. If every group is larger, the smallest is held out if it is at most half of all.

    Args:
        count: samples in the set.
        pairs: pairs of samples, numbered from 0, that must not be parted.
        share: part of the samples to hold out, from 0 to 0.9; at least one sample if above 0.
        seed: start of the random numbers; the same seed chooses the same samples.

    Returns:
        Their numbers, ascending; none if all are in one group.

    Raises:
        UserError: the share is out of bounds.
    """
    check_share(share)
    wanted = min(max(1, round(count * share)), count - 1) if share else 0
    groups = groups_of(count, pairs)
    chosen = _take(groups, wanted, seed) if wanted else set()
    return [number for number, group in enumerate(groups) if group in chosen]


def _take(groups: Sequence[int], wanted: int, seed: int) -> set[int]:
    sizes = Counter(groups)
    chosen: set[int] = set()
    for group in _shuffled(sizes, seed):
        if sizes[group] <= wanted:
            chosen.add(group)
            wanted -= sizes[group]
        if not wanted:
            break
    smallest = min(sizes, key=lambda group: (sizes[group], group))
    if not chosen and sizes[smallest] <= len(groups) / 2:
        chosen.add(smallest)
    return chosen


def _shuffled(groups: Counter[int], seed: int) -> Iterator[int]:
    order = sorted(groups)
    random.Random(seed).shuffle(order)
    return iter(order)
