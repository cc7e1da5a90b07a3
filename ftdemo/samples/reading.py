"""From a file to its rows, whatever the format."""

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from ftdemo.errors import FileFormatError, UserError
from ftdemo.files.csv_reader import find_delimiter, read_csv
from ftdemo.files.datasets_reader import is_hub_name, read_dataset
from ftdemo.files.encoding import explain_guess, find_encoding
from ftdemo.files.parquet_reader import open_parquet
from ftdemo.files.rows import Problem, ReadOptions, Row, Source
from ftdemo.files.tabular import IsHeader
from ftdemo.samples.excel_reader import open_xlsx
from ftdemo.samples.formats import FORMATS, FORMATS_REMEDY, TEXT_FORMATS, check_size, recognise
from ftdemo.samples.json_reader import read_json, read_jsonl
from ftdemo.samples.json_records import KNOWN, Known
from ftdemo.samples.shapes import TURN_ROWS, Shape, choose_shape, is_usable
from ftdemo.samples.turn_rows import conversations, turn_columns

_LOOKED_AT = 100


@dataclass(frozen=True)
class Records:
    """A source with its rows understood as far as their columns tell.

    Args:
        source: the file, folder or Hub data set.
        columns: the columns of its first rows.
        shape: what its records look like.
        rows: its rows, in order; they can be gone through once.
        made: columns of the rows that the file does not have.
    """

    source: Source
    columns: tuple[str, ...]
    shape: Shape
    rows: Iterator[Row]
    made: frozenset[str] = frozenset()

    def named(self, seen: Iterable[str]) -> tuple[str, ...]:
        """The file's columns, with those that only later rows have.

        Args:
            seen: the columns of all rows.
        """
        further = (str(column) for column in seen if column not in self.made)
        return tuple(dict.fromkeys((*self.columns, *further)))


@contextmanager
def open_source(
    path: str | Path, options: ReadOptions, is_whole: Callable[[Mapping[str, Any]], bool] = KNOWN.whole
) -> Iterator[Source]:
    """Open a file, a folder or a Hub data set for reading its rows once, in order.

    Args:
        path: a file's path, a folder, or a Hub name such as 'owner/name'.
        options: what is not to be recognised but taken as said.
        is_whole: whether an object of a JSON file is a record in a form that the caller knows, and is not to
            be searched for records.

    Raises:
        UserError: it is not there, too large, or its format cannot be read; says where. It may also be
            raised while the rows are read.
    """
    if options.file_format not in ("auto", *FORMATS):
        raise UserError(
            f"There is no format {options.file_format!r}.", f"Use one of: auto, {', '.join(FORMATS)}."
        )
    name = str(path)
    path = Path(path)
    if options.file_format == "datasets" or path.is_dir() or is_hub_name(name):
        yield Source(path.name or name, path, "datasets", None, read_dataset(name), lambda: None)
        return
    check_size(path, options.max_megabytes)
    if options.file_format == "auto":
        chosen, encoding = recognise(path, options.encoding)
    else:
        chosen = options.file_format
        encoding = find_encoding(path, options.encoding) if chosen in TEXT_FORMATS else None
    if encoding is None:
        yield _open_binary(path, chosen, options)
        return
    delimiter = "\t"
    if chosen == "csv":
        delimiter = find_delimiter(path, encoding, _header_test(options))
        chosen = "tsv" if delimiter == "\t" else "csv"
    # `newline=""`: the line ends within a quoted cell are part of its text.
    with path.open(encoding=encoding, newline="") as file:
        if chosen == "json":
            rows = read_json(file, path.name, Known(_header_test(options), is_whole))
        elif chosen == "jsonl":
            rows = read_jsonl(file, Known(whole=is_whole))
        else:
            rows = read_csv(file, delimiter, _header_test(options))
        size = path.stat().st_size

        def share() -> float:
            # `file.tell()` is not allowed while lines are read.
            return os.lseek(file.fileno(), 0, os.SEEK_CUR) / size

        guess = None if options.encoding else explain_guess(path, encoding)
        yield Source(path.name, path, chosen, encoding, rows, share, (guess,) if guess else ())


@contextmanager
def open_records(path: str | Path, options: ReadOptions) -> Iterator[Records]:
    """Open a source and tell its columns and shape by its first rows; see `open_source`.

    Raises:
        UserError: as `open_source`; also if there are no rows, or no shape fits.
    """
    with open_source(path, options) as source, closing(_closable(source.rows)) as rows:
        first, columns = _begin(rows)
        if not columns:
            raise unusable(source.name, len(first), [row.problem for row in first if row.problem])
        turns = turn_columns(columns, _cells(first)) if options.shape in ("auto", TURN_ROWS) else None
        if turns is None:
            shape = choose_shape(source.name, columns, _cells(first), options)
            yield Records(source, columns, shape, chain(first, rows))
            return
        together = conversations(chain(first, rows), turns)
        first, made = _begin(together)
        shape = choose_shape(source.name, made, _cells(first), replace(options, shape="auto"))
        used = frozenset((*(name for name in turns if name), *shape.used))
        shape = replace(
            shape, name=TURN_ROWS, question_column=turns.text, answer_column=turns.text, used=used
        )
        yield Records(source, columns, shape, chain(first, together), frozenset(made) - frozenset(columns))


def _begin(rows: Iterator[Row]) -> tuple[list[Row], tuple[str, ...]]:
    """The first rows and their columns."""
    first = list(islice(rows, _LOOKED_AT))
    return first, tuple(str(column) for column in dict.fromkeys(chain.from_iterable(_cells(first))))


def _cells(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [row.cells for row in rows if row.cells is not None]


def _closable(rows: Iterator[Row]) -> Generator[Row]:
    """The rows as a generator, whose end also ends what they are read from."""
    yield from rows


def unusable(name: str, rows_read: int, problems: Sequence[Problem]) -> FileFormatError:
    """The error for a file that gives no sample at all.

    Args:
        name: the file's name.
        rows_read: rows in it.
        problems: why they cannot be used; the first one is named.
    """
    if not rows_read:
        return FileFormatError(f"The file {name} has a header at most, and no rows.", FORMATS_REMEDY)
    which = "first " if rows_read == _LOOKED_AT else ""
    rows = f"None of the {which}{rows_read:,} rows of {name} can be used"
    if rows_read == 1:
        rows = f"The only row of {name} cannot be used"
    if not problems:
        return FileFormatError(f"{rows}: there are no columns.", FORMATS_REMEDY)
    return FileFormatError(f"{rows}: {problems[0].message}", problems[0].remedy)


def _header_test(options: ReadOptions) -> IsHeader:
    chosen = [column for column in (options.question_column, options.answer_column) if column]
    chosen += [column for column, role in options.columns.items() if role in ("question", "answer")]

    def is_header(names: Sequence[str]) -> bool:
        lowered = {name.strip().lower() for name in names}
        if chosen:
            return all(column.strip().lower() in lowered for column in chosen)
        return is_usable(names)

    return is_header


def _open_binary(path: Path, chosen: str, options: ReadOptions) -> Source:
    if chosen == "parquet":
        rows, count = open_parquet(path)
        read = 0

        def counted() -> Iterator[Row]:
            nonlocal read
            for row in rows:
                read += 1
                yield row

        return Source(path.name, path, chosen, None, counted(), lambda: read / max(1, count))
    rows, sheets = open_xlsx(path, options.max_megabytes, _header_test(options), options.sheet)
    note = sheets.note()
    return Source(path.name, path, chosen, None, rows, lambda: None, (note,) if note else ())
