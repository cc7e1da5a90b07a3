"""Sample sets: named lists of questions and answers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ftdemo.errors import InvalidNameError, NotFoundError
from ftdemo.store.rows import Family, from_row, now

Split = Literal["train", "held_out"]


@dataclass(frozen=True)
class Sample:
    """One question with the answer the model should give.

    Args:
        question: what a person asks.
        answer: what the model should answer.
        split: 'train' to learn from, 'held_out' to test with only.
    """

    question: str
    answer: str
    split: Split = "train"


@dataclass(frozen=True)
class SampleSet:
    """A named list of samples.

    Args:
        train: number of samples to learn from.
        held_out: number of samples kept back for testing.
        file_name: the file it was read from, without its folder.
        format: the file's format.
    """

    id: int
    name: str
    file_name: str | None
    format: str
    created_at: str
    train: int
    held_out: int


_WITH_COUNTS = """
    select sample_sets.*,
        coalesce(sum(samples.split = 'train'), 0) as train,
        coalesce(sum(samples.split = 'held_out'), 0) as held_out
    from sample_sets left join samples on samples.sample_set_id = sample_sets.id
"""


class SampleSets(Family):
    """The tables `sample_sets` and `samples`."""

    def add(
        self, name: str, samples: Iterable[Sample], *, file_name: str | None, file_format: str
    ) -> SampleSet:
        """Save a new set, whole or not at all.

        Raises:
            InvalidNameError: there is a set of that name.
        """
        with self._store.transaction() as database:
            if any(database.query("select 1 from sample_sets where name = ?", [name])):
                raise InvalidNameError(
                    f"There is a sample set named {name!r} already.",
                    "Choose another name, or remove that set first.",
                )
            record = {"name": name, "file_name": file_name, "format": file_format, "created_at": now()}
            set_id = self._table("sample_sets").insert(record).last_pk
            self._table("samples").insert_all(
                {
                    "sample_set_id": set_id,
                    "position": position,
                    "question": sample.question,
                    "answer": sample.answer,
                    "split": sample.split,
                }
                for position, sample in enumerate(samples, start=1)
            )
        return self.get(name)

    def all(self) -> list[SampleSet]:
        """All sets, oldest first."""
        rows = self._database.query(_WITH_COUNTS + " group by sample_sets.id order by sample_sets.id")
        return [from_row(SampleSet, row) for row in rows]

    def get(self, name: str) -> SampleSet:
        """One set by its name.

        Raises:
            NotFoundError: there is no such set; the remedy names those there are.
        """
        rows = self._database.query(_WITH_COUNTS + " where name = ? group by sample_sets.id", [name])
        for row in rows:
            return from_row(SampleSet, row)
        names = ", ".join(sample_set.name for sample_set in self.all())
        raise NotFoundError(
            f"There is no sample set named {name!r}.",
            f"The sets there are: {names}." if names else "Add one from a file first.",
        )

    def samples(self, sample_set_id: int, split: Split | None = None) -> Iterator[Sample]:
        """The samples of a set in their order, of one split or of both."""
        where = "sample_set_id = ?"
        arguments: list[int | str] = [sample_set_id]
        if split is not None:
            where, arguments = where + " and split = ?", [sample_set_id, split]
        for row in self._table("samples").rows_where(where, arguments, order_by="position"):
            yield from_row(Sample, row)

    def remove(self, name: str) -> None:
        """Delete a set and its samples.

        Raises:
            NotFoundError: there is no such set.
        """
        set_id = self.get(name).id
        with self._store.transaction():
            self._table("samples").delete_where("sample_set_id = ?", [set_id])
            self._table("sample_sets").delete(set_id)
