"""Several answers to one question, each with a rating, a rank or a mark."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from ftdemo.feedback.forms.fields import Fields, folded, number_of
from ftdemo.feedback.forms.judgements import Form, Judgement
from ftdemo.feedback.forms.messages import as_messages, read_text
from ftdemo.feedback.forms.prompts import needed_prompt
from ftdemo.feedback.forms.signs import word_sign
from ftdemo.feedback.preferences import PreferencePair, RatedAnswer
from ftdemo.files.cells import as_list, is_blank
from ftdemo.samples.messages import RecordError

_ANSWERS = (
    "completions", "responses", "answers", "candidates", "generations", "outputs", "replies", "summaries",
    "response_list", "all_responses", "texts",
)  # fmt: skip
_TEXTS = (
    "response", "completion", "answer", "text", "content", "output", "generation", "summary", "message",
    "reply", "model_output", "value", "response_text", "answer_text",
)  # fmt: skip
_SCORES = (
    "overall_score", "fine_grained_score", "overall_rating", "score", "rating", "reward", "pm_score",
    "quality", "helpfulness",
)  # fmt: skip
_RANKS = ("rank", "position", "place")
_MARKS = (
    "label",
    "selected",
    "chosen",
    "is_chosen",
    "best",
    "is_best",
    "preferred",
    "accepted",
    "liked",
    "winner",
)
_LISTED_SCORES = ("ratings", "scores", "rating", "score", "rewards", "overall_scores")
_LISTED_RANKS = ("ranks", "rank")
_LISTED_MARKS = ("labels", "label", "liked")
_CHOICES = (
    "chosen", "best", "choice", "preferred", "winner", "label", "better_response_id", "chosen_index",
    "best_index", "best_response", "preference", "selected", "chosen_idx",
)  # fmt: skip


class _Answer(NamedTuple):
    text: str
    score: float | None
    mark: bool | None


def _list(fields: Fields) -> tuple[str, list[Any]] | None:
    for column in fields.find_all(_ANSWERS):
        value = as_list(fields.cells[column])
        if isinstance(value, list) and value and as_messages(value) is None:
            return column, value
    return None


def has_answers(fields: Fields) -> bool:
    """Whether a record has a list of answers."""
    return _list(fields) is not None


def _fits(fields: Fields) -> bool:
    found = _list(fields)
    if found is None or not all(isinstance(each, str | dict | list) for each in found[1]):
        return False
    if any(
        isinstance(each, dict) and folded_keys(each) & {*_SCORES, *_RANKS, *_MARKS, "annotations"}
        for each in found[1]
    ):
        return True
    return fields.find(*_LISTED_SCORES, *_LISTED_RANKS, *_LISTED_MARKS, *_CHOICES) is not None


def folded_keys(value: Mapping[str, Any]) -> set[str]:
    """The names of an object's fields, folded."""
    return {folded(str(key)) for key in value}


def _read(fields: Fields) -> list[Judgement]:
    found = _list(fields)
    assert found is not None
    column = found[0]
    fields.use(column)
    answers = _marked_beside(fields, column, found[1]) or [_answer(each, column) for each in found[1]]
    prompt = needed_prompt(fields)
    judged: list[Judgement] = [
        PreferencePair(prompt, better, worse, "imported")
        for better, worse in dict.fromkeys(_ordered(answers))
    ]
    if not judged:
        judged = [RatedAnswer(prompt, each.text, each.mark) for each in answers if each.mark is not None]
    if not judged:
        raise RecordError(
            column,
            "no choice",
            f"does not say which of its {len(answers)} answers in the column {column!r} is better.",
            "Nothing to do if none is.",
        )
    return judged


def _ordered(answers: Sequence[_Answer]) -> Iterator[tuple[str, str]]:
    """All pairs of a better and a worse answer."""
    for one, other in combinations(answers, 2):
        if one.score is None or other.score is None or one.score == other.score or one.text == other.text:
            continue
        yield (one.text, other.text) if one.score > other.score else (other.text, one.text)


def _answer(value: Any, column: str) -> _Answer:
    if not isinstance(value, dict):
        return _Answer(read_text(value, column), None, None)
    own = Fields(value)
    text = own.take(*_TEXTS)
    if text is None:
        raise RecordError(
            column,
            "empty",
            f"has an answer without text in the column {column!r}; its fields are: {own.listed()}.",
            "Put the text into a field named 'text'.",
        )
    marks = [
        sign for sign in (word_sign(own.cells[each]) for each in own.find_all(_MARKS)) if sign is not None
    ]
    return _Answer(read_text(text[1], column), _score(own), marks[0] if len(set(marks)) == 1 else None)


def _score(answer: Fields) -> float | None:
    """What an answer is worth, more being better."""
    for column in answer.find_all(_SCORES):
        number = number_of(answer.cells[column])
        if number is not None:
            return number
    for column in answer.find_all(_RANKS):
        number = number_of(answer.cells[column])
        if number is not None:
            return -number
    return _mean_rating(answer.cells.get("annotations"))


def _mean_rating(annotations: Any) -> float | None:
    """The mean of UltraFeedback's ratings by aspect, where they are numbers."""
    if not isinstance(annotations, dict):
        return None
    ratings = [
        number
        for aspect in annotations.values()
        for each in (aspect if isinstance(aspect, list) else [aspect])
        if isinstance(each, dict)
        and (number := number_of(each.get("Rating", each.get("rating")))) is not None
    ]
    return sum(ratings) / len(ratings) if ratings else None


def _marked_beside(fields: Fields, column: str, values: Sequence[Any]) -> list[_Answer]:
    """The answers with what fields beside their list say of them; [] if these say nothing."""
    beside = _beside(fields, len(values), _LISTED_SCORES)
    if beside is not None:
        return [
            _Answer(_text(each, column), number_of(score), None)
            for each, score in zip(values, beside, strict=True)
        ]
    beside = _beside(fields, len(values), _LISTED_RANKS)
    if beside is not None:
        ranks = [number_of(rank) for rank in beside]
        scores = [None if rank is None else -rank for rank in ranks]
        return [_Answer(_text(each, column), score, None) for each, score in zip(values, scores, strict=True)]
    beside = _beside(fields, len(values), _LISTED_MARKS)
    if beside is not None:
        if folded(column) == "completions":
            # TRL's stepwise supervision: each is a step that goes on from those before, no answer of its own.
            raise RecordError(
                column,
                "unsure",
                f"has labels for the steps of one answer in the column {column!r}.",
                "Nothing to do: only whole answers are judged here.",
            )
        return [
            _Answer(_text(each, column), None, _sign(mark)) for each, mark in zip(values, beside, strict=True)
        ]
    return _chosen(fields, column, values)


def _beside(fields: Fields, count: int, names: Sequence[str]) -> list[Any] | None:
    for column in fields.find_all(names):
        value = as_list(fields.cells[column])
        if isinstance(value, list) and len(value) == count and not all(is_blank(each) for each in value):
            fields.use(column)
            return value
    return None


def _chosen(fields: Fields, column: str, values: Sequence[Any]) -> list[_Answer]:
    """The answers where a field names the best of them: its place, counted from 0, or its text."""
    found = fields.find(*_CHOICES)
    if found is None:
        return []
    texts = [_text(each, column) for each in values]
    choice = fields.use(found)
    if isinstance(choice, str) and texts.count(choice) == 1:
        best = texts.index(choice)
    else:
        number = number_of(choice)
        if number is None or number not in range(len(texts)) or 0.0 not in fields.numbers(found):
            raise RecordError(
                found,
                "no choice",
                f"does not name one of its answers in the column {found!r}.",
                "Write the place of the better answer there, counted from 0.",
            )
        best = int(number)
    return [_Answer(text, float(at == best), None) for at, text in enumerate(texts)]


def _text(value: Any, column: str) -> str:
    return _answer(value, column).text


def _sign(mark: Any) -> bool | None:
    number = number_of(mark)
    return word_sign(mark) if number not in (0, 1, -1) else number == 1


RANKED = (Form("several answers with ratings or ranks (such as UltraFeedback)", _fits, _read),)
