"""What a record looks like, and how to make samples out of it, by the roles of its columns (`columns.py`)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ftdemo.errors import FileFormatError, UserError
from ftdemo.files.cells import as_list, is_blank
from ftdemo.files.rows import ReadOptions
from ftdemo.samples import conversion, nested
from ftdemo.samples.columns import (
    ABOUT_NAMES,
    HISTORY_NAMES,
    ROLES,
    SPLIT_NAMES,
    SYSTEM_NAMES,
    choose_columns,
    chosen_column,
    find_answer,
    find_column,
    find_question,
    listed,
)
from ftdemo.samples.conversations import is_conversation
from ftdemo.samples.conversion import Convert
from ftdemo.samples.marks import is_marked
from ftdemo.samples.messages import is_message, is_messages
from ftdemo.samples.preferences import PairColumns, pair_columns, preference_pair, with_label
from ftdemo.samples.signs import LABEL_NAMES, WEIGHT_NAMES, is_label

QUESTION_ANSWER = "question/answer"
PREFERENCE_PAIRS = "preference pairs"
PREFERENCE_LABELS = "preference labels"
TURN_ROWS = "one turn a row"
_STRONG = {
    "messages": "messages", "conversations": "sharegpt", "conversation": "sharegpt", "contents": "gemini",
}  # fmt: skip
"""Shapes by the columns that are conversations wherever they are one."""
_WEAK = {
    "chat": "moss", "plain_text": "moss", "dialogue": "dialogue", "dialog": "dialogue", "dialogs": "dialogue",
    "dialogues": "dialogue", "turns": "dialogue", "utterances": "dialogue", "thread": "dialogue",
    "items": "sharegpt", "data": "dialogue",
}  # fmt: skip
"""Shapes by the columns that are conversations if there is no question with an answer beside them."""
_NESTED: dict[str, tuple[tuple[str, ...], Convert]] = {
    "intents": (("patterns", "responses"), nested.intents),
    "squad": (("paragraphs",), nested.squad),
    "self-instruct": (("instruction", "instances"), nested.instances),
    "oasst trees": (("prompt", "message_tree_id"), nested.tree),
}
"""Shapes with several questions in a record, by the columns that they need."""
SHAPES = (
    QUESTION_ANSWER,
    "alpaca",
    "sharegpt",
    "messages",
    "prompt/completion",
    "gradient",
    PREFERENCE_PAIRS,
    PREFERENCE_LABELS,
    "gemini",
    "xtuner",
    "moss",
    "dialogue",
    TURN_ROWS,
    *_NESTED,
)
_CONVERSATIONS = {
    "messages": ("messages", "conversations", "conversation"),
    "sharegpt": ("conversations", "conversation", "messages", "items"),
    "gemini": ("contents",),
    "xtuner": ("conversation",),
    "moss": ("chat", "plain_text"),
    "dialogue": tuple(name for name, shape in _WEAK.items() if shape == "dialogue"),
    TURN_ROWS: ("messages",),
}
_STRONG_ONE, _WEAK_ONE = "a conversation", "perhaps a conversation"
_MARKED_COLUMNS = ("inputs", "text")
_LABEL = ("label", "labels", "liked", "kto_tag")
_FIT = 0.5
"""Share of the first rows that must be of a form for the file to be of it."""


@dataclass(frozen=True)
class Shape:
    """A shape with the columns of one file.

    Args:
        name: one of `SHAPES`.
        question_column: the column that has the question, or the whole conversation.
        answer_column: the column that has the answer; the same one for a conversation.
        convert: makes samples of a row's cells; raises RecordError for one that gives none.
        used: the columns that are read.
        label: the column that says what was liked, if there is one.
    """

    name: str
    question_column: str
    answer_column: str
    convert: Convert
    used: frozenset[str] = frozenset()
    label: str | None = None

    @property
    def is_preference(self) -> bool:
        """Whether its records say which answer was liked."""
        return self.name == PREFERENCE_PAIRS or self.label is not None


def is_usable(columns: Sequence[str]) -> bool:
    """Whether columns of these names make a shape that is recognised."""
    if find_column(columns, (*_STRONG, "inputs")) or pair_columns(columns):
        return True
    if any(all(find_column(columns, (name,)) for name in names) for names, _ in _NESTED.values()):
        return True
    return bool(find_question(columns) and find_answer(columns))


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
    chosen = _Chosen(file_name, columns, first_rows, options)
    shape = options.shape
    if shape == "auto":
        named = chosen.role("question") or chosen.role("answer")
        shape = QUESTION_ANSWER if named else chosen.recognise()
    if shape not in SHAPES:
        raise UserError(f"There is no record shape {shape!r}.", f"Use one of: auto, {', '.join(SHAPES)}.")
    return chosen.shape(shape)


class _Chosen:
    """One file's columns, and what a person said of them."""

    def __init__(
        self,
        file_name: str,
        columns: Sequence[str],
        rows: Sequence[Mapping[str, Any]],
        options: ReadOptions,
    ) -> None:
        self._file_name = file_name
        self._options = options
        for role in options.columns.values():
            if role not in ROLES:
                raise UserError(f"A column cannot hold {role!r}.", f"Use one of: {', '.join(ROLES)}.")
        self._said = {role: chosen_column(file_name, columns, name) for name, role in options.columns.items()}
        ignored = {
            chosen_column(file_name, columns, name)
            for name, role in options.columns.items()
            if role == "ignore"
        }
        self._all = columns
        self._columns = [column for column in columns if column not in ignored]
        self._rows = rows

    def role(self, role: str) -> str | None:
        """The column that a person said to hold something."""
        named = {"question": self._options.question_column, "answer": self._options.answer_column}.get(role)
        return named or self._said.get(role)

    def recognise(self) -> str:
        """The shape that fits the names of the columns and most of the first rows."""
        has = self._has
        asked = bool(find_question(self._columns) and find_answer(self._columns))
        marked = find_column(self._columns, _MARKED_COLUMNS)
        signs: dict[str, Callable[[], bool]] = {
            **{name: partial(self._is_nested, name) for name in _NESTED},
            PREFERENCE_PAIRS: lambda: pair_columns(self._columns) is not None,
            PREFERENCE_LABELS: lambda: has("prompt") and has("completion") and has(*_LABEL),
            _STRONG_ONE: lambda: self._conversation(_STRONG) is not None,
            "alpaca": lambda: asked and has("instruction") and has("output", "response"),
            "prompt/completion": lambda: has("prompt") and has("completion"),
            QUESTION_ANSWER: lambda: asked,
            _WEAK_ONE: lambda: self._conversation(_WEAK) is not None,
            "gradient": lambda: has("inputs") or bool(marked and self._share(marked, is_marked) >= _FIT),
        }
        name = next((name for name, fits in signs.items() if fits()), QUESTION_ANSWER)
        named = {_STRONG_ONE: _STRONG, _WEAK_ONE: _WEAK}.get(name)
        return (self._conversation(named) if named else None) or name

    def _is_nested(self, shape: str) -> bool:
        names = _NESTED[shape][0]
        return all(map(self._has, names)) and self._fits(names[-1], list, dict, str, int)

    def shape(self, name: str) -> Shape:
        """The shape of a name with this file's columns."""
        system = self._said.get("system") or find_column(self._columns, SYSTEM_NAMES)
        if name in _NESTED:
            names, convert = _NESTED[name]
            first, last = (self._need(column) for column in (names[0], names[-1]))
            return self._made(name, first, last, convert, *names)
        if name in _CONVERSATIONS or name == "gradient":
            column = self._conversation_column(_CONVERSATIONS.get(name, _MARKED_COLUMNS))
            marked = name == "gradient"
            convert = conversion.marked(column) if marked else conversion.conversation(column, system)
            return self._made(name, column, column, convert, column, system)
        if name == PREFERENCE_PAIRS:
            pair = pair_columns(self._columns) or PairColumns(
                None, None, self._need("chosen"), self._need("rejected")
            )
            made = preference_pair(pair, system)
            return self._made(
                name, pair.prompt or pair.first, pair.first, made, *pair, system, labelled=False
            )
        return self._question_answer(name, system)

    def _question_answer(self, name: str, system: str | None) -> Shape:
        question, answer = choose_columns(
            self._file_name, self._columns, self.role("question"), self.role("answer")
        )
        history = self._said.get("history") or find_column(self._columns, HISTORY_NAMES)
        above: list[str] = []
        below: list[str] = []
        if not self.role("question"):
            others = [column for column in self._columns if column not in (question, answer)]
            above = [column for column in others if column.strip().lower() == "instruction"]
            below = [column for column in others if column.strip().lower() in ABOUT_NAMES]
            below = [column for column in below if self._share(column, _is_text) >= _FIT]
        if "context" in self._said:
            below = [self._said["context"]]
        # What this app writes has texts only, whatever they look like.
        own = self._has("split") and (question, answer) == ("question", "answer")
        unpack = (
            not own and max(self._share(column, _holds_messages) for column in (question, answer)) >= _FIT
        )
        convert = conversion.question_answer(
            question, answer, above=above, below=below, system=system, history=history, unpack=unpack
        )
        return self._made(name, question, answer, convert, question, answer, system, history, *above, *below)

    def _made(
        self,
        name: str,
        question: str,
        answer: str,
        convert: Convert,
        *used: str | None,
        labelled: bool = True,
    ) -> Shape:
        label = self._label(name, answer) if labelled else None
        if label:
            convert = with_label(convert, label)
        media = conversion.media_columns(self._columns)
        if media:
            convert = _without_media(convert, media)
        lowered = {*SPLIT_NAMES, *WEIGHT_NAMES, "finetuningparameters", "fine_tuning_parameters"}
        known = {column for column in self._all if column.strip().lower() in lowered}
        known |= {column for column in (*used, label, *self._said.values(), *media) if column}
        return Shape(name, question, answer, convert, frozenset(known), label)

    def _label(self, name: str, answer: str) -> str | None:
        if "label" in self._said:
            return self._said["label"]
        if name == PREFERENCE_LABELS:
            return (
                find_column(self._columns, _LABEL)
                or find_column(self._columns, LABEL_NAMES)
                or self._need("label")
            )
        answers = [row.get(answer) for row in self._rows]
        named = (column for column in self._columns if column.strip().lower() in LABEL_NAMES)
        return next(
            (
                column
                for column in named
                if column != answer and is_label([row.get(column) for row in self._rows], answers)
            ),
            None,
        )

    def _conversation(self, names: Mapping[str, str]) -> str | None:
        for name, shape in names.items():
            column = find_column(self._columns, (name,))
            if column and self._share(column, is_conversation) >= _FIT:
                pairs = [row.get(column) for row in self._rows]
                first = next((value for value in pairs if not is_blank(value)), None)
                xtuner = isinstance(first, list) and isinstance(first[0], dict) and "output" in first[0]
                return "xtuner" if name == "conversation" and xtuner else shape
        # Of a file whose first rows are all broken, the name still tells what was meant.
        plain = find_column(self._columns, ("messages", "conversations"))
        asked = find_question(self._columns) and find_answer(self._columns)
        return "messages" if names is _STRONG and plain and not asked else None

    def _conversation_column(self, names: Sequence[str]) -> str:
        named = self.role("question")
        if named:
            return chosen_column(self._file_name, self._all, named)
        return find_column(self._columns, names) or self._need(names[0])

    def _share(self, column: str, fits: Callable[[Any], bool]) -> float:
        """The share of a column's filled cells in the first rows that are of a form."""
        filled = [row[column] for row in self._rows if not is_blank(row.get(column))]
        return sum(map(fits, filled)) / len(filled) if filled else 0.0

    def _fits(self, name: str, *types: type) -> bool:
        column = find_column(self._columns, (name,))
        return bool(column) and self._share(column or "", lambda cell: isinstance(cell, types)) >= _FIT

    def _has(self, *names: str) -> bool:
        return find_column(self._columns, names) is not None

    def _need(self, name: str) -> str:
        column = find_column(self._columns, (name,))
        if column is None:
            raise FileFormatError(
                f"The file {self._file_name} has no column {name!r}, which this record shape needs.",
                f"Its columns are: {listed(self._columns)}; choose another shape or rename one.",
            )
        return column


def _is_text(cell: Any) -> bool:
    return not isinstance(cell, list | dict)


def _holds_messages(cell: Any) -> bool:
    opened = as_list(cell)
    return is_message(opened) or is_messages(opened)


def _without_media(convert: Convert, columns: Sequence[str]) -> Convert:
    def checked(cells: Mapping[str, Any]) -> Any:
        conversion.refuse_media(cells, columns)
        return convert(cells)

    return checked
