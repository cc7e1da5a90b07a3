"""Samples that a person typed: the same rules as for those from a file."""

from collections.abc import Iterable, Sequence

from ftdemo.errors import UserError
from ftdemo.files.cells import text_of
from ftdemo.samples.conversations import Draft
from ftdemo.samples.inspection import fault_of_draft
from ftdemo.samples.shapes import QUESTION_ANSWER, Shape
from ftdemo.samples.similarity import sample_key
from ftdemo.store.samples import Sample

_TYPED = Shape(QUESTION_ANSWER, "question", "answer", lambda _: [])


def check_edit(kept: Iterable[Sample], new: Sequence[Sample]) -> None:
    """Raise UserError if samples cannot be put into a set.

    Args:
        kept: the samples that stay in it.
        new: those to be added or changed.
    """
    seen: dict[int, str] = {}
    count = 0
    for sample in kept:
        seen[sample_key(sample)] = "one in the set"
        count += 1
    for number, sample in enumerate(new, start=1):
        draft = Draft(sample.question, sample.answer, sample.system, sample.history, sample.weight)
        fault = fault_of_draft(draft, number, _TYPED)
        if fault:
            raise UserError(fault.message, fault.remedy)
        said = [sample.question, sample.answer, sample.system or "", *(text for _, text in sample.history)]
        if any(text_of(text) != text for text in said):
            raise UserError(f"Row {number} has half a character in it.", "Type that place again.")
        key = sample_key(sample)
        if key in seen:
            raise UserError(f"Row {number} says the same as {seen[key]}.", "Change it or leave it out.")
        seen[key] = f"row {number}"
    if not count and not new:
        raise UserError("No sample would be left.", "Keep one, or remove the whole set.")
