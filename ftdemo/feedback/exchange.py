"""Feedback to and from files, in the forms that TRL's trainers read.

`pairs` has the columns prompt, chosen and rejected for DPO, `thumbs` the columns prompt, completion and label
for KTO (https://huggingface.co/docs/trl/dataset_formats). `full` has a row for each answer with all that was
ever said of it, and comes back as it was.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from ftdemo.errors import FileFormatError, UserError
from ftdemo.feedback.full_form import (
    COLUMNS,
    BrokenRowError,
    Record,
    add_answer,
    add_choices,
    as_json,
    full_records,
)
from ftdemo.feedback.pool import IMPORTED
from ftdemo.feedback.preferences import ChatMessage, PreferencePair, RatedAnswer
from ftdemo.feedback.reading import read_preferences
from ftdemo.feedback.training_data import preference_data
from ftdemo.samples.cells import text_of
from ftdemo.samples.reading import open_source
from ftdemo.samples.rows import ReadOptions
from ftdemo.samples.writing import whole_file
from ftdemo.store import Store
from ftdemo.store.feedback import AnswerSnapshot, Choice, FeedbackFilter, NewAnswer, Vote, VoteKind

Form = Literal["pairs", "thumbs", "full"]

_MESSAGES = ("prompt", "chosen", "rejected", "completion")
_COLUMNS: dict[Form, tuple[str, ...]] = {
    "pairs": ("prompt", "chosen", "rejected", "source", "split"),
    "thumbs": ("prompt", "completion", "label", "split"),
    "full": COLUMNS,
}
_ENDINGS = (".jsonl", ".parquet")


@dataclass(frozen=True)
class Imported:
    """What a file brought that was not there before.

    Args:
        answers: answers.
        votes: thumbs, those that a voter has changed since included.
        corrections: better answers, the same.
        choices: A/B choices, the same.
    """

    answers: int
    votes: int
    corrections: int
    choices: int


def export_feedback(
    store: Store,
    path: Path,
    form: Form = "full",
    wanted: FeedbackFilter | None = None,
    *,
    held_out: float = 0.25,
    seed: int = 0,
) -> int:
    """Write feedback to a .jsonl or .parquet file, whole or not at all, and return the number of rows.

    Args:
        store: where the feedback is.
        path: the file.
        form: 'pairs' and 'thumbs' write what would be trained on, with the split it would have; 'full' writes
            every answer with its whole history, which other tools read as thumbs by majority.
        wanted: which feedback; with 'full', which answers.
        held_out: the share of prompts marked as held out.
        seed: another seed marks others.

    Raises:
        UserError: there is no such form or ending, or the file cannot be written.
    """
    if form not in get_args(Form):
        raise UserError(f"There is no form {str(form)[:64]!r}.", f"Use: {', '.join(get_args(Form))}.")
    ending = path.suffix.lower()
    if ending not in _ENDINGS:
        raise UserError(
            f"Feedback cannot be written to {path.name}.",
            f"Give a file name that ends in {' or '.join(_ENDINGS)}.",
        )
    if form == "full":
        records = full_records(store, wanted)
    else:
        records = _training_records(store, form, wanted, held_out, seed)
    with whole_file(path) as partial:
        if ending == ".jsonl":
            return _write_jsonl(records, partial)
        return _write_parquet(records, partial, _COLUMNS[form])


def import_feedback(store: Store, path: str | Path, max_megabytes: float = 100.0) -> Imported:
    """Add the feedback of a file; what is there already is not added again.

    A full export comes back with its voters and times. Preferences of any other file in a shape that is known
    are those of the voter 'imported'.

    Args:
        store: where to add it, all of it or none.
        path: a file or folder.
        max_megabytes: the largest file read, in 10^6 bytes.

    Raises:
        UserError: the file cannot be read, or a row of a full export is broken.
    """
    options = ReadOptions(max_megabytes=max_megabytes)
    full = _is_full(path, options)
    with store.transaction():
        before = store.feedback.totals()
        if full:
            _import_full(store, path, options)
        else:
            for preference in read_preferences(path, options):
                _import_plain(store, preference)
        after = store.feedback.totals()
    return Imported(**{name: after[name] - before[name] for name in before})


def _training_records(
    store: Store, form: Form, wanted: FeedbackFilter | None, held_out: float, seed: int
) -> Iterator[Record]:
    data, _ = preference_data(store, wanted, held_out=held_out, seed=seed)
    pairs = [*((pair, "train") for pair in data.pairs), *((pair, "held_out") for pair in data.held_out_pairs)]
    rated = [*((row, "train") for row in data.rated), *((row, "held_out") for row in data.held_out_rated)]
    if form == "pairs":
        for pair, split in pairs:
            yield {
                "prompt": list(pair.prompt),
                "chosen": _reply(pair.chosen),
                "rejected": _reply(pair.rejected),
                "source": pair.source,
                "split": split,
            }
        return
    for row, split in rated:
        yield {
            "prompt": list(row.prompt),
            "completion": _reply(row.answer),
            "label": row.liked,
            "split": split,
        }


def _reply(text: str) -> list[ChatMessage]:
    return [{"role": "assistant", "content": text}]


def _write_jsonl(records: Iterable[Record], path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for record in records:
            file.write(as_json(record) + "\n")
            count += 1
    return count


def _write_parquet(records: Iterable[Record], path: Path, columns: Sequence[str]) -> int:
    import pyarrow
    import pyarrow.parquet

    message = pyarrow.struct([("role", pyarrow.string()), ("content", pyarrow.string())])
    types = {**dict.fromkeys(_MESSAGES, pyarrow.list_(message)), "label": pyarrow.bool_()}
    schema = pyarrow.schema([(column, types.get(column, pyarrow.string())) for column in columns])
    table = pyarrow.Table.from_pylist(list(records), schema)
    pyarrow.parquet.write_table(table, path)
    return int(table.num_rows)


def _is_full(path: str | Path, options: ReadOptions) -> bool:
    """Whether a file is a full export, by the columns of its first row."""
    with open_source(path, options) as source:
        first = next((row.cells for row in source.rows if row.cells is not None), None)
    return first is not None and set(COLUMNS) <= set(first)


def _import_full(store: Store, path: str | Path, options: ReadOptions) -> None:
    # A choice names the answer on its right, which may stand further down: first all answers.
    for add in (add_answer, add_choices):
        with open_source(path, options) as source:
            for row in source.rows:
                where = f"Row {row.number} of {source.name}"
                if row.problem is not None or row.cells is None:
                    what = row.problem.message if row.problem else f"{where} cannot be read."
                    raise FileFormatError(what, "Export the feedback again.")
                try:
                    add(store, row.cells)
                except BrokenRowError as error:
                    raise FileFormatError(
                        f"{where} is broken: {error}.", "Export the feedback again."
                    ) from None
                except UserError as error:
                    raise FileFormatError(f"{where}: {error.message}", error.remedy) from None


def _import_plain(store: Store, preference: PreferencePair | RatedAnswer) -> None:
    if isinstance(preference, RatedAnswer):
        answer = _imported_answer(store, preference.prompt, preference.answer)
        kind: VoteKind = "up" if preference.liked else "down"
        store.feedback.add(Vote(answer.id, IMPORTED, kind, uid=f"{answer.uid}-{kind}"))
        return
    chosen = _imported_answer(store, preference.prompt, preference.chosen)
    rejected = _imported_answer(store, preference.prompt, preference.rejected)
    if chosen.id != rejected.id:
        uid = f"{chosen.uid}-{rejected.uid}"
        store.feedback.add(Choice(chosen.id, rejected.id, IMPORTED, "left", uid=uid))


def _imported_answer(store: Store, prompt: Sequence[ChatMessage], text: str) -> AnswerSnapshot:
    """An answer of a file, kept under what it says, so that the same is kept once."""
    prompt = tuple({"role": said["role"], "content": text_of(said["content"])} for said in prompt)
    text = text_of(text)
    said = as_json([[list(turn.values()) for turn in prompt], text])
    uid = "file-" + hashlib.sha256(said.encode()).hexdigest()[:24]
    return store.feedback.keep(NewAnswer(prompt, text), uid)
