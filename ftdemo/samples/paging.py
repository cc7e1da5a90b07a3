"""A page of a set as a table that a person edits, and what was changed in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ftdemo.samples.columns import HELD_OUT_VALUES
from ftdemo.store.samples import PlacedSample, Sample, Split

COLUMNS = ("place", "question", "answer", "split")


@dataclass(frozen=True)
class PageEdit:
    """What was changed in a page, in the terms of `SampleLibrary.change`.

    Args:
        add: rows without a place.
        change: rows whose texts or split differ, by their place.
        delete: places that are no longer there, or whose row was emptied.
    """

    add: list[Sample] = field(default_factory=list)
    change: dict[int, Sample] = field(default_factory=dict)
    delete: list[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.add or self.change or self.delete)


def as_rows(page: Iterable[PlacedSample]) -> list[list[str]]:
    """A page as rows of `COLUMNS`."""
    return [
        [str(placed.position), placed.sample.question, placed.sample.answer, placed.sample.split]
        for placed in page
    ]


def compare_page(before: Sequence[PlacedSample], rows: Iterable[Sequence[Any]]) -> PageEdit:
    """Tell what a person changed in a page.

    Args:
        before: the page as it was shown.
        rows: the rows as they are now; a row's place says which sample it was.
    """
    known = {placed.position: placed.sample for placed in before}
    edit = PageEdit()
    seen: set[int] = set()
    for row in rows:
        place, question, answer, split = (str(cell if cell is not None else "").strip() for cell in row)
        if not question and not answer:
            continue
        chosen: Split = "held_out" if split.lower() in HELD_OUT_VALUES else "train"
        number = int(place) if place.isdecimal() else None
        if number is None or number not in known or number in seen:
            edit.add.append(Sample(question, answer, chosen))
            continue
        seen.add(number)
        old = known[number]
        same = (old.question.strip(), old.answer.strip(), old.split) == (question, answer, chosen)
        if not same:
            edit.change[number] = replace(old, question=question, answer=answer, split=chosen)
    edit.delete.extend(number for number in known if number not in seen)
    return edit
