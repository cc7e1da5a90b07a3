"""What several unit tests need: jobs, tuned models and workers that are stubs."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.jobs import Job
from ftdemo.store.lineage import Lineage
from ftdemo.store.models import TunedModel


@pytest.fixture
def add_job(store: Store) -> Callable[..., Job]:
    """Saves a queued job; nothing starts it."""

    def add(model_name: str = "m", lineage: Lineage = Lineage()) -> Job:  # noqa: B008
        return store.jobs.add("tune", model_name, "some/base", {"method": "lora"}, lineage)

    return add


@pytest.fixture
def add_model(store: Store, settings: Settings, add_job: Callable[..., Job]) -> Callable[..., TunedModel]:
    """Saves a tuned model, with files that are no real weights, and the finished job that made it."""

    def add(name: str, base_model: str = "some/base") -> TunedModel:
        job = add_job(name)
        store.jobs.update(job.id, status="finished", metrics={"loss": 0.5})
        folder = settings.tuned_models / f"job-{job.id}"
        folder.mkdir(parents=True)
        (folder / "adapter_config.json").write_text('{"r": 4, "target_modules": ["v_proj", "q_proj"]}')
        (folder / "adapter_model.safetensors").write_bytes(b"x" * 1000)
        return store.models.add(
            name,
            base_model=base_model,
            method="lora",
            folder=folder.name,
            job_id=job.id,
            lineage=Lineage(
                sample_set_id=next(
                    (saved.id for saved in store.sample_sets.all() if saved.name == "s"), None
                ),
                sample_set_name="s",
            ),
        )

    return add


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Job]]:
    """The jobs that were started; instead of each worker a process starts that only sleeps."""
    started: list[Job] = []
    processes: list[subprocess.Popen[bytes]] = []

    def start(job: Job, settings: Settings) -> "subprocess.Popen[bytes]":
        started.append(job)
        processes.append(subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(100)"]))
        return processes[-1]

    monkeypatch.setattr("ftdemo.jobs.executors.local.start_worker", start)
    yield started
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def samples_file(tmp_path: Path) -> Path:
    file = tmp_path / "facts.csv"
    file.write_text("question,answer,split\nWho?,Ann.,train\nWhere?,Here.,train\nWhen?,Now.,held_out\n")
    return file


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Waits until something is true."""

    def wait(condition: Callable[[], object], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not become true in time"
            time.sleep(0.02)

    return wait
