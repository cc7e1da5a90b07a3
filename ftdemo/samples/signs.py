"""What a file says of a whole record: whether its answer was liked, and how much it counts."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from ftdemo.files.cells import as_list, is_blank, text_of
from ftdemo.samples.messages import RecordError

LIKED = frozenset({
    "true", "1", "yes", "y", "good", "liked", "like", "up", "positive", "chosen", "accepted", "desirable",
    "thumbs_up", "thumbs up", "thumbsup", "thumbs-up", "upvote", "👍", "是", "oui", "sí", "si", "ja",
    "да", "はい", "예",
})  # fmt: skip
DISLIKED = frozenset({
    "false", "0", "-1", "no", "n", "bad", "disliked", "dislike", "down", "negative", "rejected",
    "undesirable", "thumbs_down", "thumbs down", "thumbsdown", "thumbs-down", "downvote", "👎", "否",
    "non", "nein", "нет", "いいえ", "아니요",
})  # fmt: skip
LABEL_NAMES = (
    "label", "labels", "kto_tag", "kto_label", "liked", "is_liked", "like", "thumb", "thumbs", "thumbs_up",
    "vote", "feedback", "rating", "accepted", "is_accepted", "approved", "preferred", "is_preferred",
    "desirable", "is_desirable", "is_good", "good", "upvoted",
)  # fmt: skip
"""Columns that may say whether an answer was liked; whether one does is told by its cells."""

WEIGHT_NAMES = ("multiplier", "weight", "sample_weight", "loss_weight")
_WEIGHTED = frozenset({*WEIGHT_NAMES, "fineTuningParameters", "fine_tuning_parameters"})


def verdict(value: Any) -> bool | None:
    """Whether a cell says that an answer was liked; None if it says neither."""
    word = text_of(value).strip().casefold().removesuffix(".0")
    return True if word in LIKED else False if word in DISLIKED else None


def is_label(cells: Sequence[Any], answers: Sequence[Any]) -> bool:
    """Whether the cells of a column say what was liked.

    Args:
        cells: the column's cells in the first rows.
        answers: the answers there. A label that only repeats the answer is the class that is asked for.
    """
    pairs = [(cell, answer) for cell, answer in zip(cells, answers, strict=True) if not is_blank(cell)]
    if not pairs or any(verdict(cell) is None for cell, _ in pairs):
        return False
    return not all(text_of(cell).casefold() == text_of(answer).strip().casefold() for cell, answer in pairs)


def liked(cells: Mapping[str, Any], column: str) -> bool | None:
    """Whether a record's answer was liked; None where its label is empty.

    Raises:
        RecordError: the label says neither.
    """
    value = cells.get(column)
    found = verdict(value)
    if found is None and not is_blank(value):
        raise RecordError(
            column,
            "no label",
            f"has {text_of(value).strip()[:30]!r} as its label.",
            "Write true for liked, false for disliked.",
        )
    return found


def weight(cells: Mapping[str, Any]) -> float:
    """How much a record counts: its `multiplier` or `weight`, or Gradient's among `fineTuningParameters`.

    Raises:
        RecordError: it is no number from 0 up.
    """
    if _WEIGHTED.isdisjoint(cells):
        return 1.0
    parameters = as_list(cells.get("fineTuningParameters", cells.get("fine_tuning_parameters")))
    given: list[Any] = [parameters.get("multiplier")] if isinstance(parameters, dict) else []
    given += [cells.get(name) for name in WEIGHT_NAMES]
    value = next((each for each in given if not is_blank(each)), 1.0)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not (isfinite(number) and number >= 0):
        column = next((name for name in WEIGHT_NAMES if not is_blank(cells.get(name))), WEIGHT_NAMES[0])
        raise RecordError(
            column,
            "no number",
            f"has the {column} {text_of(value)[:30]!r}.",
            "Write a number from 0 up.",
        )
    return number
