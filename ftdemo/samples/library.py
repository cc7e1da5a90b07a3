"""The saved sample sets, and the examples that come with the app."""

from pathlib import Path

from ftdemo.errors import NotFoundError, UserError
from ftdemo.names import check_name, name_from_file
from ftdemo.samples.checking import check_file
from ftdemo.samples.report import SampleReport
from ftdemo.samples.writing import write_samples
from ftdemo.settings import EXAMPLES_FOLDER
from ftdemo.store import Store
from ftdemo.store.samples import Sample, SampleSet, Split


class SampleLibrary:
    """Sample sets by name.

    Args:
        store: where they are saved.
        max_megabytes: the largest file read, in 10^6 bytes.
    """

    def __init__(self, store: Store, max_megabytes: float) -> None:
        self._store = store
        self._max_megabytes = max_megabytes

    def check(
        self,
        path: str | Path,
        file_format: str = "auto",
        question_column: str | None = None,
        answer_column: str | None = None,
    ) -> SampleReport:
        """Report on a file without saving it; see `check_file`."""
        return check_file(Path(path), file_format, question_column, answer_column, self._max_megabytes)

    def add(
        self,
        path: str | Path,
        name: str | None = None,
        file_format: str = "auto",
        question_column: str | None = None,
        answer_column: str | None = None,
    ) -> tuple[SampleSet, SampleReport]:
        """Read a file and save its samples as a set.

        Args:
            path: the file.
            name: the set's name; made from the file's name if None or empty.
            file_format: 'auto', 'csv', 'json' or 'jsonl'.
            question_column: the column of questions, if its name does not tell.
            answer_column: the column of answers, if its name does not tell.

        Raises:
            UserError: the file cannot be used, or the name cannot; nothing is saved then.
        """
        report = self.check(path, file_format, question_column, answer_column)
        name = check_name("sample set", name or name_from_file(report.file_name))
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

    def all(self) -> list[SampleSet]:
        """Every set, oldest first."""
        return self._store.sample_sets.all()

    def get(self, name: str) -> SampleSet:
        """One set by name; raises NotFoundError."""
        return self._store.sample_sets.get(name)

    def samples(self, name: str, split: Split | None = None) -> list[Sample]:
        """The samples of a set, of one split or of both; raises NotFoundError."""
        return list(self._store.sample_sets.samples(self.get(name).id, split))

    def export(self, name: str, path: str | Path) -> int:
        """Write a set to a file whose ending chooses the format, and return how many samples it has."""
        return write_samples(self.samples(name), Path(path))

    def remove(self, name: str) -> None:
        """Delete a set.

        Raises:
            NotFoundError: there is no such set.
            UserError: a job that has not ended needs it.
        """
        for job in self._store.jobs.with_status("queued", "running"):
            if job.sample_set_name == name:
                raise UserError(
                    f"Job {job.id} ({job.model_name}) needs the sample set {name!r}.",
                    "Wait until it ends, or stop it first.",
                )
        self._store.sample_sets.remove(name)


def example_files() -> list[Path]:
    """The example sets that come with the app; the one of the guided tour comes first."""
    return sorted(
        EXAMPLES_FOLDER.glob("*.jsonl"), key=lambda path: (path.stem != "pavan_belagatti", path.stem)
    )
