"""Fixtures shared by all tests: data folders of their own, and the real base model fetched once."""

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.studio import Studio
from tests.own_data import IN_PARALLEL, own_settings, shared_base_models

PROCESSES = 2
LONG_FIRST = [
    "integration/test_job_life", "integration/test_methods", "browser/test_align", "integration/test_align",
    "integration/test_reward_model", "browser/test_tune", "browser/test_tour", "integration/test_story",
    "integration/test_ppo",
]  # fmt: skip
"""Files whose tests train the real model, those that take longest first: so both processes end together."""
EACH_ALONE = {
    f"integration/test_{name}" for name in ("job_life", "align", "reward_model", "ppo", "evaluation")
}
"""Of these, files whose tests share nothing that takes long to make."""
SHARE_AN_APP = {f"browser/test_{name}" for name in ("compare", "feedback")}
"""Files whose tests look at the same running app."""
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


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables and nothing in them: to copy it is ten times faster than to make one."""
    file = tmp_path_factory.mktemp("new") / "ftdemo.db"
    Store(file).database.close()
    return file


@pytest.fixture
def store(settings: Settings, new_database: Path) -> Store:
    settings.data.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(new_database, settings.database)
    return Store(settings.database)


@pytest.fixture
def studio(settings: Settings, store: Store) -> Studio:
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first, as a fault shows before the real model has been tuned; then those that take long."""
    items.sort(key=lambda item: _place(_file(item.nodeid)))


def _place(file: str) -> tuple[bool, int]:
    place = LONG_FIRST.index(file) if file in LONG_FIRST else len(LONG_FIRST)
    return not file.startswith("unit/"), place


def _file(nodeid: str) -> str:
    """A test's file, such as 'unit/store/test_jobs'."""
    return nodeid.partition("::")[0].removeprefix("tests/").removesuffix(".py")


class _Scheduler(LoadScopeScheduling):  # type: ignore[misc]  # xdist is untyped
    """Which tests one process runs together: those that share what takes long to make."""

    def _split_scope(self, nodeid: str) -> str:
        file = _file(nodeid)
        if file in EACH_ALONE:
            return nodeid
        if file in SHARE_AN_APP:
            return "an app"
        if file == "integration/test_methods":
            return file + nodeid.partition("[")[2]  # a job for each parameter
        return file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return _Scheduler(config, log)
