"""What was found in a samples file."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from ftdemo.store.samples import Sample


@dataclass(frozen=True)
class Problem:
    """Something about one row that keeps it out of the set.

    Args:
        row: the row as the file counts it: line number in CSV and JSONL, position in a JSON list; from 1.
        column: the column it is about, if it is about one.
        kind: 'empty', 'duplicate' or 'over-long'.
        message: what is wrong, in a sentence.
        remedy: what to do about it.
    """

    row: int
    column: str | None
    kind: str
    message: str
    remedy: str


@dataclass(frozen=True)
class SampleReport:
    """The report on one file.

    Args:
        file_name: the file, without its folder.
        format: 'csv', 'json' or 'jsonl'.
        columns: the columns there are, in the order of the file.
        question_column: the column taken as the question.
        answer_column: the column taken as the answer.
        rows_read: rows in the file, a header not counted.
        problems: why rows were left out, one entry a row.
        samples: the rows that were kept.
    """

    file_name: str
    format: str
    columns: tuple[str, ...]
    question_column: str
    answer_column: str
    rows_read: int
    problems: tuple[Problem, ...]
    samples: tuple[Sample, ...] = field(repr=False)

    @property
    def rows_kept(self) -> int:
        """How many samples the file gives."""
        return len(self.samples)

    @property
    def problem_counts(self) -> dict[str, int]:
        """How many rows were left out for each kind of problem."""
        return dict(Counter(problem.kind for problem in self.problems))

    def as_dict(self) -> dict[str, Any]:
        """The report as the command line prints it."""
        return {
            "file_name": self.file_name,
            "format": self.format,
            "columns": list(self.columns),
            "question_column": self.question_column,
            "answer_column": self.answer_column,
            "rows_read": self.rows_read,
            "rows_kept": self.rows_kept,
            "duplicates": self.problem_counts.get("duplicate", 0),
            "problem_counts": self.problem_counts,
            "problems": [asdict(problem) for problem in self.problems],
        }
