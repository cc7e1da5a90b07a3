"""What was acknowledged is written, and what could not be written is not acknowledged."""

import sqlite3
from contextlib import nullcontext

import pytest

from ftdemo.store import Store


class FullDisk(sqlite3.Connection):
    """A connection whose next COMMITs fail as on a full disk: the transaction stays open."""

    failures = 0
    rollback_fails = False

    def commit(self) -> None:
        if FullDisk.failures:
            FullDisk.failures -= 1
            raise sqlite3.OperationalError("database or disk is full")
        super().commit()

    def rollback(self) -> None:
        if FullDisk.rollback_fails:
            raise sqlite3.OperationalError("disk I/O error")
        super().rollback()


@pytest.fixture
def full_disk(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store whose first COMMIT fails."""
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *given, **more: connect(*given, **{**more, "factory": FullDisk})
    )
    monkeypatch.setattr(FullDisk, "failures", 0)
    monkeypatch.setattr(FullDisk, "rollback_fails", False)
    opened = Store(store.path)
    FullDisk.failures = 1
    return opened


def titles(path: str) -> list[str]:
    """What is on the disk, as another process sees it."""
    connection = sqlite3.connect(path)
    try:
        return [row[0] for row in connection.execute("select title from conversations order by id")]
    finally:
        connection.close()


@pytest.mark.parametrize("rollback_fails", [False, True])
def test_a_failed_commit_is_told_and_the_next_transaction_is_a_fresh_one(
    full_disk: Store, rollback_fails: bool
) -> None:
    FullDisk.rollback_fails = rollback_fails
    with pytest.raises(sqlite3.OperationalError, match="full"), full_disk.transaction():
        full_disk.conversations.start("lost")
    FullDisk.rollback_fails = False
    assert titles(str(full_disk.path)) == []
    with full_disk.transaction():
        full_disk.conversations.start("kept")
    assert titles(str(full_disk.path)) == ["kept"]
    full_disk.conversations.start("kept too")
    assert titles(str(full_disk.path)) == ["kept", "kept too"]


def test_a_commit_that_sqlite_itself_refuses(store: Store) -> None:
    """A reference to nothing, looked at only when the transaction ends, leaves it open."""
    with pytest.raises(sqlite3.IntegrityError), store.transaction() as database:
        database.execute("PRAGMA defer_foreign_keys=on")
        store.models.add("m", base_model="b", method="lora", folder="f", job_id=99)
    assert not store.database.conn.in_transaction
    store.conversations.start("kept")
    assert titles(str(store.path)) == ["kept"]
    assert store.models.all() == []


def test_what_another_left_open_is_no_part_of_the_next_transaction(store: Store) -> None:
    """sqlite-utils' own transaction, around a single write, may be left open where its rollback fails."""
    for begin_to_write in (store.transaction, nullcontext):
        connection = store.database.conn
        connection.execute("BEGIN")
        connection.execute("insert into conversations (title, created_at) values ('dead', '')")
        with begin_to_write():
            store.conversations.start("kept")
    assert titles(str(store.path)) == ["kept", "kept"]
