"""From a record with a question and an answer, or a conversation, to samples."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ftdemo.files.cells import as_list, is_blank, text_of
from ftdemo.samples.conversations import Draft, pairs_of, replies_of, said_in, turns_in
from ftdemo.samples.marks import marked_turns
from ftdemo.samples.messages import Note, RecordError, is_message, is_messages
from ftdemo.samples.signs import weight

Cells = Mapping[str, Any]
Convert = Callable[[Cells], list[Draft]]

_MEDIA = ("images", "image", "videos", "video", "audios", "audio", "pixel_values")
_PLACEHOLDERS = ("<image>", "<video>", "<audio>", "<|image|>", "<img>")
_ANSWER_KEYS = ("text", "value", "answer", "content", "aliases")


def question_answer(
    question: str,
    answer: str,
    *,
    above: Sequence[str] = (),
    below: Sequence[str] = (),
    system: str | None = None,
    history: str | None = None,
    unpack: bool = False,
) -> Convert:
    """Records with a question and an answer each, both texts or lists of messages.

    Args:
        question: the question's column.
        answer: the answer's column.
        above: columns that are part of the question, put above it.
        below: columns of what the question is about, which are put below it.
        system: the column of what the model is told beforehand.
        history: the column of earlier turns.
        unpack: whether texts that are JSON of messages are to be taken for messages.
    """

    def convert(cells: Cells) -> list[Draft]:
        asked, replied = cells.get(question), cells.get(answer)
        told = text_of(cells.get(system)).strip() and text_of(cells.get(system)) if system else None
        counts = weight(cells)
        if unpack or not (isinstance(asked, str) and isinstance(replied, str)):
            asked, replied = _opened(asked), _opened(replied)
            if any(is_message(value) or is_messages(value) for value in (asked, replied)):
                turns = said_in(asked, "user", question) + said_in(replied, "assistant", answer)
                return replies_of(turns, answer, told or None, counts)
        notes: list[Note] = []
        text = _cell(asked, question, notes)
        parts = [_cell(cells.get(column), column, notes) for column in above]
        parts.append(text)
        if text.strip():
            parts += [_cell(cells.get(column), column, notes) for column in below]
        whole = "\n\n".join(part for part in parts if part.strip()) if above or below else text
        earlier = as_list(cells.get(history)) if history else None
        reply = _answer(replied, answer, notes)
        before: tuple[tuple[str, str], ...] = ()
        drafts: list[Draft] = []
        if isinstance(earlier, list) and earlier:
            said = pairs_of(earlier, history or "")
            before = tuple((turn.role, turn.text) for turn in said)
            # In Alpaca's pairs the earlier replies stand nowhere else.
            if isinstance(earlier[0], list):
                drafts = [replace(draft, notes=()) for draft in replies_of(said, history or "", told, counts)]
        drafts.append(Draft(whole, reply, told or None, before, counts, notes=tuple(notes)))
        return drafts

    return convert


def conversation(column: str, system: str | None = None) -> Convert:
    """Records with a conversation in one column: a sample for each reply.

    Args:
        column: the conversation's.
        system: the column of what the model is told beforehand.
    """

    def convert(cells: Cells) -> list[Draft]:
        turns = turns_in(cells.get(column), column)
        told = _system_text(cells.get(system)) if system else ""
        return replies_of(turns, column, told or None, weight(cells))

    return convert


def marked(column: str) -> Convert:
    """Records with '### Instruction: … ### Response: …' in one text, or in a list of texts.

    In a list each text may be a sample by itself, or one turn of a conversation.
    """

    def convert(cells: Cells) -> list[Draft]:
        value = as_list(cells.get(column))
        counts = weight(cells)
        told = text_of(cells.get("system")) or None
        if isinstance(value, list) and all(isinstance(part, str) for part in value):
            each = [marked_turns(part) for part in value]
            if each and all({"user", "assistant"} <= {turn.role for turn in turns} for turns in each):
                return [draft for turns in each for draft in replies_of(turns, column, told, counts)]
            return replies_of(turns_in(value, column), column, told, counts)
        return replies_of(marked_turns(text_of(value)), column, told, counts)

    return convert


def refuse_media(cells: Cells, columns: Sequence[str]) -> None:
    """Refuse a record that needs a picture or sound.

    Args:
        cells: the record.
        columns: those of `media_columns`.

    Raises:
        RecordError: it has one.
    """
    for column in columns:
        value = cells.get(column)
        if is_blank(value):
            continue
        shown = isinstance(value, list | dict | bytes) or any(
            mark in text_of(cell) for cell in cells.values() for mark in _PLACEHOLDERS
        )
        if shown:
            raise RecordError(
                column,
                "not text",
                f"has a picture, sound or video in the column {column!r}.",
                "Leave the row out: only text is learned. If the texts do without it, leave out the column.",
            )


def media_columns(columns: Sequence[str]) -> list[str]:
    """The columns that may hold pictures or sound."""
    return [column for column in columns if column.strip().lower() in _MEDIA]


def _opened(value: Any) -> Any:
    """A cell with messages as JSON text, opened; any other as it is."""
    opened = as_list(value)
    return opened if is_message(opened) or is_messages(opened) else value


def _system_text(value: Any) -> str:
    """What a system column says; Gemini has it in parts."""
    if isinstance(value, dict | list):
        said = said_in([value], "system", "system") if is_message(value) else []
        if said:
            return said[0].text
        parts = value.get("parts") if isinstance(value, dict) else value
        if isinstance(parts, list):
            texts = [part.get("text") if isinstance(part, dict) else part for part in parts]
            return "\n".join(text_of(text) for text in texts)
    return text_of(value)


def _answer(value: Any, column: str, notes: list[Note]) -> str:
    """An answer; of several for the same question the first."""
    if isinstance(value, dict):
        value = next((value[key] for key in _ANSWER_KEYS if key in value), value)
    if isinstance(value, list | tuple) and all(not isinstance(each, list | dict) for each in value):
        texts = [text for text in map(text_of, value) if text.strip()]
        if len(texts) > 1:
            what = f"has {len(texts)} answers in the column {column!r}; the first is taken."
            notes.append(Note(column, "several answers", what, "Give others a row of their own."))
        return texts[0] if texts else ""
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        inner = next((key for key in _ANSWER_KEYS if key in value[0]), None)
        if inner:
            return _answer([each.get(inner) for each in value], column, notes)
    return _cell(value, column, notes)


def _cell(value: Any, column: str, notes: list[Note]) -> str:
    """A cell as text; a list or an object is written out, with a word about it."""
    if isinstance(value, list | tuple) and len(value) == 1 and isinstance(value[0], str):
        value = value[0]
    if isinstance(value, list | dict) and value:
        what = f"has {'a list' if isinstance(value, list) else 'an object'} in the column {column!r}."
        notes.append(Note(column, "not plain text", what, "It is written out as JSON; write text instead."))
    if isinstance(value, list | dict) and not value:
        return ""
    return text_of(value)
