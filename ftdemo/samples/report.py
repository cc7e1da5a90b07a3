"""What was found in a samples file."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ftdemo.files.rows import Problem
from ftdemo.store.samples import Sample


@dataclass(frozen=True)
class TokenLengths:
    """How long the samples are for the base model, chat template included.

    Args:
        minimum: tokens of the shortest sample.
        median: tokens of the one in the middle.
        maximum: tokens of the longest.
        histogram: (from, up to and without, samples) for each bar.
        measured: samples that were measured; those of a very large set are measured in part.
        context_limit: tokens the base model can take at once, if its configuration says so.
        over_limit: measured samples longer than that.
    """

    minimum: int
    median: int
    maximum: int
    histogram: tuple[tuple[int, int, int], ...]
    measured: int
    context_limit: int | None
    over_limit: int

    def as_dict(self) -> dict[str, Any]:
        """The lengths as the command line prints them."""
        bars = [{"from": low, "to": high, "samples": count} for low, high, count in self.histogram]
        return {**asdict(self), "histogram": bars}


@dataclass(frozen=True)
class SampleReport:
    """The report on one file.

    Args:
        file_name: the file, without its folder.
        format: 'csv', 'tsv', 'json', 'jsonl', 'parquet', 'xlsx' or 'datasets'.
        encoding: how its text is written, such as 'utf-8'; None where the format says it itself.
        shape: what a record looks like, such as 'question/answer' or 'alpaca'.
        columns: the columns there are, in the order of the file.
        question_column: the column taken as the question.
        answer_column: the column taken as the answer.
        rows_read: rows in the file, a header not counted.
        rows_kept: those of them that give samples; the others are counted in `problem_counts`.
        replies: samples from rows that give several, such as the replies of a conversation.
        unused_columns: columns that nothing is read from.
        notes: how the file was read where that is not certain, in sentences.
        problems: what is wrong with which row; the first 100 of each kind.
        problem_counts: how many rows were left out for each kind of problem.
        warning_counts: how many rows that were kept have each kind of problem.
        near_duplicates: rows whose question nearly says the same as an earlier one's.
        contradictions: rows that answer an earlier row's question differently.
        splits: how many samples are learned from ('train') and kept back for testing ('held_out').
        languages: samples by the script most of their letters are in, most frequent first.
        token_lengths: None where the base model's tokenizer is not at hand.
        samples: the rows that were kept.
    """

    file_name: str
    format: str
    encoding: str | None
    shape: str
    columns: tuple[str, ...]
    question_column: str
    answer_column: str
    rows_read: int
    rows_kept: int
    replies: int
    unused_columns: tuple[str, ...]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]
    problem_counts: dict[str, int]
    warning_counts: dict[str, int]
    near_duplicates: int
    contradictions: int
    splits: dict[str, int]
    languages: dict[str, int]
    token_lengths: TokenLengths | None
    samples: Sequence[Sample] = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The report as the command line prints it."""
        return {
            "file_name": self.file_name,
            "format": self.format,
            "encoding": self.encoding,
            "shape": self.shape,
            "columns": list(self.columns),
            "question_column": self.question_column,
            "answer_column": self.answer_column,
            "rows_read": self.rows_read,
            "rows_kept": self.rows_kept,
            "rows_left_out": self.rows_read - self.rows_kept,
            "samples": len(self.samples),
            "replies": self.replies,
            "unused_columns": list(self.unused_columns),
            "notes": list(self.notes),
            "splits": self.splits,
            "duplicates": self.problem_counts.get("duplicate", 0),
            "near_duplicates": self.near_duplicates,
            "contradictions": self.contradictions,
            "problem_counts": self.problem_counts,
            "warning_counts": self.warning_counts,
            "problems": [asdict(problem) for problem in self.problems],
            "languages": self.languages,
            "token_lengths": self.token_lengths.as_dict() if self.token_lengths else None,
        }
