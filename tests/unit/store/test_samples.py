from collections.abc import Iterator

import pytest

from ftdemo.errors import InvalidNameError, NotFoundError
from ftdemo.store import Store
from ftdemo.store.samples import Sample

SAMPLES = [
    Sample("Who?", "Ann."),
    Sample("谁？", "小安。", "held_out"),
    Sample('It\'s "quoted"; drop table samples', "Yes\nno"),
]


def add(store: Store, name: str, samples: list[Sample] = SAMPLES) -> int:
    return store.sample_sets.add(name, samples, file_name="facts.csv", file_format="csv").id


def test_set_comes_back_as_it_was_saved(store: Store) -> None:
    set_id = add(store, "facts")
    saved = store.sample_sets.get("facts")
    assert (saved.id, saved.file_name, saved.format) == (set_id, "facts.csv", "csv")
    assert (saved.train, saved.held_out) == (2, 1)
    assert list(store.sample_sets.samples(set_id)) == SAMPLES


def test_samples_of_one_split(store: Store) -> None:
    set_id = add(store, "facts")
    assert list(store.sample_sets.samples(set_id, "train")) == [SAMPLES[0], SAMPLES[2]]
    assert list(store.sample_sets.samples(set_id, "held_out")) == [SAMPLES[1]]


def test_sets_are_listed_oldest_first_with_their_own_counts(store: Store) -> None:
    add(store, "z", SAMPLES)
    add(store, "a", SAMPLES[:1])
    add(store, "empty", [])
    assert [(s.name, s.train, s.held_out) for s in store.sample_sets.all()] == [
        ("z", 2, 1),
        ("a", 1, 0),
        ("empty", 0, 0),
    ]


def test_taken_name_is_refused_and_nothing_saved(store: Store) -> None:
    set_id = add(store, "facts")
    with pytest.raises(InvalidNameError, match="'facts' already"):
        add(store, "facts", SAMPLES[:1])
    assert [s.id for s in store.sample_sets.all()] == [set_id]
    assert list(store.sample_sets.samples(set_id)) == SAMPLES
    assert store.database.table("samples").count == len(SAMPLES)


@pytest.mark.parametrize("before_it_fails", [0, 1, 1000])
def test_failing_source_of_samples_saves_nothing(store: Store, before_it_fails: int) -> None:
    def samples() -> Iterator[Sample]:
        for number in range(before_it_fails):
            yield Sample(f"q{number}", "a")
        raise ValueError("the file is cut off")

    with pytest.raises(ValueError, match="cut off"):
        store.sample_sets.add("facts", samples(), file_name=None, file_format="csv")
    assert store.sample_sets.all() == []
    assert store.database.table("samples").count == 0
    add(store, "facts")  # the write lock is free again, and the name too


def test_many_samples_keep_their_order(store: Store) -> None:
    samples = [Sample(f"q{number}", f"a{number}") for number in range(2500)]
    assert list(store.sample_sets.samples(add(store, "many", samples))) == samples


def test_unknown_set_names_those_there_are(store: Store) -> None:
    with pytest.raises(NotFoundError) as caught:
        store.sample_sets.get("nothing")
    assert "from a file" in caught.value.remedy
    add(store, "one")
    add(store, "two")
    with pytest.raises(NotFoundError) as caught:
        store.sample_sets.get("nothing")
    assert "'nothing'" in caught.value.message
    assert "'one', 'two'" in caught.value.remedy


def test_removing_a_set_removes_its_samples_only(store: Store) -> None:
    add(store, "one")
    kept = add(store, "two")
    store.sample_sets.remove("one")
    assert [s.name for s in store.sample_sets.all()] == ["two"]
    assert store.database.table("samples").count == len(SAMPLES)
    assert list(store.sample_sets.samples(kept)) == SAMPLES
    with pytest.raises(NotFoundError):
        store.sample_sets.remove("one")
