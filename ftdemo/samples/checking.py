"""From rows to samples, each row that cannot be used named with its reason."""

import json
from pathlib import Path
from typing import Any

from ftdemo.errors import FileFormatError
from ftdemo.samples.columns import HELD_OUT_VALUES, SPLIT_NAMES, choose_columns, find_column
from ftdemo.samples.reading import Row, Table, read_table
from ftdemo.samples.report import Problem, SampleReport
from ftdemo.store.samples import Sample

MAX_CHARACTERS = 8_000
"""Longest question or answer, in characters: about 2,000 tokens, what a small model can learn from."""


def check_file(
    path: Path,
    file_format: str = "auto",
    question_column: str | None = None,
    answer_column: str | None = None,
    max_megabytes: float = 20.0,
) -> SampleReport:
    """Read a file and report on it, without saving anything.

    Rows that are empty, over-long, or say the same as an earlier row are left out and reported.

    Args:
        path: the file.
        file_format: 'auto', 'csv', 'json' or 'jsonl'.
        question_column: the column of questions, if its name does not tell.
        answer_column: the column of answers, if its name does not tell.
        max_megabytes: the largest file read, in 10^6 bytes.

    Raises:
        UserError: the file as a whole cannot be used.
    """
    table = read_table(path, file_format, max_megabytes)
    question, answer = choose_columns(path.name, table.columns, question_column, answer_column)
    samples, problems = _check_rows(table, question, answer)
    if not samples:
        raise FileFormatError(
            f"None of the {len(table.rows)} rows of {path.name} can be used: {problems[0].message}",
            problems[0].remedy,
        )
    return SampleReport(
        file_name=path.name,
        format=table.format,
        columns=table.columns,
        question_column=question,
        answer_column=answer,
        rows_read=len(table.rows),
        problems=tuple(problems),
        samples=tuple(samples),
    )


def _check_rows(table: Table, question: str, answer: str) -> tuple[list[Sample], list[Problem]]:
    split_column = find_column(table.columns, SPLIT_NAMES)
    samples: list[Sample] = []
    problems: list[Problem] = []
    first_seen: dict[tuple[str, str], int] = {}
    for row in table.rows:
        texts = {column: _as_text(row.cells.get(column)) for column in (question, answer)}
        problem = _problem_of_texts(row, texts)
        key = (_folded(texts[question]), _folded(texts[answer]))
        if problem is None and key in first_seen:
            problem = Problem(
                row.number,
                None,
                "duplicate",
                f"Row {row.number} says the same as row {first_seen[key]}.",
                "Nothing to do: one of them is kept.",
            )
        if problem is not None:
            problems.append(problem)
            continue
        first_seen[key] = row.number
        value = _as_text(row.cells.get(split_column)).lower() if split_column else ""
        samples.append(
            Sample(texts[question], texts[answer], "held_out" if value in HELD_OUT_VALUES else "train")
        )
    return samples, problems


def _problem_of_texts(row: Row, texts: dict[str, str]) -> Problem | None:
    for column, text in texts.items():
        if not text:
            return Problem(
                row.number,
                column,
                "empty",
                f"Row {row.number} has nothing in the column {column!r}.",
                "Fill that cell, or leave the row out.",
            )
        if len(text) > MAX_CHARACTERS:
            return Problem(
                row.number,
                column,
                "over-long",
                f"Row {row.number} has {len(text):,} characters in the column {column!r}; "
                f"{MAX_CHARACTERS:,} is the most.",
                "Shorten it, or split it into several samples.",
            )
    return None


def _as_text(value: Any) -> str:
    """A cell as text: no white space around it, no NULs, JSON values other than text written out."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("\x00", "").strip()


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
