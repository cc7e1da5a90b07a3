"""Opening the SQLite file: one connection per thread, write-ahead log, migrations applied."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from filelock import FileLock
from sqlite_utils import Database

from ftdemo.errors import UserError
from ftdemo.store.calibrations import Calibrations
from ftdemo.store.conversations import Conversations
from ftdemo.store.feedback import Feedback
from ftdemo.store.jobs import Jobs
from ftdemo.store.migrations import migrations
from ftdemo.store.models import TunedModels
from ftdemo.store.reward_models import RewardModels
from ftdemo.store.samples import SampleSets

BUSY_TIMEOUT_S = 30


class Store:
    """All that is saved, by family of tables.

    The web process, the command line and the workers each open the same file. The write-ahead log lets
    them read while one of them writes; a writer waits up to 30 seconds for another writer.

    Args:
        path: the SQLite file; made, with its folder, if it is not there.

    Raises:
        UserError: the file cannot be opened or is no SQLite file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread = threading.local()
        self._writer = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Of several that open a new file at once, SQLite lets one switch it to the write-ahead log and
            # fails the others at once, without waiting.
            with FileLock(path.with_name(path.name + ".lock")):
                self._migrate()
        except (OSError, sqlite3.Error) as error:
            raise UserError(
                f"The data file {path} cannot be opened: {error}.",
                "Name a folder you may write to with --data or FTDEMO_DATA.",
            ) from error

    def _migrate(self) -> None:
        if migrations.pending(self.database):
            # A table that is rebuilt must not take along the rows that refer to it.
            self.database.execute("PRAGMA foreign_keys=off")
            migrations.apply(self.database)
            self.database.execute("PRAGMA foreign_keys=on")

    @property
    def database(self) -> Database:
        """This thread's connection."""
        if not hasattr(self._thread, "database"):
            connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S)
            database = Database(connection)
            database.enable_wal()
            # A vote that was acknowledged is on the disk, even if the power fails then.
            database.execute("PRAGMA synchronous=full")
            database.execute("PRAGMA foreign_keys=on")
            connection.create_function("fold", 1, _fold, deterministic=True)
            self._thread.database = database
            self._thread.inside = False
        database = self._thread.database
        assert isinstance(database, Database)
        if database.conn.in_transaction and not self._thread.inside:
            # sqlite-utils writes a row in a transaction of its own, which a rollback that fails leaves open:
            # all that follows would be a part of it, and never written.
            self._roll_back(database)
            return self.database
        return database

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """Hold the write lock for a read followed by a write, so that no other process slips in between.

        sqlite-utils' own `atomic` begins as a reader; two readers that both go on to write would fail.

        One that begins within another is a part of it. What it wrote is on the disk when it ends without an
        error; if it cannot be written, all of it is taken back and the error is raised.
        """
        database = self.database
        if self._thread.inside:
            yield database
            return
        # SQLite lets a writer that has to wait sleep for longer and longer; threads of one process need not.
        with self._writer:
            database.conn.execute("BEGIN IMMEDIATE")
            self._thread.inside = True
            try:
                yield database
                # Where this fails (a full disk), SQLite may leave the transaction open: the next one of this
                # thread would take itself for a part of it.
                database.conn.commit()
            except BaseException:
                self._roll_back(database)
                raise
            finally:
                self._thread.inside = False

    def _roll_back(self, database: Database) -> None:
        """End this thread's transaction, by closing its connection if there is no other way."""
        try:
            database.conn.rollback()
        except sqlite3.Error:
            del self._thread.database
            database.conn.close()

    @cached_property
    def sample_sets(self) -> SampleSets:
        """Sample sets and their samples."""
        return SampleSets(self)

    @cached_property
    def models(self) -> TunedModels:
        """Tuned models."""
        return TunedModels(self)

    @cached_property
    def reward_models(self) -> RewardModels:
        """Reward models."""
        return RewardModels(self)

    @cached_property
    def jobs(self) -> Jobs:
        """Jobs and their metrics."""
        return Jobs(self)

    @cached_property
    def calibrations(self) -> Calibrations:
        """How fast this machine trains."""
        return Calibrations(self)

    @cached_property
    def conversations(self) -> Conversations:
        """Conversations and their messages."""
        return Conversations(self)

    @cached_property
    def feedback(self) -> Feedback:
        """What people think of answers."""
        return Feedback(self)


def _fold(text: str | None) -> str | None:
    """A text for comparison without regard to capitals, of any script."""
    return text.casefold() if text is not None else None
