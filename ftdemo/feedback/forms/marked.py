"""Conversations in which single answers are marked: by weight, by label, or as chosen and rejected."""

from collections.abc import Mapping
from typing import Any

from ftdemo.feedback.forms.fields import Fields, number_of, shown
from ftdemo.feedback.forms.judgements import Form, Judgement, Prompt
from ftdemo.feedback.forms.messages import as_messages, message, read_messages, role_word
from ftdemo.feedback.forms.prompts import CONVERSATIONS, checked_prompt, refuse_media, with_system
from ftdemo.feedback.forms.signs import liked
from ftdemo.feedback.preferences import PreferencePair, RatedAnswer
from ftdemo.files.cells import is_blank
from ftdemo.samples.messages import RecordError
from ftdemo.store.conversations import ChatMessage

_COLUMNS = (*CONVERSATIONS, "prompt", "input")
_WEIGHTS = ("weight", "loss_weight")
_LABELS = (
    "label",
    "liked",
    "kto_tag",
    "vote",
    "thumb",
    "thumbs",
    "feedback",
    "rating",
    "score",
    "annotation",
    "reaction",
)
_CHOSEN = frozenset({"chosen", "preferred", "assistant_chosen", "chosen_response"})
_REJECTED = frozenset({"rejected", "dispreferred", "assistant_rejected", "rejected_response"})
_Said = tuple[str, ChatMessage, Mapping[str, Any]]


def _messages(fields: Fields) -> tuple[str, list[dict[str, Any]]] | None:
    for column in fields.find_all(_COLUMNS):
        messages = as_messages(fields.cells[column])
        if messages:
            return column, messages
    return None


def _fits_roles(fields: Fields) -> bool:
    found = _messages(fields)
    return found is not None and any(role_word(each) in _REJECTED | _CHOSEN for each in found[1])


def _fits_marks(fields: Fields) -> bool:
    found = _messages(fields)
    return found is not None and any(_mark_of(each) is not None for each in found[1])


def _mark_of(said: Mapping[str, Any]) -> tuple[str, Any] | None:
    """The field of a message that says whether it was liked, and what is in it."""
    if role_word(said) in ("user", "human", "system"):
        return None
    return next(((name, said[name]) for name in (*_WEIGHTS, *_LABELS) if not is_blank(said.get(name))), None)


def _read(fields: Fields) -> list[Judgement]:
    found = _messages(fields)
    assert found is not None
    column = found[0]
    fields.use(column)
    refuse_media(fields)
    has_system = any(role_word(each) in ("system", "developer") for each in found[1])
    before = [] if has_system else list(with_system(fields, []))
    judged: list[Judgement] = []
    run: list[_Said] = []
    for said in found[1]:
        kind, read = _kind_of(said), _read_one(said, column)
        if kind == "other":
            before = _after(before, run, judged, fields)
            run = []
            before.append(read)
        else:
            run.append((kind, read, said))
    _after(before, run, judged, fields)
    if not judged:
        raise RecordError(
            column, "no label", f"has no answer in the column {column!r} that was judged.", "Nothing to do."
        )
    return judged


def _kind_of(said: Mapping[str, Any]) -> str:
    word = role_word(said)
    if word in _CHOSEN:
        return "chosen"
    if word in _REJECTED:
        return "rejected"
    return "answer" if _is_answer(said) else "other"


def _is_answer(said: Mapping[str, Any]) -> bool:
    return read_messages([{**said, "content": "?", "tool_calls": None}], "")[0]["role"] == "assistant"


def _read_one(said: Mapping[str, Any], column: str) -> ChatMessage:
    word = role_word(said)
    role = "assistant" if word in _CHOSEN | _REJECTED else word
    return read_messages([{**said, "role": role}], column)[0]


def _after(
    before: list[ChatMessage], run: list[_Said], judged: list[Judgement], fields: Fields
) -> list[ChatMessage]:
    """Judge a run of answers to the same question; returns the conversation as it goes on after it."""
    if not run:
        return before
    kinds = {kind for kind, _, _ in run}
    better = [read["content"] for kind, read, _ in run if kind != "rejected"]
    worse = [read["content"] for kind, read, _ in run if kind == "rejected"]
    prompt: Prompt = tuple(before)
    if "rejected" in kinds or "chosen" in kinds:
        prompt = checked_prompt(fields, prompt)
        judged += [
            PreferencePair(prompt, one, other, "imported")
            for one in better
            for other in worse
            if one.strip() and other.strip() and one != other
        ]
        if not better or not worse:
            judged += [
                RatedAnswer(prompt, read["content"], kind == "chosen")
                for kind, read, _ in run
                if kind != "answer" and read["content"].strip()
            ]
    else:
        for _, read, said in run:
            verdict = _verdict(said)
            if verdict is not None and read["content"].strip():
                judged.append(RatedAnswer(checked_prompt(fields, prompt), read["content"], verdict))
    goes_on = better or worse
    return [*before, message("assistant", goes_on[-1])]


def _verdict(said: Mapping[str, Any]) -> bool | None:
    mark = _mark_of(said)
    if mark is None:
        return None
    name, value = mark
    if name in _WEIGHTS:
        number = number_of(value)
        if number is None or number < 0:
            raise RecordError(
                name, "no label", f"has the weight {shown(value)}.", "Write 0 for disliked, 1 for liked."
            )
        return number > 0
    if isinstance(value, dict):
        value = value.get("rating", value.get("value"))
        if is_blank(value):
            return None
    return liked(Fields({name: value}), name, value)


ROLES = (Form("conversations with chosen and rejected answers", _fits_roles, _read),)
MARKS = (Form("conversations whose answers have weights or labels", _fits_marks, _read),)
