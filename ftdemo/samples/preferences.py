"""Preference files: which of two answers is better, or whether one answer was liked."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ftdemo.errors import FileFormatError
from ftdemo.samples.reading import open_records
from ftdemo.samples.rows import ReadOptions
from ftdemo.samples.turns import RecordError, Turn


@dataclass(frozen=True)
class PreferencePair:
    """Two answers to one question.

    Args:
        question: what was asked.
        chosen: the better answer.
        rejected: the worse answer.
        system: what the model was told beforehand, if anything.
        history: the turns before the question.
    """

    question: str
    chosen: str
    rejected: str
    system: str | None = None
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True)
class LabelledAnswer:
    """An answer and whether it was liked.

    Args:
        question: what was asked.
        answer: the answer.
        liked: whether it was liked.
        system: what the model was told beforehand, if anything.
        history: the turns before the question.
    """

    question: str
    answer: str
    liked: bool
    system: str | None = None
    history: tuple[Turn, ...] = ()


def read_preferences(
    path: str | Path, options: ReadOptions | None = None
) -> Iterator[PreferencePair | LabelledAnswer]:
    """The preference rows of a file (prompt/chosen/rejected, or prompt/completion/label), in order.

    Rows that give none, or lack one of their texts, are passed over; `check_file` names them.

    Args:
        path: a file's path, a folder, or the name of a Hub data set.
        options: what is not to be recognised but taken as said.

    Raises:
        UserError: the file cannot be read, or holds no preferences.
    """
    with open_records(path, options or ReadOptions()) as records:
        shape = records.shape
        if not shape.is_preference:
            raise FileFormatError(
                f"The file {records.source.name} holds {shape.name} records, not preferences.",
                "Give one with the columns prompt, chosen and rejected, or prompt, completion and label.",
            )
        for row in records.rows:
            if row.cells is None:
                continue
            try:
                drafts = shape.convert(row.cells)
            except (RecordError, RecursionError):
                continue
            for draft in drafts:
                if not draft.question.strip() or not draft.answer.strip():
                    continue
                if draft.liked is not None:
                    yield LabelledAnswer(
                        draft.question, draft.answer, draft.liked, draft.system, draft.history
                    )
                elif draft.rejected and draft.rejected.strip():
                    yield PreferencePair(
                        draft.question, draft.answer, draft.rejected, draft.system, draft.history
                    )
