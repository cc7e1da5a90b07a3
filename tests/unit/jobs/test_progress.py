import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from ftdemo.jobs.reporter import Reporter, Stopwatch
from ftdemo.store import Store
from ftdemo.store.jobs import Job, JobMetric
from ftdemo.training.checkpoints import (
    last_whole_checkpoint,
    mark_whole,
    remove_checkpoints,
    step_of,
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Time that stands still until `now` is set."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr("ftdemo.jobs.reporter.time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def test_no_estimate_before_a_step_is_done(clock: SimpleNamespace) -> None:
    watch = Stopwatch(10)
    clock.now += 5
    assert watch.seconds_left(0) is None


def test_slow_first_step_counts_only_while_there_is_no_other(clock: SimpleNamespace) -> None:
    watch = Stopwatch(10)
    clock.now += 30
    assert watch.seconds_left(1) == 30 * 9
    clock.now += 2
    assert watch.seconds_left(2) == 2 * 8
    clock.now += 4
    assert watch.seconds_left(3) == 3 * 7
    clock.now += 21
    assert watch.seconds_left(10) == 0


def test_steps_before_a_resume_do_not_count(clock: SimpleNamespace) -> None:
    watch = Stopwatch(20, first_step=10)
    assert watch.seconds_left(10) is None
    clock.now += 9
    assert watch.seconds_left(11) == 9 * 9
    clock.now += 1
    assert watch.seconds_left(12) == 1 * 8


def checkpoint(folder: Path, step: int, whole: bool = True) -> Path:
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "weights").write_text("x")
    if whole:
        mark_whole(path)
    return path


def test_no_checkpoint(tmp_path: Path) -> None:
    assert last_whole_checkpoint(tmp_path) is None
    assert last_whole_checkpoint(tmp_path / "nothing") is None


def test_checkpoint_that_was_cut_off_is_never_used(tmp_path: Path) -> None:
    checkpoint(tmp_path, 8, whole=False)
    assert last_whole_checkpoint(tmp_path) is None
    wanted = checkpoint(tmp_path, 4)
    assert last_whole_checkpoint(tmp_path) == wanted


def test_highest_step_wins(tmp_path: Path) -> None:
    for step in (9, 100, 20):
        checkpoint(tmp_path, step)
    last = last_whole_checkpoint(tmp_path)
    assert last is not None
    assert step_of(last) == 100


def test_checkpoints_are_removed_and_nothing_else(tmp_path: Path) -> None:
    checkpoint(tmp_path, 1)
    checkpoint(tmp_path, 2, whole=False)
    (tmp_path / "log.txt").write_text("kept")
    remove_checkpoints(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["log.txt"]


@pytest.fixture
def job(store: Store, add_job: Callable[[], Job]) -> Job:
    return add_job()


def test_reporter_enters_its_process_and_keeps_reporting(
    store: Store, job: Job, until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ftdemo.jobs.reporter.HEARTBEAT_S", 0.02)
    reporter = Reporter(store, job.id)
    reporter.begin()
    try:
        entered = store.jobs.get(job.id)
        assert entered.worker_pid == os.getpid()
        assert entered.worker_started == psutil.Process().create_time()
        until(lambda: store.jobs.get(job.id).memory_bytes)
        beat = store.jobs.get(job.id).heartbeat_at
        until(lambda: store.jobs.get(job.id).heartbeat_at != beat)
        assert reporter.stop_request is None
        store.jobs.update(job.id, stop_request="keep")
        until(lambda: reporter.stop_request == "keep")
    finally:
        reporter.end()
    beat = store.jobs.get(job.id).heartbeat_at
    assert reporter.peak_memory_bytes > 1_000_000
    assert store.jobs.get(job.id).heartbeat_at == beat


def test_progress_is_saved_and_brings_the_stop_request(store: Store, job: Job) -> None:
    reporter = Reporter(store, job.id)
    store.jobs.update(job.id, stop_request="discard")
    reporter.phase("training")
    reporter.progress(3, 20, 1.5, 12.0)
    reporter.record(JobMetric(job.id, 3, loss=2.0))
    saved = store.jobs.get(job.id)
    assert (saved.phase, saved.step, saved.total_steps) == ("training", 3, 20)
    assert (saved.epoch, saved.seconds_left) == (1.5, 12.0)
    assert reporter.stop_request == "discard"
    assert store.jobs.metrics(job.id) == [JobMetric(job.id, 3, loss=2.0)]
