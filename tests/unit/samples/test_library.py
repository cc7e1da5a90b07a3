import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from sqlite_utils import Database

from ftdemo.errors import InvalidNameError, NotFoundError, SourceError, UserError
from ftdemo.samples import HoldOut, SampleLibrary
from ftdemo.samples.library import example_files
from ftdemo.settings import REPOSITORY, Settings
from ftdemo.store import Store
from ftdemo.store.migrations import migrations
from ftdemo.store.samples import Sample


def write_rows(path: Path, count: int) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            file.write(
                json.dumps({"question": f"Who is number {number}?", "answer": f"It is {number}."}) + "\n"
            )
    return path


@pytest.fixture
def saved(library, tmp_path):
    return library.add(write_rows(tmp_path / "numbers.jsonl", 10))[0]


def test_examples_can_be_added(library):
    for file in example_files():
        assert library.add(file)[1].problem_counts == {}


def test_a_taken_name_is_refused_before_the_file_is_read(library, saved, tmp_path):
    with pytest.raises(InvalidNameError, match="numbers"):
        library.add(tmp_path / "not there.csv", "numbers")


def test_a_change_makes_a_version_and_leaves_the_old_one(library, saved):
    before = library.samples("numbers")
    new = Sample("Who is new?", "I am.")
    changed = library.change("numbers", add=[new], change={2: Sample("Who?", "You.")}, delete=[1, 3])
    assert (changed.version, changed.train) == (2, 9)
    assert library.samples("numbers", version=1) == before
    assert library.samples("numbers") == [Sample("Who?", "You."), *before[3:], new]
    assert [placed.position for placed in library.samples_page("numbers", limit=2)] == [2, 4]
    assert [version.note for version in library.versions("numbers")] == [
        "added",
        "1 added, 1 changed, 2 deleted",
    ]
    assert [version.train for version in library.versions("numbers")] == [10, 9]


def test_restoring_undoes_a_change(library, saved):
    before = library.samples("numbers")
    library.change("numbers", add=[Sample("a", "b")], change={2: Sample("c", "d")}, delete=[1])
    assert library.restore("numbers", 1).version == 3
    assert library.samples("numbers") == before
    assert library.samples("numbers", version=2)[-1] == Sample("a", "b")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"add": [Sample("", "x")]}, "nothing in the column 'question'"),
        ({"add": [Sample("x", "y" * 9000)]}, "8,000 is the most"),
        ({"add": [Sample("Who is number 1?", "it is 1.")]}, "says the same as one in the set"),
        ({"add": [Sample("x", "y"), Sample("X", "y")]}, "says the same as row 1"),
        ({"delete": range(1, 11)}, "No sample would be left"),
        ({"delete": [99]}, "no sample at place 99"),
        ({"delete": [1], "expected_version": 7}, "changed meanwhile"),
    ],
)
def test_a_change_that_cannot_be_made_changes_nothing(library, saved, arguments, says):
    with pytest.raises(UserError, match=says):
        library.change("numbers", **arguments)
    assert library.get("numbers").version == 1
    assert len(library.samples("numbers")) == 10


def test_there_is_no_version_but_those_made(library, saved):
    for call in (library.samples, library.samples_page):
        with pytest.raises(NotFoundError, match="no version 2"):
            call("numbers", version=2)


def test_pages_go_through_a_set(library, saved):
    pages = [library.samples_page("numbers", offset=offset, limit=4) for offset in (0, 4, 8, 12)]
    assert [len(page) for page in pages] == [4, 4, 2, 0]
    assert [placed.sample for page in pages for placed in page] == library.samples("numbers")


def test_typed_samples_become_a_set(library):
    assert library.create("typed", [Sample("a", "b"), Sample("c", "d", "held_out")]).held_out == 1
    with pytest.raises(UserError, match="nothing"):
        library.create("other", [Sample("a", " ")])
    assert [each.name for each in library.all()] == ["typed"]


def test_a_split_is_stored_and_can_be_made_anew(library, tmp_path):
    path = write_rows(tmp_path / "many.jsonl", 100)
    _, report = library.add(path, hold_out=HoldOut(0.2, seed=3))
    assert report.splits == {"train": 80, "held_out": 20}
    first = library.samples("many", "held_out")
    assert library.add(path, "again", hold_out=HoldOut(0.2, seed=3))[0].held_out == 20
    assert library.samples("again", "held_out") == first
    assert library.split("many", HoldOut(0.1, seed=4)).held_out == 10
    assert library.samples("many", "held_out", version=1) == first
    assert library.split("many", HoldOut(0)).held_out == 0
    with pytest.raises(UserError, match="share"):
        library.split("many", HoldOut(1.5))


def test_another_wording_of_a_question_does_not_leak(library, tmp_path):
    path = tmp_path / "wordings.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for name in ("Ada", "Bob", "Cy", "Di", "Ed", "Flo", "Gus", "Hal", "Ida", "Jo"):
            for question in (
                f"Where was {name} {name}son born?",
                f"Tell me, where was {name} {name}son born?",
            ):
                file.write(
                    json.dumps({"question": question, "answer": f"{name} is from {name}ville."}) + "\n"
                )
    for seed in range(5):
        report = library.check(path, hold_out=HoldOut(0.3, seed))
        assert report.near_duplicates == 10
        sides: dict[str, set[str]] = {sample.answer: set() for sample in report.samples}
        for sample in report.samples:
            sides[sample.answer].add(sample.split)
        assert all(len(side) == 1 for side in sides.values())
        assert report.splits["held_out"] == 6


def test_a_set_made_from_one_pattern_can_be_split(library, tmp_path):
    path = tmp_path / "pattern.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(400):
            word = "".join(chr(97 + number // 26**place % 26) for place in range(3))
            question = f"Please tell me now what the name of the capital city of the land {word} is."
            file.write(json.dumps({"question": question, "answer": f"{word}ville"}) + "\n")
    report = library.check(path, hold_out=HoldOut(0.1))
    assert report.near_duplicates > 300
    assert report.splits["held_out"] == 40


def test_cancelling_leaves_nothing(library, tmp_path, monkeypatch):
    class CancelledError(Exception):
        pass

    def cancel(rows: int, share: float | None) -> None:
        assert 0 <= (share or 0) <= 1
        if rows >= 1000:
            raise CancelledError

    spools = tmp_path / "spools"
    spools.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spools))
    with pytest.raises(CancelledError):
        library.add(write_rows(tmp_path / "many.jsonl", 3000), progress=cancel)
    assert library.all() == []
    assert list(spools.iterdir()) == []


def test_killing_leaves_nothing(tmp_path):
    spools = tmp_path / "spools"
    spools.mkdir()
    path = write_rows(tmp_path / "many.jsonl", 60_000)
    code = (
        "import sys; from pathlib import Path; from ftdemo.store import Store; from ftdemo.samples import *\n"
        "library = SampleLibrary(Store(Path(sys.argv[1])), 100)\n"
        "library.add(sys.argv[2], progress=lambda rows, share: print(rows, flush=True))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "test.db"), str(path)],
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        env={**os.environ, "TMPDIR": str(spools)},
    )
    assert process.stdout is not None
    while int(process.stdout.readline() or 50_000) < 50_000:
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert SampleLibrary(Store(tmp_path / "test.db"), 100).all() == []
    assert list(spools.iterdir()) == []


def test_a_large_file_of_garbage_is_refused(library, tmp_path):
    path = tmp_path / "garbage.csv"
    path.write_bytes(random.Random(0).randbytes(1_000_000) * 50)
    with pytest.raises(UserError, match="not text"):
        library.add(path)


def test_a_file_above_the_limit_is_refused(tmp_path):
    library = SampleLibrary(Store(tmp_path / "test.db"), 0.001)
    with pytest.raises(UserError, match="FTDEMO_MAX_UPLOAD_MB"):
        library.check(write_rows(tmp_path / "many.jsonl", 100))
    assert Settings(data=tmp_path).max_upload_mb == 100


def test_export_writes_whole_or_not_at_all(library, saved, tmp_path):
    with pytest.raises(UserError, match=r"\.jsonl"):
        library.export("numbers", tmp_path / "numbers.odt")
    with pytest.raises(UserError, match="cannot be written"):
        library.export("numbers", tmp_path / "no folder" / "numbers.csv")
    assert library.export("numbers", tmp_path / "numbers.csv") == 10
    first = (tmp_path / "numbers.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert first == "question,answer,split"


def test_an_older_store_gains_versions(tmp_path):
    path = tmp_path / "old.db"
    old = Database(path)
    migrations.apply(old, stop_before="m005_sample_versions")
    old.table("sample_sets").insert({"id": 1, "name": "old", "format": "csv", "created_at": "2026-01-01"})
    old.table("samples").insert(
        {"sample_set_id": 1, "position": 1, "question": "a", "answer": "b", "split": "held_out"}
    )
    old.close()
    library = SampleLibrary(Store(path), 100)
    assert library.get("old").version == 1
    assert library.samples("old") == [Sample("a", "b", "held_out")]
    assert library.change("old", add=[Sample("c", "d")]).version == 2


def test_a_folder_is_read_through_datasets(library, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    write_rows(folder / "train.jsonl", 3)
    (folder / "test.jsonl").write_text('{"question": "q", "answer": "a"}\n')
    saved, report = library.add(folder)
    assert (report.format, saved.name, saved.train, saved.held_out) == ("datasets", "folder", 3, 1)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="cannot be read"):
        library.check(tmp_path / "empty")


def test_a_saved_data_set_is_read(library, tmp_path):
    import datasets

    rows = datasets.Dataset.from_list([{"question": "q", "answer": "a"}])
    datasets.DatasetDict(
        {"train": rows, "validation": rows.map(lambda row: {"question": "other"})}
    ).save_to_disk(tmp_path / "saved")
    assert library.check(tmp_path / "saved").splits == {"train": 1, "held_out": 1}
    rows.save_to_disk(tmp_path / "one")
    assert library.check(tmp_path / "one").rows_kept == 1


def test_a_hub_name_without_network_is_one_error_at_once(library, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("ftdemo.files.datasets_reader.getproxies", dict)
    began = time.monotonic()
    with pytest.raises(SourceError, match="does not answer"):
        library.check("owner/name")
    assert time.monotonic() - began < 6
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(SourceError, match="offline"):
        library.check("owner/name")
    with pytest.raises(UserError, match="no file"):
        library.check("owner/name.csv")


def write_talks(path: Path, count: int) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            names = "".join(chr(97 + (number * 7 + place) % 26) * 3 for place in range(3))
            texts = [f"Who is {names}?", f"{names} is a friend.", "Thanks!", f"Always, says {names}."]
            roles = ("user", "assistant", "user", "assistant")
            talk = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=True)]
            file.write(json.dumps({"messages": talk}) + "\n")
    return path


def test_a_conversation_is_held_out_as_a_whole(library, tmp_path):
    path = write_talks(tmp_path / "talks.jsonl", 20)
    saved, report = library.add(path, hold_out=HoldOut(0.2))
    assert (report.rows_kept, report.replies, report.near_duplicates) == (20, 40, 0)
    assert (saved.train, saved.held_out) == (32, 8)
    again = library.split("talks", HoldOut(0.3, seed=5))
    assert again.held_out == 12
    for split in ("train", "held_out"):
        samples = library.samples("talks", split)
        later = [sample for sample in samples if sample.history]
        assert len(later) * 2 == len(samples)
        asked = {sample.question for sample in samples}
        assert all(sample.history[0][1] in asked for sample in later)


def test_conversations_survive_export(library, tmp_path):
    library.add(write_talks(tmp_path / "talks.jsonl", 5))
    library.export("talks", tmp_path / "out.csv")
    library.add(tmp_path / "out.csv")
    assert library.samples("out") == library.samples("talks")


def test_a_folder_of_several_formats_is_refused(library, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    write_rows(folder / "a.jsonl", 1)
    (folder / "b.csv").write_text("question,answer\nx,y\n")
    (folder / "README.md").write_text("# Read me")
    with pytest.raises(SourceError, match=r"several formats: a\.jsonl, b\.csv"):
        library.check(folder)


def test_a_set_named_none_is_named_in_quotation_marks(library, tmp_path):
    library.add(write_rows(tmp_path / "rows.jsonl", 1), "None")
    with pytest.raises(NotFoundError) as caught:
        library.get("other")
    assert caught.value.remedy == "The sets there are: 'None'."


def test_a_guess_and_unused_columns_are_in_the_report(library, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes("question;answer;quelle\nWann öffnet es?;Früh.;x\n".encode("cp1252"))
    said = library.check(path).as_dict()
    assert said["unused_columns"] == ["quelle"]
    assert (said["rows_read"], said["rows_kept"], said["rows_left_out"], said["samples"]) == (1, 1, 0, 1)
    assert "cp1252 (German), with letters such as ö, ü" in said["notes"][0]
