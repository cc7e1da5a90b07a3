"""Fixtures shared by all tests: data folders of their own, and the real base model fetched once."""

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ftdemo.settings import Settings
from ftdemo.studio import Studio
from tests.own_data import IN_PARALLEL, own_settings, shared_base_models

PROCESSES = 2
TESTS = Path(__file__).parent
LONG_FIRST = [
    "test_job_life", "test_methods", "test_align", "test_reward_model", "test_tune", "test_tour",
    "test_story", "test_ppo",
]  # fmt: skip
"""Files whose tests train the real model, those that take longest first: so both processes end together."""
if IN_PARALLEL:
    # Processes share the cores: torch, which is not imported yet, takes one in each.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Tests run in two processes; a single file of them in this one."""
    single_files = any("::" in name or name.endswith(".py") for name in config.args)
    return 0 if single_files else PROCESSES


def pytest_collection_finish() -> None:
    """What has been imported stays: each run of the trainer looks for garbage, a second each in all of it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see none of the settings of whoever runs them."""
    for name in os.environ:
        if name.startswith("FTDEMO_"):
            monkeypatch.delenv(name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with an empty data folder, and no way to fetch a model."""
    return Settings(data=tmp_path / "data", offline=True)


@pytest.fixture
def studio(settings: Settings) -> Studio:
    return Studio(settings)


@pytest.fixture(scope="session")
def base_models() -> Path:
    """The folder with the real base model, fetched and converted by the app itself, once."""
    return shared_base_models()


@pytest.fixture
def model_settings(tmp_path: Path) -> Settings:
    """Settings with a data folder of its own that has the real base model."""
    return own_settings(tmp_path / "data")


@pytest.fixture(scope="module")
def module_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The same, shared by the tests of one module."""
    folder = tmp_path_factory.mktemp("data")
    yield own_settings(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first: a fault shows before the real model has been tuned.

    Then those that take long. Of two processes one runs a whole file of the tests with the real model or a
    browser, as they share what takes long to make, unless they are marked `alone` or grouped otherwise.
    """
    items.sort(key=_place)
    for item in items:
        own = item.get_closest_marker("alone") or item.get_closest_marker("xdist_group")
        if item.path.parent.name in ("integration", "browser") and not own:
            item.add_marker(pytest.mark.xdist_group(f"{item.path.parent.name}-{item.path.stem}"))


def _place(item: pytest.Item) -> tuple[bool, int]:
    long = item.path.stem in LONG_FIRST and "unit" not in item.path.parts
    place = LONG_FIRST.index(item.path.stem) if long else len(LONG_FIRST)
    return item.path.relative_to(TESTS).parts[0] != "unit", place
