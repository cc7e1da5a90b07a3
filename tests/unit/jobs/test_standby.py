"""A worker that waits for its job, and is gone when it comes."""

import gc
from collections.abc import Callable

import pytest

from ftdemo.jobs.executors import local
from ftdemo.settings import Settings
from ftdemo.store.jobs import Job


@pytest.fixture
def standby(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> local.Standby:
    """Its process ends at once."""
    monkeypatch.setattr(local, "WORKER_MODULE", "this")
    monkeypatch.setattr(local, "STANDBY_NEEDS_BYTES", 0)
    standby = local.Standby(settings)
    standby.warm_up()
    assert standby._process is not None
    standby._process.wait(20)
    return standby


@pytest.mark.parametrize("seen", [True, False])
def test_one_that_ended_takes_no_job_and_leaves_no_pipe_open(
    standby: local.Standby, add_job: Callable[[], Job], monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    if not seen:  # it ended between the look and the order
        monkeypatch.setattr(standby._process, "poll", lambda: None)
    assert standby.take(add_job()) is None
    gc.collect()  # what is left open would be found now


def test_one_that_ended_is_replaced(standby: local.Standby) -> None:
    ended = standby._process
    standby.warm_up()
    assert standby._process is not ended is not None
    assert ended.stdin is not None and ended.stdin.closed
    assert standby._process is not None
    standby._process.wait(20)
    assert standby._process.stdin is not None
    standby._process.stdin.close()
