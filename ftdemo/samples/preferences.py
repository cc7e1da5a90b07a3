"""Records with a better and a worse answer, or with an answer and whether it was liked."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ftdemo.files.cells import as_list, is_blank, text_of
from ftdemo.samples.columns import find_column
from ftdemo.samples.conversations import Draft, replies_of, said_in, turns_in
from ftdemo.samples.conversion import Cells, Convert
from ftdemo.samples.marks import marked_turns
from ftdemo.samples.messages import RecordError, Said, is_message, is_messages
from ftdemo.samples.signs import liked, weight

CHOSEN_NAMES = (
    "chosen",
    "chosen_response",
    "preferred_output",
    "preferred",
    "accepted_response",
    "response_j",
)
REJECTED_NAMES = (
    "rejected", "rejected_response", "non_preferred_output", "dispreferred", "rejected_responses",
    "response_k",
)  # fmt: skip
PROMPT_NAMES = (
    "prompt", "question", "instruction", "query", "input", "conversations", "conversation", "messages",
    "history", "问题",
)  # fmt: skip


class PairColumns(NamedTuple):
    """The columns of a preference pair.

    Args:
        prompt: what was asked, None if it stands in the answers.
        about: what the prompt is about, which is put below it (Alpaca's `input`).
        first: one answer.
        second: the other.
        better: the column that says which of them is better; None if it is always the first.
    """

    prompt: str | None
    about: str | None
    first: str
    second: str
    better: str | None = None


def pair_columns(columns: Sequence[str]) -> PairColumns | None:
    """The columns of a preference pair among a file's, or None."""
    prompt = find_column(columns, PROMPT_NAMES)
    about = find_column(columns, ("input", "context"))
    about = about if about != prompt else None
    chosen, rejected = find_column(columns, CHOSEN_NAMES), find_column(columns, REJECTED_NAMES)
    if chosen and rejected:
        return PairColumns(prompt, about, chosen, rejected)
    for first, second, betters in (
        ("response_0", "response_1", ("better_response_id", "preferred_response_id")),
        ("conversation_a", "conversation_b", ("winner",)),
        ("response_a", "response_b", ("winner", "preference")),
    ):
        one, other, better = (find_column(columns, names) for names in ((first,), (second,), betters))
        if one and other and better:
            return PairColumns(prompt, about, one, other, better)
    return None


def preference_pair(columns: PairColumns, system: str | None = None) -> Convert:
    """Samples of the better answers; the worse one is in `Draft.rejected`."""

    def convert(cells: Cells) -> list[Draft]:
        first_is_better = _first_is_better(cells, columns.better) if columns.better else True
        names = (columns.first, columns.second) if first_is_better else (columns.second, columns.first)
        asked = _prompt(cells, columns)
        better, worse = (_reply(cells.get(name), name, asked) for name in names)
        # Some files repeat the prompt at the head of both answers.
        turns = better if any(turn.role == "user" for turn in better) else asked + better
        told = text_of(cells.get(system)) if system else ""
        draft = replies_of(turns, names[0], told or None, weight(cells))[-1]
        rejected = next((turn.text for turn in reversed(worse) if turn.role == "assistant"), "")
        return [replace(draft, rejected=rejected)]

    return convert


def with_label(convert: Convert, label: str) -> Convert:
    """Records of any shape with a column that says whether their answer was liked."""

    def labelled(cells: Cells) -> list[Draft]:
        verdict = liked(cells, label)
        return [replace(draft, liked=verdict) for draft in convert(cells)]

    return labelled


def _prompt(cells: Cells, columns: PairColumns) -> list[Said]:
    if columns.prompt is None:
        return []
    value = as_list(cells.get(columns.prompt))
    if isinstance(value, dict) and not is_message(value):
        return turns_in(value, columns.prompt)
    if is_message(value) or is_messages(value):
        return said_in(value, "user", columns.prompt)
    text = text_of(cells.get(columns.prompt))
    about = text_of(cells.get(columns.about)) if columns.about else ""
    if about.strip() and text.strip():
        text = f"{text}\n\n{about}"
    # hh-rlhf's prompts are transcripts that end where an answer is to follow.
    turns = marked_turns(text)
    if turns and turns[-1].role == "assistant" and not turns[-1].text:
        return turns[:-1]
    return [Said("user", text)] if text.strip() else []


def _reply(value: Any, column: str, asked: Sequence[Said]) -> list[Said]:
    opened = as_list(value)
    if is_message(opened) or is_messages(opened):
        return said_in(opened, "assistant", column)
    if isinstance(opened, list) and opened and not isinstance(value, str):
        if len(opened) == 1 and isinstance(opened[0], str):
            return [Said("assistant", text_of(opened[0]))]
        raise RecordError(
            column,
            "no turns",
            f"has no text and no list of messages in the column {column!r}.",
            "Write one answer into each cell, as text or as messages.",
        )
    text = text_of(value)
    # A whole transcript stands there only where nothing is asked beside it.
    return ([] if asked else marked_turns(text)) or [Said("assistant", text)]


def _first_is_better(cells: Cells, column: str) -> bool:
    word = text_of(cells.get(column)).strip().lower()
    if word in ("0", "model_a", "a", "first", "response_a", "response_0", "left"):
        return True
    if word in ("1", "model_b", "b", "second", "response_b", "response_1", "right"):
        return False
    raise RecordError(
        column,
        "no choice",
        f"says {word[:30]!r} in the column {column!r}, not which answer is better."
        if not is_blank(word)
        else f"does not say in the column {column!r} which answer is better.",
        "Nothing to do if neither is; only better answers become samples.",
    )
