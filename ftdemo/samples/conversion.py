"""From a record's cells to samples, one function for each shape."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from ftdemo.samples.turns import (
    RecordError,
    Turn,
    as_list,
    joined,
    marked_turns,
    pairs_of,
    text_of,
    turns_of,
)

Cells = Mapping[str, Any]
_TRUE = frozenset({"true", "1", "yes", "y", "good", "liked", "up", "positive", "👍", "是"})
_FALSE = frozenset({"false", "0", "-1", "no", "n", "bad", "disliked", "down", "negative", "👎", "否"})


@dataclass(frozen=True)
class Draft:
    """A sample to be, not yet checked.

    Args:
        history: the turns before the question.
        weight: how much it counts in training; 1 unless the file says otherwise.
        rejected: the answer that was liked less, in a preference pair.
        liked: whether the answer was liked, in a labelled one.
        cut_turns: turns after the last answer, which were left out.
    """

    question: str
    answer: str
    system: str | None = None
    history: tuple[Turn, ...] = ()
    weight: float = 1.0
    rejected: str | None = None
    liked: bool | None = None
    cut_turns: int = 0


def question_answer(question: str, answer: str, extra: str | None) -> Callable[[Cells], list[Draft]]:
    """Records with a question and an answer each; also Alpaca's, and prompt/completion in lists of messages.

    Args:
        question: the question's column.
        answer: the answer's column.
        extra: the column of what the question is about, which is put below it.
    """

    def convert(cells: Cells) -> list[Draft]:
        if isinstance(cells.get(question), list) and isinstance(cells.get(answer), list):
            turns = turns_of(cells[question], question) + turns_of(cells[answer], answer)
            return [_draft(turns, cells, answer)]
        asked = text_of(cells.get(question))
        about = text_of(cells.get(extra)) if extra else ""
        if about.strip():
            asked = f"{asked}\n\n{about}"
        earlier = as_list(cells.get("history"))
        history = tuple(pairs_of(earlier, "history")) if isinstance(earlier, list) else ()
        system = text_of(cells.get("system")) or None
        return [Draft(asked, text_of(cells.get(answer)), system, history, _weight(cells))]

    return convert


def conversation(column: str) -> Callable[[Cells], list[Draft]]:
    """Records with a list of messages; the last answer is the sample's, all before it is its history."""

    def convert(cells: Cells) -> list[Draft]:
        return [_draft(turns_of(cells.get(column), column), cells, column)]

    return convert


def marked(column: str) -> Callable[[Cells], list[Draft]]:
    """Records with '### Instruction: … ### Response: …' in one text, or in a list of texts.

    In a list each text may be a sample by itself, or one turn of a conversation.
    """

    def convert(cells: Cells) -> list[Draft]:
        value = as_list(cells.get(column))
        texts = [text_of(part) for part in value] if isinstance(value, list) else [text_of(value)]
        each = [marked_turns(text) for text in texts]
        if all({"user", "assistant"} <= {role for role, _ in turns} for turns in each):
            return [_draft(turns, cells, column) for turns in each]
        turns = joined([turn for found in each for turn in found])
        if not turns and len(texts) > 1 and len(texts) % 2 == 0:
            turns = [(("user", "assistant")[at % 2], text) for at, text in enumerate(texts)]
        return [_draft(turns, cells, column)]

    return convert


def preference_pair(prompt: str | None, chosen: str, rejected: str) -> Callable[[Cells], list[Draft]]:
    """Records with a better and a worse answer, texts or lists of messages, the prompt in them or beside."""

    def convert(cells: Cells) -> list[Draft]:
        asked = _as_turns(cells.get(prompt), "user") if prompt else []
        better, worse = _as_turns(cells.get(chosen), "assistant"), _as_turns(cells.get(rejected), "assistant")
        # Some files repeat the prompt at the head of both answers.
        turns = better if any(role == "user" for role, _ in better) else asked + better
        draft = _draft(turns, cells, chosen)
        return [_with(draft, rejected=worse[-1][1] if worse else "")]

    return convert


def preference_label(prompt: str, completion: str, label: str) -> Callable[[Cells], list[Draft]]:
    """Records with an answer and whether it was liked."""

    def convert(cells: Cells) -> list[Draft]:
        word = text_of(cells.get(label)).strip().lower().removesuffix(".0")
        if word not in _TRUE | _FALSE:
            raise RecordError(
                label,
                "no label",
                f"has {word[:30]!r} as its label.",
                "Write true for liked, false for disliked.",
            )
        turns = _as_turns(cells.get(prompt), "user") + _as_turns(cells.get(completion), "assistant")
        return [_with(_draft(turns, cells, completion), liked=word in _TRUE)]

    return convert


def is_marked(value: Any) -> bool:
    """Whether a value is text with markers such as '### Instruction:'."""
    return isinstance(value, str) and bool(marked_turns(value))


def _with(draft: Draft, **changes: Any) -> Draft:
    return Draft(**{**vars(draft), **changes})


def _as_turns(value: Any, role: str) -> list[Turn]:
    listed = as_list(value)
    if isinstance(listed, list):
        return turns_of(listed, role)
    text = text_of(value)
    return (marked_turns(text) if role == "assistant" else []) or [(role, text)]


def _draft(turns: Sequence[Turn], cells: Cells, column: str) -> Draft:
    system = (
        "\n\n".join(text for role, text in turns if role == "system") or text_of(cells.get("system")) or None
    )
    said = joined([turn for turn in turns if turn[0] != "system"])
    last = next((at for at in range(len(said) - 1, -1, -1) if said[at][0] == "assistant"), None)
    if not last:
        raise RecordError(
            column,
            "no answer",
            f"has no question with an answer after it in the column {column!r}.",
            "A record needs something asked and an answer to it.",
        )
    return Draft(
        question=said[last - 1][1],
        answer=said[last][1],
        system=system,
        history=tuple(said[: last - 1]),
        weight=_weight(cells),
        cut_turns=len(said) - 1 - last,
    )


def _weight(cells: Cells) -> float:
    """Gradient's `multiplier`, alone or among its `fineTuningParameters`."""
    parameters = as_list(cells.get("fineTuningParameters", cells.get("fine_tuning_parameters")))
    value = parameters.get("multiplier") if isinstance(parameters, dict) else None
    value = next((given for given in (value, cells.get("multiplier")) if given not in (None, "")), 1.0)
    try:
        weight = float(value)
    except (TypeError, ValueError):
        weight = -1.0
    if not (isfinite(weight) and weight >= 0):
        raise RecordError(
            "multiplier",
            "no number",
            f"has the multiplier {text_of(value)[:30]!r}.",
            "Write a number from 0 up.",
        )
    return weight
