"""What was found in a preference file, and what of it was taken."""

from dataclasses import dataclass, replace
from typing import Any

from ftdemo.files.rows import Problem

KINDS = {
    "pairs": "pairs",
    "ties": "ties",
    "both_bad": "both bad",
    "thumbs_up": "thumbs up",
    "thumbs_down": "thumbs down",
    "answers": "answers with all that was said of them",
}
"""What a row can say, with the words for it."""


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


@dataclass(frozen=True)
class ImportReport:
    """The report on one preference file.

    Args:
        file_name: the file, without its folder.
        form: the form that most of its rows have, in words.
        forms: rows by form, most frequent first.
        columns: the columns there are.
        unused_columns: those from which nothing was taken.
        rows_read: rows in the file, a header not counted.
        rows_taken: rows that say something.
        taken: what they say, by the kinds in `KINDS`; one row may say several things.
        problems: why rows were passed over, and warnings about others; the first 100 of each kind.
        problem_counts: rows passed over, for each kind of reason.
        warning_counts: rows taken that have each kind of warning.
        added: what of it was not there before.
    """

    file_name: str
    form: str
    forms: dict[str, int]
    columns: tuple[str, ...]
    unused_columns: tuple[str, ...]
    rows_read: int
    rows_taken: int
    taken: dict[str, int]
    problems: tuple[Problem, ...]
    problem_counts: dict[str, int]
    warning_counts: dict[str, int]
    added: Imported = Imported(0, 0, 0, 0)

    @property
    def rows_passed_over(self) -> int:
        """Rows from which nothing was taken."""
        return self.rows_read - self.rows_taken

    def with_added(self, added: Imported) -> "ImportReport":
        """The same report with what was not there before."""
        return replace(self, added=added)

    def as_dict(self) -> dict[str, Any]:
        """The report as the command line prints it."""
        return {
            **{name: value for name, value in vars(self).items() if name not in ("problems", "added")},
            "rows_passed_over": self.rows_passed_over,
            "problems": self.problems,
        }

    def sentences(self) -> list[str]:
        """The report for people, what was passed over not included."""
        taken = ", ".join(f"{count:,} {KINDS[kind]}" for kind, count in self.taken.items())
        added = ", ".join(f"{count:,} {name}" for name, count in vars(self.added).items())
        lines = [
            f"Recognised: {self.form}.",
            f"Read {self.rows_read:,} rows, took {self.rows_taken:,} ({taken}), "
            f"passed over {self.rows_passed_over:,}.",
            f"Added {added}." if any(vars(self.added).values()) else "All of it was there already.",
        ]
        others = [
            f"{count:,} of the form “{form}”" for form, count in self.forms.items() if form != self.form
        ]
        if others:
            lines.insert(1, f"Rows of other forms: {', '.join(others)}.")
        if self.unused_columns:
            lines.append(f"Columns that were not used: {', '.join(self.unused_columns)}.")
        return lines
