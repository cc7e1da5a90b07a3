"""Feedback to and from files, in the forms that TRL's trainers read.

`pairs` has the columns prompt, chosen and rejected for DPO, `thumbs` the columns prompt, completion and label
for KTO (https://huggingface.co/docs/trl/dataset_formats). `full` has a row for each answer with all that was
ever said of it, and comes back as it was.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

from ftdemo.errors import UserError
from ftdemo.feedback.full_form import COLUMNS, Record, as_json, full_records
from ftdemo.feedback.import_report import Imported, ImportReport
from ftdemo.feedback.importing import add_full_export, add_preferences, is_full_export
from ftdemo.feedback.training_data import preference_data
from ftdemo.files.rows import Progress, ReadOptions
from ftdemo.samples.writing import whole_file
from ftdemo.store import Store
from ftdemo.store.conversations import ChatMessage
from ftdemo.store.feedback import FeedbackFilter

Form = Literal["pairs", "thumbs", "full"]

_MESSAGES = ("prompt", "chosen", "rejected", "completion")
_COLUMNS: dict[Form, tuple[str, ...]] = {
    "pairs": ("prompt", "chosen", "rejected", "source", "split"),
    "thumbs": ("prompt", "completion", "label", "split"),
    "full": COLUMNS,
}
_ENDINGS = (".jsonl", ".parquet")


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


def import_feedback(
    store: Store, path: str | Path, max_megabytes: float = 100.0, progress: Progress | None = None
) -> ImportReport:
    """Add the feedback of a file; what is there already is not added again.

    A full export comes back with its voters and times. Preferences of any other file in a form that is known
    are those of the voter 'imported'.

    Args:
        store: where to add it, all of it or none.
        path: a file or folder.
        max_megabytes: the largest file read, in 10^6 bytes.
        progress: called now and then, and after the last row; raise from it to cancel, and nothing is kept.

    Returns:
        What was read, taken and passed over, row by row, and how much of it is new.

    Raises:
        UserError: the file cannot be read, none of its rows says anything, or a full export is broken.
    """
    options = ReadOptions(max_megabytes=max_megabytes)
    add = add_full_export if is_full_export(path, options) else add_preferences
    with store.transaction():
        before = store.feedback.totals()
        report = add(store, path, options, progress)
        after = store.feedback.totals()
    return report.with_added(Imported(**{name: after[name] - before[name] for name in before}))


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
