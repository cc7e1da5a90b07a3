"""Thumbs: an answer, and a field that says whether it was liked."""

from typing import Any

from ftdemo.feedback.forms.answers import ANSWERS, joined_prompt, read_answer, split_answer
from ftdemo.feedback.forms.fields import Fields, number_of, shown
from ftdemo.feedback.forms.judgements import Form, Judgement
from ftdemo.feedback.forms.messages import as_messages, read_messages
from ftdemo.feedback.forms.prompts import (
    CONVERSATIONS,
    checked_prompt,
    read_prompt,
    refuse_media,
    with_system,
)
from ftdemo.feedback.forms.signs import liked
from ftdemo.feedback.preferences import RatedAnswer
from ftdemo.files.cells import is_blank
from ftdemo.samples.messages import RecordError

_LABELS = (
    "label", "labels", "kto_tag", "kto_label", "liked", "is_liked", "like", "thumb", "thumbs",
    "thumbs_up", "vote", "feedback", "reaction", "approved", "accepted", "is_accepted", "preferred",
    "is_preferred", "desirable", "is_desirable", "is_good", "good", "is_chosen", "chosen", "preference",
    "sentiment", "user_feedback", "upvoted",
)  # fmt: skip
_CONTRARY = ("disliked", "rejected", "is_rejected", "thumbs_down", "undesirable", "is_bad", "bad")
_RATINGS = (
    "rating",
    "ratings",
    "score",
    "stars",
    "star_rating",
    "user_rating",
    "overall_rating",
    "grade",
    "quality",
)
_WEIGHTS = ("weight", "multiplier", "sample_weight", "loss_weight")


_SIGNS = (*_LABELS, *_CONTRARY, *_RATINGS)


def _is_answered(fields: Fields) -> bool:
    if fields.find(*ANSWERS) is not None:
        return True
    columns = fields.find_all(CONVERSATIONS)
    return (
        bool(columns)
        if fields.blanks
        else any(as_messages(fields.cells[each]) is not None for each in columns)
    )


def _fits(fields: Fields) -> bool:
    return fields.find(*_SIGNS) is not None and _is_answered(fields)


def _read(fields: Fields) -> list[Judgement]:
    verdict = _verdict(fields)
    return [_rated(fields, verdict)]


def _verdict(fields: Fields) -> bool:
    said: dict[str, bool] = {}
    unclear: RecordError | None = None
    for names, contrary, rating in (
        (_LABELS, False, False),
        (_CONTRARY, True, False),
        (_RATINGS, False, True),
    ):
        for column in fields.find_all(names):
            value = fields.cells[column]
            if rating and said:
                break
            try:
                said[column] = liked(fields, column, value, rating=rating) is not contrary
                fields.use(column)
            except RecordError as error:
                unclear = unclear or error
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    if not said and unclear is not None:
        fields.use(unclear.column or fields.find_all(_SIGNS)[0])
        raise unclear
    columns = " and ".join(repr(column) for column in said)
    raise RecordError(
        next(iter(said), None),
        "unsure",
        f"is called both liked and disliked in the columns {columns}.",
        "Leave one of them out.",
    )


def _rated(fields: Fields, verdict: bool) -> RatedAnswer:
    column = fields.find(*ANSWERS)
    if column is not None:
        value = fields.use(column)
        prompt = read_prompt(fields)
        before, answer = read_answer(value, column)
        asked = joined_prompt(prompt, before, column)
        if asked and asked[-1] == {"role": "assistant", "content": answer}:
            asked = asked[:-1]
        return RatedAnswer(checked_prompt(fields, asked), answer, verdict)
    column = fields.find_all(CONVERSATIONS)[0]
    messages = as_messages(fields.use(column))
    if messages is None:
        raise RecordError(
            column,
            "no turns",
            f"has no list of messages in the column {column!r}.",
            'Write it as [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}].',
        )
    said, answer = split_answer(read_messages(messages, column), column)
    refuse_media(fields)
    return RatedAnswer(checked_prompt(fields, with_system(fields, said)), answer, verdict)


def _fits_weight(fields: Fields) -> bool:
    return fields.find(*_WEIGHTS) is not None and _is_answered(fields)


def _read_weight(fields: Fields) -> list[Judgement]:
    column = fields.find(*_WEIGHTS)
    assert column is not None
    value: Any = fields.use(column)
    number = number_of(value)
    if number is None or number < 0 or is_blank(value):
        raise RecordError(
            column,
            "no label",
            f"has {shown(value)} in the column {column!r}, which is no weight.",
            "Write 0 for disliked, 1 for liked, or leave the row out.",
        )
    return [_rated(fields, number > 0)]


THUMBS = (Form("answers with thumbs up or down (such as KTO's)", _fits, _read),)
WEIGHTED = (Form("answers with weights, 0 for those that were disliked", _fits_weight, _read_weight),)
