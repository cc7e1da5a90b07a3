"""Sample sets: named lists of questions and answers, in versions."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ftdemo.errors import NotFoundError, UserError
from ftdemo.store.named import NamedFamily
from ftdemo.store.rows import from_row, now

Split = Literal["train", "held_out"]


@dataclass(frozen=True)
class Sample:
    """One question with the answer the model should give.

    Args:
        question: what a person asks.
        answer: what the model should answer.
        split: 'train' to learn from, 'held_out' to test with only.
        system: what the model was told beforehand about how to answer, if anything.
        history: the turns before the question, each a role ('user' or 'assistant') and a text.
        weight: how much the sample counts in training; 1 is usual.
    """

    question: str
    answer: str
    split: Split = "train"
    system: str | None = None
    history: tuple[tuple[str, str], ...] = ()
    weight: float = 1.0


@dataclass(frozen=True)
class PlacedSample:
    """A sample with its place in a set, by which it is changed or deleted.

    Args:
        position: its place; places of deleted samples are not used again.
        sample: the sample.
    """

    position: int
    sample: Sample


@dataclass(frozen=True)
class SampleSet:
    """A named list of samples, as it is in its newest version.

    Args:
        train: number of samples to learn from.
        held_out: number of samples kept back for testing.
        file_name: the file it was read from, without its folder.
        format: the file's format.
        version: the newest version; the first is 1.
    """

    id: int
    name: str
    file_name: str | None
    format: str
    created_at: str
    train: int
    held_out: int
    version: int = 1


@dataclass(frozen=True)
class SetVersion:
    """A version of a set.

    Args:
        version: its number, from 1.
        note: what was done to make it.
        train: number of samples to learn from.
        held_out: number of samples kept back for testing.
    """

    version: int
    note: str
    created_at: str
    train: int
    held_out: int


_WITH_COUNTS = """
    select own.*,
        coalesce(sum(samples.split = 'train'), 0) as train,
        coalesce(sum(samples.split = 'held_out'), 0) as held_out,
        (select max(version) from sample_set_versions where sample_set_id = own.id) as version
    from sample_sets as own left join samples on samples.sample_set_id = own.id and samples.until is null
"""
_OF_VERSION = "sample_set_id = ? and since <= ? and (until is null or until > ?)"
_INSERT = """
    insert into samples (sample_set_id, position, question, answer, split, system, history, weight, since)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class SampleSets(NamedFamily[SampleSet]):
    """The tables `sample_sets`, `sample_set_versions` and `samples`."""

    table = "sample_sets"
    kind = "sample set"
    free_it = "remove that set first"
    query = _WITH_COUNTS
    group = "group by own.id"

    def add(
        self,
        name: str,
        samples: Iterable[Sample],
        *,
        file_name: str | None,
        file_format: str,
        note: str = "added",
    ) -> SampleSet:
        """Save a new set, whole or not at all.

        Raises:
            InvalidNameError: there is a set of that name.
        """
        with self._store.transaction():
            self.refuse_taken(name)
            record = {"name": name, "file_name": file_name, "format": file_format, "created_at": now()}
            set_id = self._table("sample_sets").insert(record).last_pk
            assert isinstance(set_id, int)
            self._note_version(set_id, 1, note)
            self._insert(set_id, 1, enumerate(samples, start=1))
        return self.get(name)

    def versions(self, sample_set_id: int) -> list[SetVersion]:
        """The versions of a set, oldest first."""
        rows = self._database.query(
            """
            select version, note, created_at, coalesce(sum(split = 'train'), 0) as train,
                coalesce(sum(split = 'held_out'), 0) as held_out
            from sample_set_versions left join samples
                on samples.sample_set_id = sample_set_versions.sample_set_id
                and since <= version and (until is null or until > version)
            where sample_set_versions.sample_set_id = ? group by version order by version
            """,
            [sample_set_id],
        )
        return [from_row(SetVersion, row) for row in rows]

    def samples(
        self, sample_set_id: int, split: Split | None = None, version: int | None = None
    ) -> Iterator[Sample]:
        """The samples of a set in their order, of one split or of both, in its newest version or another."""
        version = self._newest(sample_set_id) if version is None else version
        where = _OF_VERSION
        arguments: list[int | str] = [sample_set_id, version, version]
        if split is not None:
            where += " and split = ?"
            arguments.append(split)
        for row in self._table("samples").rows_where(where, arguments, order_by="position"):
            yield _sample(row)

    def placed(
        self, sample_set_id: int, version: int, offset: int = 0, limit: int | None = None
    ) -> Iterator[PlacedSample]:
        """The samples of a version in their order with their places, all or some of them."""
        rows = self._table("samples").rows_where(
            _OF_VERSION,
            [sample_set_id, version, version],
            order_by="position",
            limit=limit,
            offset=offset or None,
        )
        for row in rows:
            yield PlacedSample(row["position"], _sample(row))

    def change(
        self,
        name: str,
        *,
        add: Iterable[Sample] = (),
        change: Mapping[int, Sample] | None = None,
        delete: Collection[int] = (),
        note: str,
        expected_version: int | None = None,
    ) -> SampleSet:
        """Make a new version of a set; what is not named stays as it is.

        Args:
            name: the set.
            add: samples put at the end.
            change: new samples by the place of those they replace.
            delete: places of samples to leave out.
            note: what was done, in a few words.
            expected_version: the version the change was made on, or None to make it on the newest.

        Raises:
            NotFoundError: there is no such set, or no sample at a place.
            UserError: there is a newer version than expected.
        """
        changed = dict(change or {})
        with self._store.transaction() as database:
            current = self.get(name)
            self._refuse_newer(current, expected_version)
            version = current.version + 1
            for position in {*changed, *delete}:
                ended = database.execute(
                    "update samples set until = ? where sample_set_id = ? and position = ? and until is null",
                    [version, current.id, position],
                )
                if not ended.rowcount:
                    raise NotFoundError(
                        f"The sample set {name!r} has no sample at place {position}.", "Load it again."
                    )
            self._insert(current.id, version, changed.items())
            last = database.execute("select max(position) from samples where sample_set_id = ?", [current.id])
            self._insert(current.id, version, enumerate(add, start=(last.fetchone()[0] or 0) + 1))
            self._note_version(current.id, version, note)
        return self.get(name)

    def restore(self, name: str, version: int) -> SampleSet:
        """Make a new version that is like an earlier one.

        Raises:
            NotFoundError: there is no such set or version.
        """
        with self._store.transaction() as database:
            current = self.get(name)
            self.check_version(current, version)
            new = current.version + 1
            database.execute(
                "update samples set until = ? where sample_set_id = ? and until is null and since > ?",
                [new, current.id, version],
            )
            database.execute(
                """
                insert into samples
                    (sample_set_id, position, question, answer, split, system, history, weight, since)
                select sample_set_id, position, question, answer, split, system, history, weight, ?
                from samples where sample_set_id = ? and since <= ? and until > ?
                """,
                [new, current.id, version, version],
            )
            self._note_version(current.id, new, f"version {version} restored")
        return self.get(name)

    def check_version(self, sample_set: SampleSet, version: int) -> None:
        """Raise NotFoundError unless a set has a version of that number."""
        if not 1 <= version <= sample_set.version:
            raise NotFoundError(
                f"The sample set {sample_set.name!r} has no version {version}.",
                f"Its versions are 1 to {sample_set.version}.",
            )

    def remove(self, name: str) -> None:
        """Delete a set and its samples.

        Raises:
            NotFoundError: there is no such set.
        """
        set_id = self.get(name).id
        with self._store.transaction():
            self._table("samples").delete_where("sample_set_id = ?", [set_id])
            self._table("sample_set_versions").delete_where("sample_set_id = ?", [set_id])
            self._table("sample_sets").delete(set_id)

    def _read(self, row: Mapping[str, Any]) -> SampleSet:
        return from_row(SampleSet, row)

    def _none_of_that_name(self, name: str, names: list[str]) -> NotFoundError:
        remedy = (
            f"The sets there are: {', '.join(map(repr, names))}." if names else "Add one from a file first."
        )
        return NotFoundError(f"There is no sample set named {name!r}.", remedy)

    def _newest(self, sample_set_id: int) -> int:
        query = "select max(version) from sample_set_versions where sample_set_id = ?"
        return int(self._database.execute(query, [sample_set_id]).fetchone()[0] or 0)

    def _note_version(self, sample_set_id: int, version: int, note: str) -> None:
        self._table("sample_set_versions").insert(
            {"sample_set_id": sample_set_id, "version": version, "note": note, "created_at": now()}
        )

    def _insert(self, sample_set_id: int, version: int, placed: Iterable[tuple[int, Sample]]) -> None:
        self._database.conn.executemany(
            _INSERT, (_record(sample_set_id, position, version, sample) for position, sample in placed)
        )

    @staticmethod
    def _refuse_newer(current: SampleSet, expected: int | None) -> None:
        if expected is not None and expected != current.version:
            raise UserError(
                f"The sample set {current.name!r} was changed meanwhile, to version {current.version}.",
                "Load it again, then make your change.",
            )


def _record(sample_set_id: int, position: int, version: int, sample: Sample) -> tuple[Any, ...]:
    history = json.dumps(sample.history, ensure_ascii=False) if sample.history else None
    texts = (sample.question, sample.answer, sample.split, sample.system, history)
    return sample_set_id, position, *texts, sample.weight, version


def _sample(row: dict[str, Any]) -> Sample:
    history = tuple((role, text) for role, text in json.loads(row["history"])) if row["history"] else ()
    return from_row(Sample, row, history=history)
