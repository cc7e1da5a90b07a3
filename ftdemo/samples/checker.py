"""Row after row into samples, with a word about each that is left out or looks odd."""

from array import array
from collections import Counter

from ftdemo.samples.columns import HELD_OUT_VALUES
from ftdemo.samples.content import main_script
from ftdemo.samples.conversion import Draft
from ftdemo.samples.inspection import fault_of_draft, warnings_of_draft
from ftdemo.samples.lengths import LengthMeter
from ftdemo.samples.report import Problem
from ftdemo.samples.rows import Row
from ftdemo.samples.shapes import Shape
from ftdemo.samples.similarity import Pair, QuestionIndex, digest, folded, question_key, sample_key
from ftdemo.samples.spool import SampleSpool
from ftdemo.samples.tally import Tally
from ftdemo.samples.turns import RecordError, text_of
from ftdemo.store.samples import Sample, Split


class Checker:
    """Takes rows one by one and keeps the samples they give.

    Only numbers are kept in memory for each sample; the texts go to the spool.

    Args:
        shape: how to make samples of rows.
        split_column: the column that says which rows are held out, if there is one.
        meter: measures the samples' lengths, if the tokenizer is at hand.
    """

    def __init__(self, shape: Shape, split_column: str | None, meter: LengthMeter | None) -> None:
        self.rows_read = 0
        self.samples = SampleSpool()
        self.scripts: Counter[str] = Counter()
        self.tally = Tally()
        self._shape = shape
        self._split_column = split_column
        self._meter = meter
        self.index = QuestionIndex()
        self._rows = array("Q")
        self._questions = array("Q")
        self._row_of_sample: dict[int, int] = {}
        self._row_of_question: dict[int, int] = {}

    def add(self, row: Row) -> None:
        """Take one row."""
        self.rows_read += 1
        if row.problem:
            self.tally.add(row.problem)
        if row.cells is None:
            return
        try:
            drafts = self._shape.convert(row.cells)
            value = text_of(row.cells.get(self._split_column)) if self._split_column else ""
        except RecordError as error:
            message = f"Row {row.number} {error.what}"
            self.tally.add(Problem(row.number, error.column, error.kind, message, error.remedy))
            return
        except RecursionError:
            message = f"Row {row.number} is nested too deeply."
            self.tally.add(Problem(row.number, None, "nested", message, "Write plain text into its cells."))
            return
        for draft in drafts:
            self._take(draft, row.number, held_out=value.strip().lower() in HELD_OUT_VALUES)

    def note_near_duplicates(self) -> list[Pair]:
        """Warn of questions that nearly say the same as an earlier one, once all rows are in.

        Returns:
            The pairs of samples, numbered from 0, whose questions say the same or nearly so.
        """
        pairs = self.index.near_duplicates()
        warned: set[int] = set()
        for later, earlier in pairs:
            if later in warned or self._questions[later] == self._questions[earlier]:
                continue
            warned.add(later)
            row, first = self._rows[later], self._rows[earlier]
            self.tally.add(
                Problem(
                    row,
                    self._shape.question_column,
                    "near-duplicate",
                    f"Row {row} asks nearly the same as row {first}.",
                    "Fine if it is meant as another wording; else leave one of them out.",
                    "warning",
                )
            )
        return pairs

    def _take(self, draft: Draft, row: int, *, held_out: bool) -> None:
        key, asked = sample_key(draft), digest(question_key(draft))
        fault = fault_of_draft(draft, row, self._shape)
        if fault is None and key in self._row_of_sample:
            message = f"Row {row} says the same as row {self._row_of_sample[key]}."
            fault = Problem(row, None, "duplicate", message, "Nothing to do: one of them is kept.")
        if fault is not None:
            self.tally.add(fault)
            return
        for warning in warnings_of_draft(draft, row, self._shape):
            self.tally.add(warning)
        if asked in self._row_of_question:
            self.tally.add(
                Problem(
                    row,
                    self._shape.answer_column,
                    "contradiction",
                    f"Row {row} answers the question of row {self._row_of_question[asked]} differently.",
                    "Keep the right one of the two answers.",
                    "warning",
                )
            )
        self._row_of_question.setdefault(asked, row)
        self._row_of_sample[key] = row
        self._rows.append(row)
        self._questions.append(digest(folded(draft.question)))
        self.index.add(draft.question, draft.answer)
        self.scripts[main_script(f"{draft.question} {draft.answer}")] += 1
        split: Split = "held_out" if held_out else "train"
        sample = Sample(draft.question, draft.answer, split, draft.system, draft.history, draft.weight)
        self.samples.append(sample)
        if self._meter:
            self._meter.add(sample)
