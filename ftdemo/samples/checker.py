"""Row after row into samples, with a word about each that is left out or looks odd."""

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ftdemo.files.cells import text_of
from ftdemo.files.rows import Problem, Row
from ftdemo.files.tabular import MAX_COLUMNS
from ftdemo.samples.columns import HELD_OUT_VALUES
from ftdemo.samples.content import main_script
from ftdemo.samples.conversations import Draft
from ftdemo.samples.grouping import Conversations
from ftdemo.samples.inspection import fault_of_draft, warnings_of_draft
from ftdemo.samples.lengths import LengthMeter
from ftdemo.samples.messages import RecordError
from ftdemo.samples.shapes import Shape
from ftdemo.samples.similarity import Pair, digest, folded, question_key
from ftdemo.samples.spool import SampleSpool
from ftdemo.samples.tally import Tally
from ftdemo.store.samples import Sample, Split


class Checker:
    """Takes rows one by one and keeps the samples they give.

    Each row is taken or left out with a reason, so rows read = rows kept + rows left out. Only numbers are
    kept in memory for each sample; the texts go to the spool.

    Args:
        shape: how to make samples of rows.
        split_column: the column that says which rows are held out, if there is one.
        meter: measures the samples' lengths, if the tokenizer is at hand.
    """

    def __init__(self, shape: Shape, split_column: str | None, meter: LengthMeter | None) -> None:
        self.rows_read = 0
        self.rows_kept = 0
        self.replies = 0
        self.samples = SampleSpool()
        self.scripts: Counter[str] = Counter()
        self.tally = Tally()
        self.columns: dict[str, None] = {}
        self.conversations = Conversations()
        self._shape = shape
        self._split_column = split_column
        self._meter = meter
        self._rows = array("Q")
        self._questions = array("Q")
        self._row_of_sample: dict[int, int] = {}
        self._row_of_question: dict[int, int] = {}

    def add(self, row: Row) -> None:
        """Take one row."""
        self.rows_read += row.lines
        if row.problem:
            self._note(row.problem, row)
        if row.cells is None:
            return
        if not self.columns.keys() >= row.cells.keys() and len(self.columns) < MAX_COLUMNS:
            self.columns.update(dict.fromkeys(row.cells))
        try:
            drafts = self._shape.convert(row.cells)
            value = text_of(row.cells.get(self._split_column)) if self._split_column else ""
        except RecordError as error:
            message = f"Row {row.number} {error.what}"
            self._note(Problem(row.number, error.column, error.kind, message, error.remedy), row)
            return
        except RecursionError:
            message = f"Row {row.number} is nested too deeply."
            self._note(Problem(row.number, None, "nested", message, "Write plain text into its cells."), row)
            return
        self._take_all(drafts, row, held_out=value.strip().lower() in HELD_OUT_VALUES)

    def note_near_duplicates(self) -> list[Pair]:
        """Warn of questions that nearly say the same as an earlier one, once all rows are in.

        Returns:
            The pairs of conversations, numbered from 0, in which nearly the same is asked.
        """
        pairs = self.conversations.near_duplicates()
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

    def _take_all(self, drafts: Sequence[Draft], row: Row, *, held_out: bool) -> None:
        """Take a row's samples; what is wrong with one of several keeps only that one out."""
        faults: list[Problem] = []
        taken = 0
        for draft in drafts:
            asked = question_key(draft)
            key = digest(asked, folded(draft.answer))
            fault = self._fault(draft, key, row.number)
            if fault is None:
                self._row_of_sample[key] = row.number
                self._take(draft, digest(asked), row, held_out=held_out, first=not taken)
                taken += 1
            else:
                faults.append(fault)
        if not taken:
            nothing = Problem(
                row.number, None, "empty", f"Row {row.number} has nothing in it.", "Fill it, or leave it out."
            )
            self._note(faults[0] if faults else nothing, row)
            return
        self.rows_kept += row.lines
        self.replies += taken if taken > 1 else 0
        for fault in faults:
            remedy = "The rest of the row is kept. " + fault.remedy
            self._note(replace(fault, severity="warning", remedy=remedy, kind=f"part: {fault.kind}"), row)

    def _fault(self, draft: Draft, key: int, row: int) -> Problem | None:
        fault = fault_of_draft(draft, row, self._shape)
        first = self._row_of_sample.get(key) if fault is None else None
        if first is None:
            return fault
        what = f"as row {first}" if first != row else "twice"
        message = f"Row {row} says the same {what}."
        return Problem(row, None, "duplicate", message, "Nothing to do: one of them is kept.")

    def _take(self, draft: Draft, asked: int, row: Row, *, held_out: bool, first: bool) -> None:
        number = row.number
        for warning in warnings_of_draft(draft, number, self._shape, with_history=first):
            self._note(warning, row)
        if self._row_of_question.get(asked, number) != number:
            self._note(
                Problem(
                    number,
                    self._shape.answer_column,
                    "contradiction",
                    f"Row {number} answers the question of row {self._row_of_question[asked]} differently.",
                    "Keep the right one of the two answers.",
                    "warning",
                ),
                row,
            )
        self._row_of_question.setdefault(asked, number)
        split: Split = "held_out" if held_out else "train"
        sample = Sample(draft.question, draft.answer, split, draft.system, draft.history, draft.weight)
        if self.conversations.add(sample) == len(self._rows):
            self._rows.append(number)
            self._questions.append(digest(folded(draft.question)))
        self.scripts[main_script(f"{draft.question} {draft.answer}")] += 1
        self.samples.append(sample)
        if self._meter:
            self._meter.add(sample)

    def _note(self, problem: Problem, row: Row) -> None:
        if row.place is not None:
            start = f"Row {problem.row} "
            message = problem.message.replace(start, f"{start}of {row.place} ", 1)
            problem = replace(problem, message=message)
        self.tally.add(problem, row.lines)
