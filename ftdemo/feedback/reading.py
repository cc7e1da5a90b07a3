"""Preference files of other tools: which of two answers is better, or whether one answer was liked."""

from collections.abc import Iterator
from pathlib import Path

from ftdemo.errors import FileFormatError
from ftdemo.feedback.preferences import ChatMessage, PreferencePair, RatedAnswer
from ftdemo.samples.conversations import Draft
from ftdemo.samples.messages import RecordError
from ftdemo.samples.reading import open_records
from ftdemo.samples.rows import ReadOptions


def read_preferences(
    path: str | Path, options: ReadOptions | None = None
) -> Iterator[PreferencePair | RatedAnswer]:
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
            # Of a conversation the last reply is the one that is judged.
            for draft in drafts[-1:]:
                if not draft.question.strip() or not draft.answer.strip():
                    continue
                if draft.liked is not None:
                    yield RatedAnswer(_prompt(draft), draft.answer, draft.liked)
                elif draft.rejected and draft.rejected.strip():
                    yield PreferencePair(_prompt(draft), draft.answer, draft.rejected, "imported")


def _prompt(draft: Draft) -> tuple[ChatMessage, ...]:
    turns = [("system", draft.system)] if draft.system else []
    turns += [*draft.history, ("user", draft.question)]
    return tuple({"role": role, "content": text or ""} for role, text in turns)
