"""From a file to checked samples and the report on them, in one pass and with bounded memory."""

from dataclasses import dataclass
from pathlib import Path

from ftdemo.errors import FileFormatError
from ftdemo.files.rows import MAX_ROWS, Progress, ReadOptions, watched
from ftdemo.samples.checker import Checker
from ftdemo.samples.columns import SPLIT_NAMES, chosen_column, find_column
from ftdemo.samples.lengths import LengthMeter
from ftdemo.samples.reading import open_records, unusable
from ftdemo.samples.report import SampleReport
from ftdemo.samples.splitting import check_share


@dataclass(frozen=True)
class HoldOut:
    """How to choose the samples kept back for testing.

    Args:
        share: part of the samples, from 0 to 0.9.
        seed: start of the random numbers.
    """

    share: float
    seed: int = 0


def check_file(
    path: str | Path,
    options: ReadOptions | None = None,
    *,
    hold_out: HoldOut | None = None,
    base_folder: Path | None = None,
    progress: Progress | None = None,
) -> SampleReport:
    """Read a file and report on it, without saving anything.

    Rows that are empty, over-long, or say the same as an earlier row are left out and reported.

    Args:
        path: a file's path, a folder, or the name of a Hub data set.
        options: what is not to be recognised but taken as said.
        hold_out: choose the held-out samples so, instead of by the file's split column.
        base_folder: the base model's folder, to measure lengths in its tokens.
        progress: called now and then; raise from it to cancel.

    Raises:
        UserError: the file as a whole cannot be used.
    """
    options = options or ReadOptions()
    if hold_out:
        check_share(hold_out.share)
    with open_records(path, options) as records:
        source, columns, shape = records.source, records.columns, records.shape
        named = options.split_column or next(
            (name for name, role in options.columns.items() if role == "split"), None
        )
        split_column = (
            chosen_column(source.name, columns, named) if named else find_column(columns, SPLIT_NAMES)
        )
        meter = LengthMeter.of_folder(base_folder)
        checker = Checker(shape, split_column, meter)
        for row in watched(records.rows, source, progress):
            checker.add(row)
            if checker.rows_read > MAX_ROWS:
                raise FileFormatError(
                    f"The file {source.name} has more than {MAX_ROWS:,} rows.", "Split it into smaller ones."
                )
        if not checker.samples:
            raise unusable(source.name, checker.rows_read, checker.tally.problems)
        pairs = checker.note_near_duplicates()
        if hold_out:
            chosen = checker.conversations.hold_out(pairs, hold_out.share, hold_out.seed)
            checker.samples.hold_out(chosen)
        if progress:
            progress(checker.rows_read, 1.0)
        all_columns = records.named(checker.columns)
        return SampleReport(
            file_name=source.name,
            format=source.format,
            encoding=source.encoding,
            shape=shape.name,
            columns=all_columns,
            question_column=shape.question_column,
            answer_column=shape.answer_column,
            rows_read=checker.rows_read,
            rows_kept=checker.rows_kept,
            replies=checker.replies,
            unused_columns=tuple(
                column for column in all_columns if column not in shape.used and column != split_column
            ),
            notes=source.notes,
            problems=checker.tally.problems,
            problem_counts=checker.tally.errors,
            warning_counts=checker.tally.warnings,
            near_duplicates=checker.tally.warnings.get("near-duplicate", 0),
            contradictions=checker.tally.warnings.get("contradiction", 0),
            splits=checker.samples.splits(),
            languages=dict(checker.scripts.most_common()),
            token_lengths=meter.result() if meter else None,
            samples=checker.samples,
        )
