"""A real tuned model that many tests use."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from ftdemo.settings import EXAMPLES_FOLDER, REPOSITORY, Settings, child_environment
from ftdemo.studio import Studio
from tests.own_data import IN_PARALLEL, own_settings

WAIT_S = 300


def ftdemo(settings: Settings, *arguments: str) -> dict[str, Any]:
    """Run a command with --json and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "ftdemo", *arguments, "--json"],
        cwd=REPOSITORY,
        env=child_environment(settings),
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@dataclass(frozen=True)
class Story:
    """A data folder where the story of README has been told: the model 'pavan' is tuned on its samples.

    Args:
        settings: with that folder.
        printed: what the command `tune` printed.
    """

    settings: Settings
    printed: dict[str, Any]


@pytest.fixture(scope="session")
def told_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the story, told on the command line by whichever process needs it first; only to copy."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if IN_PARALLEL else root
    data, printed = root / "story", root / "story.json"
    with FileLock(root / "story.lock"):
        if not printed.exists():
            shutil.rmtree(data, ignore_errors=True)
            settings = own_settings(data)
            ftdemo(settings, "samples", "add", str(EXAMPLES_FOLDER / "pavan_belagatti.jsonl"))
            told = ftdemo(settings, "tune", "pavan", "--samples", "pavan_belagatti", "--wait")
            printed.write_text(json.dumps(told), encoding="utf-8")
    return data


def _copy(told_once: Path, data: Path) -> Story:
    printed = json.loads(told_once.with_suffix(".json").read_text(encoding="utf-8"))
    settings = own_settings(data)
    (data / "base-models").unlink()
    shutil.copytree(told_once, data, symlinks=True, dirs_exist_ok=True)
    return Story(settings, printed)


@pytest.fixture(scope="module")
def story(told_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A copy of the story for the tests of one module."""
    folder = tmp_path_factory.mktemp("story")
    yield _copy(told_once, folder / "data")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def story_studio(told_once: Path, tmp_path: Path) -> Studio:
    """The app on a copy of the story for one test."""
    return Studio(_copy(told_once, tmp_path / "story").settings)
