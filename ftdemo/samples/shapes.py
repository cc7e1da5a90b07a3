"""What a record looks like, and how to make a sample out of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftdemo.errors import FileFormatError, UserError
from ftdemo.samples import conversion
from ftdemo.samples.columns import ANSWER_NAMES, QUESTION_NAMES, choose_columns, chosen_column, find_column
from ftdemo.samples.conversion import Draft
from ftdemo.samples.rows import ReadOptions

Convert = Callable[[Mapping[str, Any]], list[Draft]]

QUESTION_ANSWER = "question/answer"
PREFERENCE_PAIRS = "preference pairs"
PREFERENCE_LABELS = "preference labels"
SHAPES = (
    QUESTION_ANSWER,
    "alpaca",
    "sharegpt",
    "messages",
    "prompt/completion",
    "gradient",
    PREFERENCE_PAIRS,
    PREFERENCE_LABELS,
)
_MARKED_COLUMNS = ("inputs", "text")
_ONE_COLUMN: dict[str, tuple[tuple[str, ...], Callable[[str], Convert]]] = {
    "messages": (("messages", "conversations", "conversation"), conversion.conversation),
    "sharegpt": (("conversations", "conversation", "messages"), conversion.conversation),
    "gradient": (_MARKED_COLUMNS, conversion.marked),
}
_PROMPT = ("prompt", "question", "instruction", "问题")
_LABEL = ("label", "labels", "liked")


@dataclass(frozen=True)
class Shape:
    """A shape with the columns of one file.

    Args:
        name: one of `SHAPES`.
        question_column: the column that has the question, or the whole conversation.
        answer_column: the column that has the answer; the same one for a conversation.
        convert: makes samples of a row's cells; raises RecordError for one that gives none.
    """

    name: str
    question_column: str
    answer_column: str
    convert: Convert

    @property
    def is_preference(self) -> bool:
        """Whether its records say which answer was liked."""
        return self.name in (PREFERENCE_PAIRS, PREFERENCE_LABELS)


def is_usable(columns: Sequence[str]) -> bool:
    """Whether columns of these names make a shape that is recognised."""
    if find_column(columns, ("conversations", "conversation", "messages", "inputs")):
        return True
    if find_column(columns, ("chosen",)) and find_column(columns, ("rejected",)):
        return True
    return bool(find_column(columns, QUESTION_NAMES) and find_column(columns, ANSWER_NAMES))


def choose_shape(
    file_name: str,
    columns: Sequence[str],
    first_rows: Sequence[Mapping[str, Any]],
    options: ReadOptions,
) -> Shape:
    """Tell the shape by the columns' names and the first rows, or take the one that is said.

    Args:
        file_name: for the message.
        columns: the columns there are.
        first_rows: some rows' cells.
        options: the shape and the columns, where a person chose them.

    Raises:
        UserError: there is no such shape, or the columns it needs are not there.
    """
    shape, question_column, answer_column = options.shape, options.question_column, options.answer_column
    if shape == "auto":
        shape = QUESTION_ANSWER if question_column or answer_column else _recognise(columns, first_rows)
    if shape in _ONE_COLUMN:
        names, convert = _ONE_COLUMN[shape]
        if question_column:
            column = chosen_column(file_name, columns, question_column)
        else:
            column = find_column(columns, names) or _need(file_name, columns, names[0])
        return Shape(shape, column, column, convert(column))
    if shape == PREFERENCE_PAIRS:
        prompt, chosen = find_column(columns, _PROMPT), _need(file_name, columns, "chosen")
        rejected = _need(file_name, columns, "rejected")
        return Shape(shape, prompt or chosen, chosen, conversion.preference_pair(prompt, chosen, rejected))
    if shape not in SHAPES:
        raise UserError(f"There is no record shape {shape!r}.", f"Use one of: auto, {', '.join(SHAPES)}.")
    question, answer = choose_columns(file_name, columns, question_column, answer_column)
    if shape == PREFERENCE_LABELS:
        label = find_column(columns, _LABEL) or _need(file_name, columns, "label")
        return Shape(shape, question, answer, conversion.preference_label(question, answer, label))
    extra = find_column(columns, ("input",)) if shape == "alpaca" else None
    return Shape(shape, question, answer, conversion.question_answer(question, answer, extra))


def _recognise(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    def has(*names: str) -> bool:
        return find_column(columns, names) is not None

    marked = find_column(columns, _MARKED_COLUMNS)
    signs = {
        PREFERENCE_PAIRS: has("chosen") and has("rejected"),
        PREFERENCE_LABELS: has("prompt") and has("completion") and has(*_LABEL),
        "messages": has("messages"),
        "sharegpt": has("conversations", "conversation"),
        "alpaca": has("instruction") and has("output", "response"),
        "prompt/completion": has("prompt") and has("completion"),
        "gradient": marked and (has("inputs") or any(conversion.is_marked(row.get(marked)) for row in rows)),
    }
    return next((shape for shape, fits in signs.items() if fits), QUESTION_ANSWER)


def _need(file_name: str, columns: Sequence[str], name: str) -> str:
    column = find_column(columns, (name,))
    if column is None:
        raise FileFormatError(
            f"The file {file_name} has no column {name!r}, which this record shape needs.",
            f"Its columns are: {', '.join(map(repr, columns))}; choose another shape or rename one.",
        )
    return column
