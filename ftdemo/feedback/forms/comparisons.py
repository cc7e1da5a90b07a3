"""Comparisons: two answers side by side, and a field that says which is better, or that neither is."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ftdemo.feedback.forms.answers import read_both, tie_of
from ftdemo.feedback.forms.fields import Fields, folded, number_of, shown
from ftdemo.feedback.forms.judgements import Form, Judgement
from ftdemo.feedback.forms.messages import message
from ftdemo.feedback.forms.prompts import checked_prompt
from ftdemo.feedback.preferences import PreferencePair
from ftdemo.files.cells import as_list, is_blank, text_of
from ftdemo.samples.messages import RecordError

_STEMS = (
    "response|answer|completion|output|reply|conversation|generation|candidate|summary|text|human_ref|"
    "assistant|model_output|model_response"
)
_SIDES = (("0", "1"), ("1", "2"), ("a", "b"), ("left", "right"), ("first", "second"), ("one", "two"))
_NAME = re.compile(rf"(?P<stem>{_STEMS})_?(?P<side>[012ab]|left|right|first|second|one|two)")
_TURNED = re.compile(rf"(?P<side>left|right|first|second|model_[ab12]|model[ab12]|[ab])_(?P<stem>{_STEMS})")
_VERDICTS = (
    "better_response_id", "better_response", "better", "winner", "preferred", "preference",
    "human_preference", "choice", "chosen", "comparison", "pairwise", "verdict", "judgement", "judgment",
    "best", "label", "labels", "vote", "result", "selected", "winner_id", "preferred_response",
    "preferred_id", "annotation", "feedback",
)  # fmt: skip
_STRENGTHS = ("preference_strength", "overall_preference")
_SCORES = ("score", "rating", "reward", "overall_score")
_ALIKE_WORDS = "tie tied draw same equal equally_good alike both both_good even tie_both_good"
_BAD_WORDS = "tie_(bothbad) tie_bothbad bothbad both_bad tie_(both_bad) tie_both_bad neither all_bad"
_ALIKE = frozenset(_ALIKE_WORDS.split())
_BOTH_BAD = frozenset(_BAD_WORDS.split())
_FIRST, _SECOND, _TIE, _BAD = "first", "second", "tie", "bad"


@dataclass(frozen=True)
class _Two:
    """Two answers' columns, and how their sides are called."""

    first: str
    second: str
    stem: str
    sides: tuple[str, str]

    def side_of(self, word: str, cells: Mapping[str, Any]) -> str | None:
        """Which of them a word names."""
        word = word.replace("_", "")
        for side, column, name in (
            (_FIRST, self.first, self.sides[0]),
            (_SECOND, self.second, self.sides[1]),
        ):
            position = "0" if side == _FIRST else "1"
            known = {name, f"{self.stem}{name}", f"model{name}", f"assistant{name}", folded(column)}
            if self.sides[0] in "01":
                known.discard(position if name not in "01" else "")
            else:
                known |= {"first", "left", "a"} if side == _FIRST else {"second", "right", "b"}
            known |= {"left", "first"} if side == _FIRST else {"right", "second"}
            if word in {each.replace("_", "") for each in known}:
                return side
        return None


def _two(fields: Fields) -> _Two | None:
    """The two answers of a record, by their names."""
    found: dict[str, dict[str, str]] = {}
    for name, column in fields.columns.items():
        match = _NAME.fullmatch(name) or _TURNED.fullmatch(name)
        if match:
            side = match["side"].removeprefix("model").strip("_")
            found.setdefault(match["stem"], {}).setdefault(side, column)
    for stem, columns in found.items():
        for sides in _SIDES:
            if all(side in columns for side in sides) and len(columns) == 2:
                first, second = columns[sides[0]], columns[sides[1]]
                if fields.blanks or not (is_blank(fields.cells[first]) and is_blank(fields.cells[second])):
                    return _Two(first, second, stem, sides)
    return None


def names_a_side(fields: Fields, value: Any) -> bool:
    """Whether a value names one of the two answers that a record has."""
    two = _two(fields)
    return two is not None and isinstance(value, str) and two.side_of(folded(value), fields.cells) is not None


def _fits(fields: Fields) -> bool:
    two = _two(fields)
    return two is not None and (
        fields.blanks or next(_verdict_columns(fields, two), None) is not None or _says_by_itself(fields, two)
    )


def _verdict_columns(fields: Fields, two: _Two) -> Iterator[str]:
    """The columns that may say which answer is better."""
    for column in fields.find_all((*_VERDICTS, *_STRENGTHS)):
        if column not in (two.first, two.second):
            yield column
    if _one_hot(fields, two) or _scores(fields, two):
        yield two.first


def _says_by_itself(fields: Fields, two: _Two) -> bool:
    return len(list(_telling(fields, two))) == 1


def _telling(fields: Fields, two: _Two) -> Iterator[str]:
    """Columns of any name that have nothing in them but the name of one of the answers."""
    for column, value in fields.cells.items():
        if column in (two.first, two.second) or not isinstance(value, str) or len(value) > 40:
            continue
        if two.side_of(folded(value), fields.cells) is not None and number_of(value) is None:
            yield column


def _read(fields: Fields) -> list[Judgement]:
    two = _two(fields)
    assert two is not None
    verdict = _verdict(fields, two)
    first, second = ((column, fields.use(column)) for column in (two.first, two.second))
    questions = _questions(fields, first, second)
    if questions is not None:
        prompt, one, other = questions
        record = Fields({"prompt": list(prompt), first[0]: one, second[0]: other})
        first, second, fields = (first[0], one), (second[0], other), record
    if verdict in (_TIE, _BAD):
        return [tie_of(fields, first, second, bad=verdict == _BAD)]
    better, worse = (first, second) if verdict == _FIRST else (second, first)
    asked, chosen, rejected = read_both(fields, better, worse)
    return [PreferencePair(asked, chosen, rejected, "imported")]


def _verdict(fields: Fields, two: _Two) -> str:
    known = _one_hot(fields, two)
    if known:
        return _only(fields, known)
    for name in _STRENGTHS:
        column = fields.find(name)
        if column is not None and two.sides == ("1", "2"):
            strength = number_of(fields.use(column))
            if strength is not None and -3 <= strength <= 3:
                return _FIRST if strength < 0 else _SECOND if strength > 0 else _TIE
            raise _unsure(column, fields.cells[column])
    columns = [
        column for column in map(fields.find, _VERDICTS) if column not in (None, two.first, two.second)
    ]
    column = next(iter(columns), None) or next(_telling(fields, two), None)
    if column is None:
        scored = _scores(fields, two)
        if scored is not None:
            return _higher(fields, *scored)
        raise RecordError(
            None,
            "no choice",
            f"does not say which of its answers is better; its columns are: {fields.listed()}.",
            "Say it in a column named 'winner'.",
        )
    return _of_value(fields, two, column, fields.use(column))


def _of_value(fields: Fields, two: _Two, column: str, value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("selected", value.get("value"))
    if is_blank(value):
        raise RecordError(
            column,
            "no choice",
            f"does not say in the column {column!r} which answer is better.",
            "Say it, or leave the row out.",
        )
    number = number_of(value)
    if number is not None:
        return _of_number(fields, two, column, number)
    if isinstance(value, list):
        return _of_ranking(two, column, value, fields.cells)
    word = folded(value) if isinstance(value, str) else ""
    if word in _ALIKE:
        return _TIE
    if word in _BOTH_BAD:
        return _BAD
    side = two.side_of(word, fields.cells) or _of_model(fields, two, value) or _of_text(fields, two, value)
    if side is None:
        raise _unsure(column, value)
    return side


def _of_number(fields: Fields, two: _Two, column: str, number: float) -> str:
    if two.stem == "human_ref" and folded(column) == "labels" and number in (0, 1):
        # SHP: 1 where the first answer is preferred, 0 where the second is.
        return _FIRST if number == 1 else _SECOND
    sides = two.sides
    if sides[0] not in "01":
        numbers = fields.numbers(column)
        if numbers == {0.0, 1.0}:
            sides = ("0", "1")
        elif numbers == {1.0, 2.0}:
            sides = ("1", "2")
    named = f"{number:g}"
    if sides[0] in "01" and named in sides:
        return _FIRST if named == sides[0] else _SECOND
    raise _unsure(column, fields.cells.get(column))


def _of_ranking(two: _Two, column: str, ranking: list[Any], cells: Mapping[str, Any]) -> str:
    """Argilla's ranking: [{'rank': 1, 'value': 'response-1'}, …]."""
    ranks: dict[str, float] = {}
    for each in ranking:
        side = two.side_of(folded(text_of(each.get("value"))), cells) if isinstance(each, dict) else None
        rank = number_of(each.get("rank")) if isinstance(each, dict) else None
        if side is not None and rank is not None:
            ranks[side] = rank
    if len(ranks) != 2:
        raise _unsure(column, ranking)
    return _TIE if ranks[_FIRST] == ranks[_SECOND] else min(ranks, key=ranks.__getitem__)


def _of_model(fields: Fields, two: _Two, value: Any) -> str | None:
    """Which answer is by the model that is named."""
    names = [fields.find(f"model_{side}", f"model{side}", f"{two.stem}_{side}_model") for side in two.sides]
    if None in names:
        return None
    models = [fields.cells[name] for name in names if name is not None]
    if models[0] == models[1] or value not in models:
        return None
    fields.used |= {name for name in names if name is not None}
    return _FIRST if value == models[0] else _SECOND


def _of_text(fields: Fields, two: _Two, value: Any) -> str | None:
    """Which answer is repeated word for word."""
    first, second = fields.cells[two.first], fields.cells[two.second]
    if first == second or value not in (first, second):
        return None
    return _FIRST if value == first else _SECOND


def _one_hot(fields: Fields, two: _Two) -> dict[str, str]:
    """The columns 'winner_model_a', 'winner_model_b', 'winner_tie' …, by what they say."""
    names = {
        _FIRST: (f"winner_model_{two.sides[0]}", f"winner_{two.sides[0]}"),
        _SECOND: (f"winner_model_{two.sides[1]}", f"winner_{two.sides[1]}"),
        _TIE: ("winner_tie",),
        _BAD: ("winner_bothbad", "winner_both_bad", "winner_tie_bothbad"),
    }
    known = {verdict: fields.find(*each) for verdict, each in names.items()}
    found = {verdict: column for verdict, column in known.items() if column is not None}
    return found if _FIRST in found and _SECOND in found else {}


def _only(fields: Fields, known: Mapping[str, str]) -> str:
    said = [verdict for verdict, column in known.items() if _is_one(fields.use(column))]
    if len(said) != 1:
        column = known[_FIRST]
        raise RecordError(
            column,
            "no choice",
            f"marks {len(said)} of its answers as the winner.",
            "Write 1 in one of the columns, 0 in the others.",
        )
    return said[0]


def _is_one(value: Any) -> bool:
    return (
        value is True or number_of(value) == 1 or (isinstance(value, str) and value.strip().lower() == "true")
    )


def _scores(fields: Fields, two: _Two) -> tuple[str, str] | None:
    for score in _SCORES:
        first, second = (
            fields.find(f"{score}_{side}", f"{score}{side}", f"{two.stem}_{side}_{score}")
            for side in two.sides
        )
        if first is not None and second is not None:
            return first, second
    return None


def _higher(fields: Fields, first: str, second: str) -> str:
    one, other = number_of(fields.use(first)), number_of(fields.use(second))
    if one is None or other is None or one == other:
        raise RecordError(
            first,
            "no choice",
            f"has {shown(fields.cells[first])} in {first!r} and {shown(fields.cells[second])} in {second!r}: "
            "neither answer is better.",
            "Nothing to do if neither is.",
        )
    return _FIRST if one > other else _SECOND


def _questions(
    fields: Fields, first: tuple[str, Any], second: tuple[str, Any]
) -> tuple[list[dict[str, str]], str, str] | None:
    """Dialogues whose questions and answers stand in lists of their own, or None.

    Raises:
        RecordError: the dialogues part before the last question, or their lists do not fit together.
    """
    column = fields.find("prompt", "prompts", "questions")
    asked: Any = as_list(fields.cells[column]) if column is not None else None
    one, other = as_list(first[1]), as_list(second[1])
    lists = (asked, one, other)
    if column is None or not all(
        isinstance(each, list) and all(isinstance(text, str | None) for text in each) for each in lists
    ):
        return None
    fields.use(column)
    if not len(asked) == len(one) == len(other) or not asked or one[:-1] != other[:-1]:
        raise RecordError(
            first[0],
            "other question",
            "has two dialogues that part before their last answers.",
            "Only answers to the same question can be compared.",
        )
    if is_blank(one[-1]) or is_blank(other[-1]):
        raise RecordError(first[0], "empty", "has an empty answer.", "Fill it, or leave the row out.")
    prompt = []
    for question, reply in zip(asked, [*one[:-1], None], strict=True):
        prompt.append(message("user", text_of(question)))
        if reply is not None:
            prompt.append(message("assistant", text_of(reply)))
    checked_prompt(fields, tuple(prompt))
    return prompt, text_of(one[-1]), text_of(other[-1])


def _unsure(column: str, value: Any) -> RecordError:
    return RecordError(
        column,
        "no choice",
        f"has {shown(value)} in the column {column!r}, which does not say which answer is better.",
        "Name the better answer's column there, or 'tie'.",
    )


COMPARISONS = (Form("two answers and which of them is better", _fits, _read),)
