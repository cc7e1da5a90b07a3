import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ftdemo.errors import UserError
from ftdemo.settings import child_environment
from ftdemo.store import Store
from ftdemo.store.conversations import Message
from ftdemo.store.jobs import Job, JobMetric
from ftdemo.store.migrations import migrations
from ftdemo.store.samples import Sample


def in_threads(count: int, act: Callable[[int], object]) -> list[Exception]:
    """Call `act` with 0, 1, … in threads that begin together, and return what they raised."""
    start = threading.Barrier(count)
    errors: list[Exception] = []

    def run(number: int) -> None:
        start.wait()
        try:
            act(number)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def schema(path: Path) -> list[tuple[str, ...]]:
    with sqlite3.connect(path) as connection:
        return connection.execute("select type, name, sql from sqlite_master order by 1, 2").fetchall()


def test_file_and_its_folder_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "ftdemo.db"
    assert Store(path).jobs.all() == []
    assert path.is_file()


def test_what_is_saved_is_there_when_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "ftdemo.db"
    Store(path).sample_sets.add("facts", [Sample("q", "a")], file_name=None, file_format="csv")
    assert [s.name for s in Store(path).sample_sets.all()] == ["facts"]


def test_migrations_applied_twice_change_nothing(store: Store) -> None:
    store.sample_sets.add("facts", [Sample("q", "a")], file_name=None, file_format="csv")
    before = schema(store.path)
    migrations.apply(store.database)
    Store(store.path)
    assert schema(store.path) == before
    assert migrations.pending(store.database) == []
    assert [s.name for s in store.sample_sets.all()] == ["facts"]


def test_failed_migration_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "ftdemo.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table samples (unrelated text)")
    with pytest.raises(UserError, match="cannot be opened"):
        Store(path)
    assert "sample_sets" not in {name for _, name, _ in schema(path)}


def test_other_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ftdemo.db"
    path.write_bytes(b"These are no tables, but a letter to my aunt. " * 100)
    with pytest.raises(UserError) as caught:
        Store(path)
    assert str(path) in caught.value.message
    assert "FTDEMO_DATA" in caught.value.remedy
    assert path.read_bytes().startswith(b"These are no tables")


def test_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    with pytest.raises(UserError, match="cannot be opened"):
        Store(tmp_path / "data" / "ftdemo.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_write_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="cannot be opened"):
        Store(tmp_path / "ftdemo.db")


def test_new_file_opened_by_many_threads_at_once(tmp_path: Path) -> None:
    def open_and_read(path: Path) -> Callable[[int], object]:
        return lambda _: Store(path).jobs.all()

    for number in range(5):
        assert in_threads(8, open_and_read(tmp_path / f"{number}.db")) == []


def test_new_file_opened_by_many_processes_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from ftdemo.store import Store\n"
        "print('ready', flush=True); sys.stdin.readline(); Store(Path(sys.argv[1])).jobs.all()"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "ftdemo.db")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=child_environment(),
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.communicate(timeout=30)[1] for process in processes] == [""] * 4


def test_threads_that_write_at_once_lose_nothing(store: Store, add_job: Callable[..., Job]) -> None:
    job = add_job()
    conversation = store.conversations.start("t")
    times = 10

    def write(thread: int) -> None:
        for number in range(times):
            step = thread * times + number
            store.jobs.record(JobMetric(job.id, step, loss=1.0))
            store.jobs.record(JobMetric(job.id, step, held_out_loss=2.0))
            store.jobs.heartbeat(job.id)
            store.conversations.add(conversation.id, [Message(step, "user", "q"), Message(step, "user", "r")])
            store.sample_sets.add(f"s{step}", [Sample("q", "a")] * 3, file_name=None, file_format="csv")

    assert in_threads(8, write) == []
    assert [(m.step, m.loss, m.held_out_loss) for m in store.jobs.metrics(job.id)] == [
        (step, 1.0, 2.0) for step in range(8 * times)
    ]
    assert len(store.conversations.get(conversation.id).messages) == 2 * 8 * times
    assert len(store.sample_sets.all()) == 8 * times
    assert store.database.table("samples").count == 3 * 8 * times


def test_threads_that_want_one_name_get_it_once(store: Store) -> None:
    errors = in_threads(
        8,
        lambda number: store.sample_sets.add(
            "facts", [Sample("q", str(number))], file_name=None, file_format="csv"
        ),
    )
    assert len(errors) == 7
    assert all("already" in str(error) for error in errors)
    assert store.database.table("samples").count == 1


def test_failed_transaction_leaves_nothing_and_frees_the_lock(
    store: Store, add_job: Callable[..., Job]
) -> None:
    with pytest.raises(KeyError), store.transaction():
        add_job()
        raise KeyError
    assert store.jobs.all() == []
    assert in_threads(1, lambda _: add_job()) == []
    assert len(store.jobs.all()) == 1
