"""A disk that is full, locked or not to be written is told in sentences, on the command line and the page."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest
from typer.testing import CliRunner

from ftdemo.cli.app import app
from ftdemo.settings import Settings
from ftdemo.store import Store, database
from ftdemo.store.failures import data_file_error
from ftdemo.store.samples import Sample
from ftdemo.ui.events import told


@pytest.fixture
def locked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A data folder whose file another program is writing, and does not end."""
    Store(settings.database).sample_sets.add("s", [Sample("q", "a")], file_name=None, file_format="csv")
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.1)
    other = sqlite3.connect(settings.database)
    other.execute("begin immediate")
    yield settings
    other.close()


def test_a_locked_file_on_the_command_line(locked: Settings) -> None:
    command = ["samples", "remove", "s", "--data", str(locked.data), "--json"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    error = json.loads(result.stdout)["error"]
    assert error["message"] == "The data file cannot be read or written: database is locked."
    assert error["remedy"]


def test_a_locked_file_at_an_endpoint(locked: Settings) -> None:
    @told
    def remove() -> None:
        Store(locked.database).sample_sets.remove("s")

    with pytest.raises(gr.Error, match="database is locked"):
        remove()


@pytest.mark.parametrize(
    "says",
    ["database or disk is full", "attempt to write a readonly database", "disk I/O error",
     "unable to open database file"],
)  # fmt: skip
def test_what_a_person_can_mend(says: str) -> None:
    found = data_file_error(sqlite3.OperationalError(says))
    assert found is not None
    assert says in found.message


@pytest.mark.parametrize("error", [sqlite3.OperationalError("no such column: x"), ValueError("is full")])
def test_a_fault_of_the_program_stays_one(error: Any) -> None:
    assert data_file_error(error) is None
