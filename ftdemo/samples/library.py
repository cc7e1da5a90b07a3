"""The saved sample sets, and the examples that come with the app."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict, Unpack

from ftdemo.errors import NotFoundError, UserError
from ftdemo.files.datasets_reader import is_hub_name
from ftdemo.files.rows import Progress, ReadOptions
from ftdemo.names import check_name, name_from_file
from ftdemo.samples.checking import HoldOut, check_file
from ftdemo.samples.editing import check_edit
from ftdemo.samples.grouping import Conversations
from ftdemo.samples.paging import compare_page
from ftdemo.samples.report import SampleReport
from ftdemo.samples.writing import write_samples
from ftdemo.settings import EXAMPLES_FOLDER
from ftdemo.store import Store
from ftdemo.store.needs import refuse_needed
from ftdemo.store.samples import PlacedSample, Sample, SampleSet, SetVersion, Split
from ftdemo.tokens.template import ChatTemplate

MAX_PAGE = 1_000


class Reading(TypedDict, total=False):
    """How a file is read, where it is not recognised rightly.

    Args:
        file_format: 'auto', 'csv', 'tsv', 'json', 'jsonl', 'parquet', 'xlsx' or 'datasets'.
        question_column: the column of questions, if its name does not tell.
        answer_column: the column of answers, if its name does not tell.
        encoding: a text file's encoding.
        shape: what a record looks like, one of `shapes.SHAPES`.
        split_column: the column that says which rows are held out; one named 'split' is found by itself.
        columns: what other columns hold, by their names; one of `columns.ROLES` each.
        sheet: the sheet of a workbook, if not all with fitting headers are to be read.
    """

    file_format: str
    question_column: str | None
    answer_column: str | None
    encoding: str | None
    shape: str
    split_column: str | None
    columns: Mapping[str, str]
    sheet: str | None


class SampleLibrary:
    """Sample sets by name.

    Args:
        store: where they are saved.
        max_megabytes: the largest file read, in 10^6 bytes.
        base_folder: tells the base model's folder once it is there, for token lengths and rendered examples.
    """

    def __init__(
        self, store: Store, max_megabytes: float, base_folder: Callable[[], Path | None] = lambda: None
    ) -> None:
        self._store = store
        self._max_megabytes = max_megabytes
        self._base_folder = base_folder

    def check(
        self,
        path: str | Path,
        *,
        hold_out: HoldOut | None = None,
        progress: Progress | None = None,
        **reading: Unpack[Reading],
    ) -> SampleReport:
        """Report on a file without saving it.

        Args:
            path: a file's path, a folder, or the name of a Hub data set ('owner/name').
            hold_out: choose the held-out samples so, instead of by a column.
            progress: called with the rows read and the part of the file read; raise from it to cancel.
            **reading: see `Reading`.

        Raises:
            UserError: the file as a whole cannot be used.
        """
        options = ReadOptions(**reading, max_megabytes=self._max_megabytes)
        return check_file(
            path, options, hold_out=hold_out, base_folder=self._base_folder(), progress=progress
        )

    def add(
        self,
        path: str | Path,
        name: str | None = None,
        *,
        hold_out: HoldOut | None = None,
        progress: Progress | None = None,
        **reading: Unpack[Reading],
    ) -> tuple[SampleSet, SampleReport]:
        """Read a file and save its samples as a set.

        Args:
            path: a file's path, a folder, or the name of a Hub data set.
            name: the set's name; made from the file's name if None or empty.
            hold_out: this and all that follow are as in `check`.

        Raises:
            UserError: the file cannot be used, or the name cannot; nothing is saved then.
        """
        name = check_name("sample set", name or name_from_file(str(path)))
        self._store.sample_sets.refuse_taken(name)
        report = self.check(path, hold_out=hold_out, progress=progress, **reading)
        saved = self._store.sample_sets.add(
            name, report.samples, file_name=report.file_name, file_format=report.format
        )
        return saved, report

    def add_example(self, stem: str) -> SampleSet:
        """Save one of the example sets under its own name, unless it is there already.

        Raises:
            NotFoundError: there is no such example.
        """
        path = next((path for path in example_files() if path.stem == stem), None)
        if path is None:
            raise NotFoundError(
                f"There is no example set named {stem!r}.",
                f"The examples are: {', '.join(path.stem for path in example_files())}.",
            )
        known = [saved for saved in self.all() if saved.name == stem]
        return known[0] if known else self.add(path)[0]

    def hub_name(self, name: str) -> str:
        """Return the name of a Hub data set, for callers who may not read this machine's own files.

        Raises:
            UserError: there is no name, or it is not one a Hub data set could have.
        """
        name = name.strip()
        if not name:
            raise UserError("There is no file to save.", "Upload one, or paste some rows, first.")
        if not is_hub_name(name):
            raise UserError(f"{name!r} is no name of a Hub data set.", "Give it in the form 'owner/name'.")
        return name

    def create(self, name: str, samples: Iterable[Sample]) -> SampleSet:
        """Save samples that were typed or pasted in as a new set.

        Raises:
            UserError: the name cannot be used, or a sample cannot; says which.
        """
        name = check_name("sample set", name)
        samples = list(samples)
        check_edit((), samples)
        return self._store.sample_sets.add(name, samples, file_name=None, file_format="typed")

    def all(self) -> list[SampleSet]:
        """Every set, oldest first."""
        return self._store.sample_sets.all()

    def get(self, name: str) -> SampleSet:
        """One set by name; raises NotFoundError."""
        return self._store.sample_sets.get(name)

    def versions(self, name: str) -> list[SetVersion]:
        """The versions of a set, oldest first; raises NotFoundError."""
        return self._store.sample_sets.versions(self.get(name).id)

    def samples(self, name: str, split: Split | None = None, version: int | None = None) -> list[Sample]:
        """The samples of a set, of one split or of both, in the newest version or another.

        Raises:
            NotFoundError: there is no such set or version.
        """
        return list(self._iterate(name, split, version))

    def samples_page(
        self, name: str, version: int | None = None, offset: int = 0, limit: int = 50
    ) -> list[PlacedSample]:
        """Some samples of a set in their order, with the places by which `change` names them.

        Args:
            name: the set.
            version: its version; None for the newest.
            offset: samples to pass over.
            limit: most samples to give, 1,000 at most.

        Raises:
            NotFoundError: there is no such set or version.
        """
        sample_set = self.get(name)
        version = sample_set.version if version is None else version
        self._store.sample_sets.check_version(sample_set, version)
        limit = min(max(0, limit), MAX_PAGE)
        return list(self._store.sample_sets.placed(sample_set.id, version, max(0, offset), limit))

    def change(
        self,
        name: str,
        *,
        add: Collection[Sample] = (),
        change: Mapping[int, Sample] | None = None,
        delete: Collection[int] = (),
        expected_version: int | None = None,
    ) -> SampleSet:
        """Make a new version of a set; earlier ones stay readable.

        Args:
            name: the set.
            add: samples to put at its end.
            change: new samples by the place of those they replace.
            delete: places of samples to leave out.
            expected_version: the version the change was made on; refuse it if there is a newer one.

        Raises:
            NotFoundError: there is no such set, or no sample at a place.
            UserError: a sample is empty, over-long or there already, none would be left, or the set was
                changed meanwhile.
        """
        change = change or {}
        left_out = {*change, *delete}
        kept = [placed.sample for placed in self._placed(name) if placed.position not in left_out]
        check_edit(kept, [*change.values(), *add])
        counts = {"added": len(add), "changed": len(change), "deleted": len(delete)}
        note = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "no change"
        return self._store.sample_sets.change(
            name, add=add, change=change, delete=delete, note=note, expected_version=expected_version
        )

    def save_page(
        self, name: str, version: int, before: Sequence[PlacedSample], rows: Iterable[Sequence[Any]]
    ) -> SampleSet:
        """Save a page that a person edited, as a new version; none if nothing was changed.

        Args:
            name: the set.
            version: the version that was shown.
            before: the page as it was shown.
            rows: its rows as they are now, each `paging.COLUMNS`; a row without a place is added.

        Raises:
            UserError: as in `change`.
        """
        edit = compare_page(before, rows)
        if not edit:
            return self.get(name)
        return self.change(
            name, add=edit.add, change=edit.change, delete=edit.delete, expected_version=version
        )

    def keep(self, name: str, question: str, answer: str) -> SampleSet:
        """Put one sample into a set, such as an answer of a chat; makes the set if there is none.

        Raises:
            UserError: the name or the sample cannot be used, or the sample is there already.
        """
        name, sample = name.strip(), Sample(question.strip(), answer.strip())
        if any(saved.name == name for saved in self.all()):
            return self.change(name, add=[sample])
        return self.create(name, [sample])

    def undo(self, name: str) -> SampleSet:
        """Make a new version like the one before the newest.

        Raises:
            NotFoundError: there is no such set, or it has one version only.
        """
        newest = self.get(name).version
        if newest == 1:
            raise NotFoundError(f"The sample set {name!r} was never changed.", "There is nothing to undo.")
        return self.restore(name, newest - 1)

    def restore(self, name: str, version: int) -> SampleSet:
        """Undo: make a new version like an earlier one; raises NotFoundError."""
        return self._store.sample_sets.restore(name, version)

    def split(self, name: str, hold_out: HoldOut) -> SampleSet:
        """Choose anew which samples are held out, as a new version.

        Raises:
            NotFoundError: there is no such set.
            UserError: the share is out of bounds, or the questions are too much alike to part them.
        """
        conversations = Conversations()
        places: list[int] = []
        for placed in self._placed(name):
            conversations.add(placed.sample)
            places.append(placed.position)
        pairs = conversations.near_duplicates()
        chosen = conversations.hold_out(pairs, hold_out.share, hold_out.seed)
        held_out = {places[number] for number in chosen}
        changes: dict[int, Sample] = {}
        for placed in self._placed(name):
            split: Split = "held_out" if placed.position in held_out else "train"
            if placed.sample.split != split:
                changes[placed.position] = replace(placed.sample, split=split)
        note = f"{hold_out.share:.0%} held out, seed {hold_out.seed}"
        return self._store.sample_sets.change(name, change=changes, note=note)

    def rendered_example(self, sample: Sample) -> str | None:
        """A sample exactly as the model will see it, special tokens written out; None without a base model.

        Raises:
            SourceError: the base model has no chat template, or it does not take this sample.
        """
        folder = self._base_folder()
        return ChatTemplate.of_folder(folder).render(sample) if folder else None

    def export(self, name: str, path: str | Path, version: int | None = None) -> int:
        """Write a set to a file whose ending chooses the format, and return how many samples it has."""
        return write_samples(self._iterate(name, None, version), Path(path))

    def remove(self, name: str) -> None:
        """Delete a set.

        Raises:
            NotFoundError: there is no such set.
            UserError: a job that has not ended, or can be resumed, needs it.
        """
        with self._store.transaction():
            number = self.get(name).id
            refuse_needed(self._store, f"the sample set {name!r}", sample_set_id=number)
            self._store.sample_sets.remove(name)

    def _iterate(self, name: str, split: Split | None, version: int | None) -> Iterator[Sample]:
        sample_set = self.get(name)
        if version is not None:
            self._store.sample_sets.check_version(sample_set, version)
        return self._store.sample_sets.samples(sample_set.id, split, version)

    def _placed(self, name: str) -> Iterator[PlacedSample]:
        sample_set = self.get(name)
        return self._store.sample_sets.placed(sample_set.id, sample_set.version)


def example_files() -> list[Path]:
    """The example sets that come with the app; the one of the guided tour comes first."""
    return sorted(
        EXAMPLES_FOLDER.glob("*.jsonl"), key=lambda path: (path.stem != "pavan_belagatti", path.stem)
    )
