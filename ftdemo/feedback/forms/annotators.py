"""Exports of Label Studio and Argilla: what was shown, and what several people said of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ftdemo.feedback.forms.fields import Fields, folded
from ftdemo.files.cells import as_list, is_blank
from ftdemo.samples.messages import RecordError

_Said = dict[str, dict[str, Any]]
_OPEN_STATES = frozenset({"draft", "discarded", "pending"})


@dataclass(frozen=True)
class Annotated:
    """A program whose export holds records within records.

    Args:
        title: its name, for people.
        fits: whether a record's fields are of its export.
        unpacked: for each person who judged it, what was shown with what that person said, as a plain record.
    """

    title: str
    fits: Callable[[Fields], bool]
    unpacked: Callable[[Fields], list[dict[str, Any]]]


def _objects(value: Any) -> list[dict[str, Any]]:
    value = as_list(value)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _object(fields: Fields, name: str) -> dict[str, Any] | None:
    column = fields.columns.get(name)
    value = as_list(fields.cells[column]) if column is not None else None
    return value if isinstance(value, dict) else None


def _use(fields: Fields, *names: str) -> None:
    fields.used |= {fields.columns[name] for name in names if name in fields.columns}


def _judged(shown: Mapping[str, Any], said: _Said) -> list[dict[str, Any]]:
    if not said:
        raise RecordError(
            None, "no label", "was judged by nobody.", "Nothing to do: only what people said is taken."
        )
    return [{**shown, **answers} for answers in said.values()]


def _fits_label_studio(fields: Fields) -> bool:
    return _object(fields, "data") is not None and "annotations" in fields.columns


def _label_studio(fields: Fields) -> list[dict[str, Any]]:
    shown = _object(fields, "data") or {}
    said: _Said = {}
    for at, annotation in enumerate(_objects(fields.cells[fields.columns["annotations"]])):
        if annotation.get("was_cancelled"):
            continue
        answers = dict(filter(None, map(_label_studio_result, _objects(annotation.get("result")))))
        if answers:
            said[str(at)] = answers
    _use(fields, "data", "annotations")
    return _judged(shown, said)


def _label_studio_result(result: Mapping[str, Any]) -> tuple[str, Any] | None:
    """What a person said, under a name by which a plain record would have it."""
    value = result.get("value")
    kind, name = str(result.get("type")), str(result.get("from_name"))
    if not isinstance(value, dict):
        return None
    if kind == "pairwise":
        return "preference", value.get("selected")
    if kind == "rating":
        return "rating", value.get("rating")
    if kind == "choices":
        choices = value.get("choices")
        chosen = choices[0] if isinstance(choices, list) and len(choices) == 1 else choices
        return ("label" if folded(name) in ("choice", "choices", "sentiment", "quality") else name), chosen
    return None


def _fits_argilla(fields: Fields) -> bool:
    return _object(fields, "fields") is not None and "responses" in fields.columns


def _argilla(fields: Fields) -> list[dict[str, Any]]:
    """Records with their fields in one object, and answers by question or by person."""
    shown = _object(fields, "fields") or {}
    responses = as_list(fields.cells[fields.columns["responses"]])
    said: _Said = {}
    if isinstance(responses, dict):
        for question, answers in responses.items():
            _add(said, question, answers)
    for at, response in enumerate(_objects(responses)):
        values = response.get("values")
        if response.get("status") in _OPEN_STATES or not isinstance(values, dict):
            continue
        said[str(response.get("user_id") or at)] = {
            question: value.get("value") if isinstance(value, dict) else value
            for question, value in values.items()
        }
    _use(fields, "fields", "responses")
    return _judged(shown, said)


def _fits_argilla_table(fields: Fields) -> bool:
    return any(
        str(column).endswith(".responses") or _is_answered(value) for column, value in fields.cells.items()
    )


def _is_answered(value: Any) -> bool:
    may_be = isinstance(value, list) or (isinstance(value, str) and value.startswith("[{"))
    objects = _objects(value) if may_be else []
    return bool(objects) and all({"user_id", "value"} <= each.keys() for each in objects)


def _argilla_table(fields: Fields) -> list[dict[str, Any]]:
    """Records whose fields and questions are columns side by side."""
    shown: dict[str, Any] = {}
    said: _Said = {}
    for column, value in fields.cells.items():
        if _is_answered(value):
            _add(said, column, value)
            fields.use(column)
        elif not column.endswith(".responses"):
            if "." not in column and not column.endswith("-suggestion"):
                shown[column] = value
            continue
        else:
            question = column.removesuffix(".responses")
            users, states = (as_list(fields.cells.get(f"{column}.{each}")) for each in ("users", "status"))
            answers = as_list(fields.use(column))
            for at, answer in enumerate(answers if isinstance(answers, list) else []):
                user = users[at] if isinstance(users, list) and at < len(users) else at
                state = states[at] if isinstance(states, list) and at < len(states) else "submitted"
                if state not in _OPEN_STATES and not is_blank(answer):
                    said.setdefault(str(user), {})[question] = answer
            fields.used |= {f"{column}.{each}" for each in ("users", "status")} & set(fields.cells)
    return _judged(shown, said)


def _add(said: _Said, question: str, answers: Any) -> None:
    for at, answer in enumerate(_objects(answers)):
        if answer.get("status") in _OPEN_STATES or is_blank(answer.get("value")):
            continue
        said.setdefault(str(answer.get("user_id") or at), {})[question] = answer["value"]


ANNOTATED = (
    Annotated("Label Studio's export", _fits_label_studio, _label_studio),
    Annotated("Argilla's export", _fits_argilla, _argilla),
    Annotated("Argilla's export", _fits_argilla_table, _argilla_table),
)
