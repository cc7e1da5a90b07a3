"""What a person changed in a page of a set."""

from typing import Any

from ftdemo.samples.paging import as_rows, compare_page
from ftdemo.store.samples import PlacedSample, Sample

PAGE = [
    PlacedSample(3, Sample("What is red?", "A colour.")),
    PlacedSample(7, Sample("What is sour?", "A taste.", "held_out", system="Be brief.")),
]


def test_a_page_that_was_not_touched_is_no_change() -> None:
    assert not compare_page(PAGE, as_rows(PAGE))


def test_a_changed_cell_keeps_what_the_table_does_not_show() -> None:
    rows = as_rows(PAGE)
    rows[1][2] = "One of the tastes."
    edit = compare_page(PAGE, rows)
    assert edit.change == {7: Sample("What is sour?", "One of the tastes.", "held_out", system="Be brief.")}
    assert (edit.add, edit.delete) == ([], [])


def test_a_row_without_a_place_is_added_and_an_emptied_one_deleted() -> None:
    rows: list[list[Any]] = [
        ["3", "", "", "train"],
        as_rows(PAGE)[1],
        [None, "What is salt?", "A crystal.", "test"],
    ]
    edit = compare_page(PAGE, rows)
    assert edit.delete == [3]
    assert edit.add == [Sample("What is salt?", "A crystal.", "held_out")]


def test_a_place_that_is_not_of_this_page_or_stands_twice_is_a_new_row() -> None:
    first, second = as_rows(PAGE)
    edit = compare_page(PAGE, [first, second, ["99", "a", "b", ""], ["3", "c", "d", ""]])
    assert [sample.question for sample in edit.add] == ["a", "c"]
    assert edit.change == {}


def test_a_change_of_split_is_a_change() -> None:
    rows = as_rows(PAGE)
    rows[0][3] = "held_out"
    assert compare_page(PAGE, rows).change == {3: Sample("What is red?", "A colour.", "held_out")}
