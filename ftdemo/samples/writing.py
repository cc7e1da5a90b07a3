"""From samples to a file."""

import csv
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from ftdemo.errors import UserError
from ftdemo.files.csv_reader import quote_formula
from ftdemo.files.parquet_reader import BATCH
from ftdemo.samples.spool import SampleSpool
from ftdemo.store.samples import Sample

_BASIC = ("question", "answer", "split")
_ALL = (*_BASIC, "system", "history", "multiplier")


def write_samples(samples: Iterable[Sample], path: Path) -> int:
    """Write samples to a .jsonl, .json, .csv or .parquet file, chosen by its ending, and return how many.

    What is read back from it equals what was written. In CSV, cells that a spreadsheet program would run
    as formulas begin with an apostrophe, which reading takes away again. The file is written whole or not
    at all.

    Raises:
        UserError: another ending, or the file cannot be written.
    """
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise UserError(
            f"Samples cannot be written to {path.name}.",
            f"Give a file name that ends in {', '.join(list(_WRITERS)[:-1])} or {list(_WRITERS)[-1]}.",
        )
    # CSV goes through the samples twice: its columns must be known before its rows.
    counted = _Counted(SampleSpool(samples) if isinstance(samples, Iterator) else samples)
    with whole_file(path) as partial:
        writer(counted, partial)
    return counted.count


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A place to write a file to, which takes the file's name once it is whole.

    Raises:
        UserError: the file cannot be written.
    """
    partial: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
        os.close(handle)
        partial = Path(name)
        yield partial
        # mkstemp lets nobody else read; the finished file is as open as any other.
        umask = os.umask(0)
        os.umask(umask)
        partial.chmod(0o666 & ~umask)
        partial.replace(path)
    except OSError as error:
        raise UserError(
            f"The file {path} cannot be written: {error.strerror or error}.", "Choose another place."
        ) from error
    finally:
        if partial is not None:
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def as_record(sample: Sample) -> dict[str, Any]:
    """A sample as a JSON record: question, answer, split, and system, history, multiplier if it has them."""
    record: dict[str, Any] = {"question": sample.question, "answer": sample.answer, "split": sample.split}
    if sample.system is not None:
        record["system"] = sample.system
    if sample.history:
        record["history"] = [{"role": role, "content": text} for role, text in sample.history]
    if sample.weight != 1.0:
        record["multiplier"] = sample.weight
    return record


class _Counted:
    """Samples, counted each time they go by."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._samples = samples
        self.count = 0

    def __iter__(self) -> Iterator[Sample]:
        self.count = 0
        for sample in self._samples:
            self.count += 1
            yield sample


def _flat(sample: Sample) -> dict[str, Any]:
    """A sample as one row of a table: its history as JSON text."""
    record = as_record(sample)
    if "history" in record:
        record["history"] = json.dumps(record["history"], ensure_ascii=False)
    return record


def _write_jsonl(samples: Iterable[Sample], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(as_record(sample), ensure_ascii=False) + "\n" for sample in samples)


def _write_json(samples: Iterable[Sample], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        before = "[\n"
        for sample in samples:
            file.write(before + json.dumps(as_record(sample), ensure_ascii=False))
            before = ",\n"
        file.write("[]\n" if before == "[\n" else "\n]\n")


def _write_csv(samples: Iterable[Sample], path: Path) -> None:
    used = {column for sample in samples for column in as_record(sample)}
    columns = [column for column in _ALL if column in used or column in _BASIC]
    # With a byte order mark, or spreadsheet programs take the text for a Western one.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for sample in samples:
            row = _flat(sample)
            writer.writerow([quote_formula(str(row.get(column, ""))) for column in columns])


def _write_parquet(samples: Iterable[Sample], path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    types = {"multiplier": pyarrow.float64()}
    schema = pyarrow.schema([(column, types.get(column, pyarrow.string())) for column in _ALL])
    left = iter(samples)
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        while batch := [_flat(sample) for sample in islice(left, BATCH)]:
            writer.write_table(pyarrow.Table.from_pylist(batch, schema))


_WRITERS: dict[str, Callable[[Iterable[Sample], Path], None]] = {
    ".jsonl": _write_jsonl,
    ".json": _write_json,
    ".csv": _write_csv,
    ".parquet": _write_parquet,
}
