"""Whether a field says that an answer was liked: words, numbers and stars."""

import re
from typing import Any

from ftdemo.feedback.forms.fields import Fields, folded, number_of, shown
from ftdemo.files.cells import is_blank
from ftdemo.samples.messages import RecordError

_LIKED_WORDS = (
    "true yes y good great like liked up positive chosen accept accepted approve approved desirable "
    "preferred correct helpful satisfied thumb_up thumbs_up thumbsup up_vote upvote upvoted win won 👍 是 好 "
    "oui sí si ja да はい 예 "
)
_DISLIKED_WORDS = (
    "false no n bad dislike disliked down negative reject rejected disapproved undesirable incorrect "
    "wrong unhelpful unsatisfied dissatisfied thumb_down thumbs_down thumbsdown down_vote downvote "
    "downvoted lose lost 👎 否 坏 non nein нет いいえ 아니요 "
)
_LIKED = frozenset(_LIKED_WORDS.split())
_DISLIKED = frozenset(_DISLIKED_WORDS.split())
_OUT_OF = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)\s*(?:/|of|out of)\s*(5|10)(?:\s*stars?)?", re.IGNORECASE)
_STARS = re.compile(r"([★⭐\ufe0f]{1,10})([☆]{0,5})")
_SIGNS = frozenset({-1.0, 0.0, 1.0})
_SKIN = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f]")


def word_sign(value: Any) -> bool | None:
    """Whether a word says liked (True) or disliked (False); None if it says neither."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    word = folded(_SKIN.sub("", value))
    return True if word in _LIKED else False if word in _DISLIKED else None


def liked(fields: Fields, column: str, value: Any, *, rating: bool = False) -> bool:
    """Whether a field says that an answer was liked.

    Numbers mean what they mean in the whole file: of -1, 0 and 1 the highest is liked and the lowest
    disliked; of 5 stars 4 and more are liked, 2 and less disliked; of 10 points 8 and more, 4 and less.

    Args:
        fields: the record.
        column: the field's column.
        value: what is in it.
        rating: whether it is a rating, in which more numbers than -1, 0 and 1 mean something.

    Raises:
        RecordError: it says neither.
    """
    word = word_sign(value)
    if word is not None:
        return word
    if is_blank(value):
        raise RecordError(
            column, "no label", f"has nothing in the column {column!r}.", "Say there whether it was liked."
        )
    number = number_of(value)
    known = _of_scale(value) if number is None else None
    if number is not None:
        numbers = fields.numbers(column)
        known = _of_signs(number, numbers, rating) if numbers <= _SIGNS else None
        if known is None and rating and not numbers <= _SIGNS:
            known = _of_numbers(number, max(numbers))
    if known is None:
        raise RecordError(
            column,
            "no label",
            f"has {shown(value)} in the column {column!r}, which is neither liked nor disliked.",
            "Write true for liked, false for disliked, or leave the row out.",
        )
    return known


def _of_signs(number: float, numbers: frozenset[float], rating: bool) -> bool | None:
    """1 is liked, -1 disliked, and so is 0 unless there is -1 too; nothing but 1 may be one star each."""
    if number == 1:
        return None if rating and numbers == {1.0} else True
    return None if number == 0 and -1.0 in numbers else False


def _of_numbers(number: float, highest: float) -> bool | None:
    if 3 < highest <= 5:
        return _of_share(number, 4, 2)
    if 8 < highest <= 10:
        return _of_share(number, 8, 4)
    return None


def _of_share(number: float, from_liked: float, to_disliked: float) -> bool | None:
    return True if number >= from_liked else False if number <= to_disliked else None


def _of_scale(value: Any) -> bool | None:
    """A text such as '4/5' or '★★☆☆☆'."""
    text = value.strip() if isinstance(value, str) else ""
    out_of = _OUT_OF.fullmatch(text)
    if out_of:
        return _of_numbers(float(out_of[1]), float(out_of[2]))
    stars = _STARS.fullmatch(text)
    if stars and len(stars[1].replace("\ufe0f", "")) + len(stars[2]) == 5:
        return _of_numbers(len(stars[1].replace("\ufe0f", "")), 5)
    return None
