"""Preference files of any program, row by row: what each says of answers, or why it says nothing."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ftdemo.errors import FileFormatError
from ftdemo.feedback.forms.fields import Fields, listed, number_of
from ftdemo.feedback.forms.judgements import Judgement
from ftdemo.feedback.forms.registry import is_known, plain_records, read_record
from ftdemo.files.rows import MAX_LINE, MAX_ROWS, Problem, Progress, ReadOptions, Row, watched
from ftdemo.samples.messages import RecordError
from ftdemo.samples.reading import open_source
from ftdemo.samples.tally import Tally

_MOST_NUMBERS = 32
_MOST_COLUMNS = 1_000


class PreferenceFile:
    """A file of preferences, and what was found in it once its rows were gone through.

    Args:
        path: a file's path, a folder, or the name of a Hub data set.
        options: what is not to be recognised but taken as said.
        progress: called now and then as the file is gone through; raise from it to cancel.
    """

    def __init__(
        self, path: str | Path, options: ReadOptions | None = None, progress: Progress | None = None
    ) -> None:
        self.name = Path(path).name or str(path)
        self.rows_read = 0
        self.forms: Counter[str] = Counter()
        self.tally = Tally()
        self._path = path
        self._progress = progress
        self._options = _with_format(Path(path), options or ReadOptions())
        self._columns: dict[str, None] = {}
        self._used: set[str] = set()
        self._numbers: dict[str, frozenset[float]] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the rows that were read."""
        return tuple(self._columns)

    @property
    def unused_columns(self) -> tuple[str, ...]:
        """Those of them from which nothing was taken."""
        return tuple(column for column in self._columns if column not in self._used)

    def rows(self) -> Iterator[tuple[int, tuple[Judgement, ...]]]:
        """The number of each row that says something, and what it says, in order.

        The others are in `tally`.

        Raises:
            UserError: the file cannot be read.
        """
        for row in self._rows():
            self.rows_read += 1
            if self.rows_read > MAX_ROWS:
                raise FileFormatError(
                    f"The file {self.name} has more than {MAX_ROWS:,} rows.", "Split it into smaller ones."
                )
            said = self._read(row)
            if said:
                yield row.number, said

    def _rows(self) -> Iterator[Row]:
        with open_source(self._path, self._options, is_known) as source:
            yield from watched(source.rows, source, self._progress)

    def _read(self, row: Row) -> tuple[Judgement, ...]:
        if row.problem:
            self.tally.add(row.problem)
        if row.cells is None:
            return ()
        fields = Fields({str(name): value for name, value in row.cells.items()}, self._numbers_in)
        try:
            said = read_record(fields, self._numbers_in)
        except RecordError as error:
            self.tally.add(
                Problem(row.number, error.column, error.kind, f"Row {row.number} {error.what}", error.remedy)
            )
            return ()
        except RecursionError:
            message = f"Row {row.number} is nested too deeply."
            self.tally.add(Problem(row.number, None, "nested", message, "Write plain text into its cells."))
            return ()
        finally:
            self._note(fields)
        self.forms[said.form] += 1
        return said.judgements

    def _note(self, fields: Fields) -> None:
        if len(self._columns) < _MOST_COLUMNS:
            self._columns.update(dict.fromkeys(fields.cells))
        self._used |= fields.used

    def _numbers_in(self, column: str) -> frozenset[float]:
        """The numbers in a column; the file is gone through once more when they are first wanted."""
        if self._numbers is None:
            found: dict[str, set[float]] = {}
            for row in self._rows():
                for record in plain_records(row.cells) if row.cells is not None else ():
                    for name, value in record.items():
                        number = number_of(value)
                        if number is not None and (name in found or len(found) < _MOST_COLUMNS):
                            _keep(found.setdefault(str(name), set()), number)
            self._numbers = {name: frozenset(numbers) for name, numbers in found.items()}
        return self._numbers.get(column, frozenset())


def _keep(numbers: set[float], number: float) -> None:
    """Keep a few dozen numbers, the lowest and the highest always among them."""
    numbers.add(number)
    if len(numbers) > _MOST_NUMBERS:
        numbers.remove(sorted(numbers)[1])


def _with_format(path: Path, options: ReadOptions) -> ReadOptions:
    """Options that say JSONL where the first line is a preference by itself, whatever lists are in it."""
    if options.file_format != "auto" or not path.is_file():
        return options
    try:
        with path.open("rb") as file:
            line = file.readline(MAX_LINE)
        record = json.loads(line.decode("utf-8-sig")) if line.lstrip(b"\xef\xbb\xbf \t")[:1] == b"{" else None
    except (OSError, ValueError, RecursionError):
        return options
    if isinstance(record, dict) and not _is_table(record) and is_known(record):
        return replace(options, file_format="jsonl")
    return options


def _is_table(record: dict[str, Any]) -> bool:
    """Whether an object holds columns side by side, each in a list or numbered, and is no record."""
    values = list(record.values())
    return all(isinstance(value, list) for value in values) or all(
        isinstance(value, dict) and all(key.isdigit() for key in value) for value in values
    )


def not_preferences(file: PreferenceFile) -> FileFormatError:
    """The error for a file of which no row says anything; names its columns, or what is wrong with a row."""
    problems = file.tally.problems
    kinds = file.tally.errors
    if not file.rows_read:
        return FileFormatError(f"The file {file.name} has no rows.", "Give one with preferences in it.")
    if set(kinds) == {"no preference"}:
        return FileFormatError(
            f"The rows of {file.name} are not preferences in a form that is known; its columns are: "
            f"{listed(file.columns)}.",
            "Give one with the columns prompt, chosen and rejected, or prompt, completion and label.",
        )
    rows = f"None of the {file.rows_read:,} rows of {file.name} can be used"
    if file.rows_read == 1:
        rows = f"The only row of {file.name} cannot be used"
    if not problems:
        return FileFormatError(f"{rows}.", "Give a file with preferences in it.")
    others = sum(kinds.values()) - kinds[problems[0].kind]
    more = f" {others:,} more are left out for other reasons." if others else ""
    return FileFormatError(f"{rows}: {problems[0].message}{more}", problems[0].remedy)
