"""What is wrong with one sample by itself."""

from collections.abc import Iterator

from ftdemo.files.rows import Problem
from ftdemo.samples.content import control_token, odd_characters, personal_data
from ftdemo.samples.conversations import Draft
from ftdemo.samples.shapes import Shape

MAX_CHARACTERS = 8_000
"""Longest question or answer, in characters: about 2,000 tokens, what a small model can learn from."""


def fault_of_draft(draft: Draft, row: int, shape: Shape) -> Problem | None:
    """Why a sample cannot be used, or None.

    Args:
        draft: the sample.
        row: its row.
        shape: names the columns.
    """
    for column, text in _texts(draft, shape):
        if not text.strip():
            message = f"Row {row} has nothing in the column {column!r}."
            return Problem(row, column, "empty", message, "Fill that cell, or leave the row out.")
        if len(text) > MAX_CHARACTERS:
            return Problem(
                row,
                column,
                "over-long",
                f"Row {row} has {len(text):,} characters in the column {column!r}; "
                f"{MAX_CHARACTERS:,} is the most.",
                "Shorten it, or split it into several samples.",
            )
    if draft.weight == 0:
        message = f"Row {row} has the weight 0."
        return Problem(row, None, "weight 0", message, "Nothing to do: it is not to be learned.")
    if draft.liked is False:
        return Problem(
            row,
            shape.answer_column,
            "disliked",
            f"Row {row} has an answer that was not liked.",
            "Nothing to do: only liked answers become samples; the file as a whole can serve as feedback.",
        )
    return None


def warnings_of_draft(
    draft: Draft, row: int, shape: Shape, *, with_history: bool = True
) -> Iterator[Problem]:
    """What looks odd about a sample that is kept.

    Args:
        draft: the sample.
        row: its row.
        shape: names the columns.
        with_history: whether to look at what was said before, which earlier replies of the row tell too.
    """
    before = [(shape.question_column, text) for _, text in draft.history] if with_history else []
    if draft.system and with_history:
        before.append((shape.question_column, draft.system))
    for column, text in (*_texts(draft, shape), *before):
        personal = personal_data(text)
        if personal:
            message = f"Row {row} seems to hold {personal} in the column {column!r}."
            yield Problem(
                row, column, "personal data", message, "Leave it out: the model may repeat it.", "warning"
            )
        control = control_token(text)
        if control:
            message = f"Row {row} has the control token {control} in the column {column!r}."
            remedy = "It is learned as plain text; take it out if it was meant to end or begin a turn."
            yield Problem(row, column, "control token", message, remedy, "warning")
        odd = odd_characters(text)
        if odd:
            message = f"Row {row} has {odd} in the column {column!r}."
            remedy = "Check the file's encoding, or take the character out."
            yield Problem(row, column, "odd characters", message, remedy, "warning")
    for note in draft.notes:
        yield Problem(row, note.column, note.kind, f"Row {row} {note.what}", note.remedy, "warning")


def _texts(draft: Draft, shape: Shape) -> tuple[tuple[str, str], tuple[str, str]]:
    return (shape.question_column, draft.question), (shape.answer_column, draft.answer)
