"""Which column is the question and which the answer."""

from collections.abc import Sequence

from ftdemo.errors import FileFormatError

QUESTION_NAMES = (
    "question",
    "prompt",
    "instruction",
    "input",
    "query",
    "q",
    "ask",
    "问题",
    "提问",
    "问",
    "指令",
    "輸入",
    "输入",
    "問題",
    "pregunta",
    "frage",
    "вопрос",
)
ANSWER_NAMES = (
    "answer",
    "completion",
    "response",
    "output",
    "reply",
    "a",
    "target",
    "答案",
    "回答",
    "答",
    "回复",
    "输出",
    "輸出",
    "respuesta",
    "réponse",
    "antwort",
    "ответ",
)
SPLIT_NAMES = ("split",)
HELD_OUT_VALUES = frozenset({"held_out", "held-out", "heldout", "test", "validation", "valid", "eval", "dev"})


def choose_columns(
    file_name: str,
    columns: Sequence[str],
    question_column: str | None = None,
    answer_column: str | None = None,
) -> tuple[str, str]:
    """Return the names of the question and the answer column.

    Args:
        file_name: for the message.
        columns: the columns there are.
        question_column: the column a person chose, or None to recognise it by its name.
        answer_column: likewise.

    Raises:
        FileFormatError: a column that was chosen is not there, or none is recognised.
    """
    question = _choose(file_name, columns, "question", question_column, QUESTION_NAMES)
    answer = _choose(file_name, columns, "answer", answer_column, ANSWER_NAMES)
    if question == answer:
        raise FileFormatError(
            f"The column {question!r} of {file_name} is named as both question and answer.",
            "Name two different columns.",
        )
    return question, answer


def find_column(columns: Sequence[str], names: Sequence[str]) -> str | None:
    """The first column whose name is one of `names`, regardless of case; earlier names win."""
    by_lowered = {column.strip().lower(): column for column in reversed(columns)}
    return next((by_lowered[name] for name in names if name in by_lowered), None)


def chosen_column(file_name: str, columns: Sequence[str], chosen: str) -> str:
    """The column a person named, regardless of case and white space around it.

    Raises:
        FileFormatError: there is none; the remedy names those there are.
    """
    column = find_column(columns, [chosen.strip().lower()])
    if column is None:
        raise FileFormatError(
            f"The file {file_name} has no column {chosen!r}.", f"Its columns are: {_listed(columns)}."
        )
    return column


def _choose(
    file_name: str, columns: Sequence[str], role: str, chosen: str | None, names: Sequence[str]
) -> str:
    if chosen:
        return chosen_column(file_name, columns, chosen)
    column = find_column(columns, names)
    if column is None:
        raise FileFormatError(
            f"The file {file_name} has no {role} column; its columns are: {_listed(columns)}.",
            f"Name a column {role!r}, or say which column holds the {role}.",
        )
    return column


def _listed(columns: Sequence[str]) -> str:
    shown = ", ".join(repr(column[:60]) for column in columns[:12]) or "none"
    return shown + (f" and {len(columns) - 12} more" if len(columns) > 12 else "")
