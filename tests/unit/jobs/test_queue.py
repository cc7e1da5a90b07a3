import contextlib
import itertools
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from ftdemo.errors import NotFoundError, UserError
from ftdemo.jobs import JobQueue
from ftdemo.jobs.executors.local import is_alive, start_worker
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.jobs import Job, Status

WORKER = """
import os
import sys
import time

from ftdemo.jobs import JobQueue

from ftdemo.jobs.executors import local as process
from ftdemo.settings import settings_from_environment
from ftdemo.store import Store
from ftdemo.jobs import reporter

process.WORKER_MODULE = "stub_worker"
reporter.HEARTBEAT_S = 0.05
settings = settings_from_environment()
store = Store(settings.database)
job = store.jobs.get(int(sys.argv[1]))
print("this is the worker of job", job.id, flush=True)
link = reporter.Reporter(store, job.id)
link.begin()
status = "finished"
while job.settings["do"] != "end":
    if link.stop_request and job.settings["do"] != "never stop":
        status = "stopped"
        break
    time.sleep(0.02)
link.end()
store.jobs.update(job.id, status=status, phase="")
JobQueue(store, settings).refresh()
"""

Until = Callable[[Callable[[], object]], None]
Submit = Callable[..., Job]


@pytest.fixture
def queue(
    settings: Settings, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[JobQueue]:
    """A queue whose workers are real processes that hold no model."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "stub_worker.py").write_text(WORKER)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setattr("ftdemo.jobs.executors.local.WORKER_MODULE", "stub_worker")
    monkeypatch.setattr("ftdemo.jobs.queue.POLL_S", 0.05)
    children: list[subprocess.Popen[bytes]] = []

    def start(job: Job, settings: Settings) -> "subprocess.Popen[bytes]":
        children.append(start_worker(job, settings))
        return children[-1]

    monkeypatch.setattr("ftdemo.jobs.executors.local.start_worker", start)
    yield JobQueue(store, settings)
    for job in store.jobs.with_status("queued"):
        store.jobs.update(job.id, status="stopped")
    for job in store.jobs.all():  # those that a worker started are nobody's children
        if job.worker_pid and is_alive(job.worker_pid, job.worker_started or 0):
            kill(job)
    for child in children:
        child.kill()
        child.wait()


@pytest.fixture
def submit(queue: JobQueue) -> Submit:
    def submit(do: str = "work", name: str = "m") -> Job:
        return queue.submit("tune", name, {"do": do})

    return submit


@pytest.fixture
def working(queue: JobQueue, submit: Submit, until: Until) -> Job:
    """A job whose worker has reported."""
    job = submit()
    until(lambda: queue.get(job.id).worker_pid)
    return queue.get(job.id)


def kill(job: Job) -> None:
    assert job.worker_pid is not None
    os.kill(job.worker_pid, signal.SIGKILL)


def interrupted(queue: JobQueue, job: Job) -> bool:
    queue.refresh()
    return queue.get(job.id).status == "interrupted"


def test_job_starts_at_once_in_a_session_of_its_own(queue: JobQueue, working: Job) -> None:
    assert working.status == "running"
    assert working.worker_pid is not None
    assert working.worker_pid != os.getpid()
    assert os.getsid(working.worker_pid) == working.worker_pid
    assert f"this is the worker of job {working.id}" in queue.log(working.id)


def test_second_job_waits(queue: JobQueue, working: Job, submit: Submit) -> None:
    second = submit()
    queue.refresh()
    assert queue.get(second.id).status == "queued"
    assert queue.get(working.id).status == "running"
    current = queue.current()
    assert current is not None
    assert current.id == working.id


def test_killed_worker_interrupts_its_job_and_the_next_one_starts(
    queue: JobQueue, working: Job, submit: Submit, until: Until
) -> None:
    second = submit()
    kill(working)
    until(lambda: interrupted(queue, working))
    job = queue.get(working.id)
    assert job.error_message == "The worker process ended before the job did."
    assert "Resume" in (job.error_remedy or "")
    assert job.finished_at
    assert job.phase == ""
    assert queue.get(second.id).status == "running"


def test_worker_that_ended_leaves_no_zombie(queue: JobQueue, working: Job, until: Until) -> None:
    kill(working)

    def gone() -> bool:
        queue.refresh()
        return not psutil.pid_exists(working.worker_pid or 0)

    until(gone)


def test_killed_worker_is_noticed_by_a_process_that_did_not_start_it(
    settings: Settings, queue: JobQueue, working: Job, until: Until
) -> None:
    other = JobQueue(Store(settings.database), settings)
    other.refresh()
    assert other.get(working.id).status == "running"
    kill(working)  # until it is waited for, it stays a zombie
    until(lambda: interrupted(other, working))


def test_worker_that_was_killed_after_a_stop_request_is_stopped(
    queue: JobQueue, submit: Submit, until: Until
) -> None:
    job = submit("never stop")
    until(lambda: queue.get(job.id).worker_pid)
    assert queue.stop(job.id, keep=False).stop_request == "discard"
    kill(queue.get(job.id))

    def ended() -> bool:
        queue.refresh()
        return queue.get(job.id).ended

    until(ended)
    job = queue.get(job.id)
    assert (job.status, job.error_message, job.error_remedy) == ("stopped", None, None)


def test_worker_hears_the_stop_request(queue: JobQueue, working: Job) -> None:
    assert queue.stop(working.id).stop_request == "keep"
    assert queue.wait(working.id).status == "stopped"


def test_worker_that_ends_starts_the_next_job(
    queue: JobQueue, working: Job, submit: Submit, until: Until
) -> None:
    second = submit()
    queue.stop(working.id)
    until(lambda: queue.get(second.id).worker_pid)  # `get` starts nothing
    assert queue.get(second.id).status == "running"


def test_stopped_while_queued_never_starts(queue: JobQueue, working: Job, submit: Submit) -> None:
    second = submit()
    stopped = queue.stop(second.id)
    assert (stopped.status, stopped.stop_request) == ("stopped", None)
    assert stopped.finished_at
    queue.stop(working.id)
    queue.wait(working.id)
    queue.refresh()
    job = queue.get(second.id)
    assert (job.status, job.worker_pid, job.started_at) == ("stopped", None, None)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("finished", "has finished already"),
        ("stopped", "has been stopped already"),
        ("failed", "has failed already"),
        ("interrupted", "has been interrupted already"),
    ],
)
def test_stop_of_an_ended_job_is_refused(
    queue: JobQueue, store: Store, add_job: Callable[..., Job], status: Status, words: str
) -> None:
    job = add_job()
    store.jobs.update(job.id, status=status)
    with pytest.raises(UserError, match=words):
        queue.stop(job.id)
    assert queue.get(job.id).stop_request is None


def test_interrupted_job_is_resumed_with_a_new_worker(queue: JobQueue, working: Job, until: Until) -> None:
    kill(working)
    until(lambda: interrupted(queue, working))
    resumed = queue.resume(working.id)
    assert resumed.status == "running"
    assert resumed.error_message is None
    until(lambda: queue.get(working.id).worker_pid not in (None, working.worker_pid))


def test_resumed_job_waits_for_the_one_that_runs(
    queue: JobQueue, working: Job, store: Store, add_job: Callable[..., Job]
) -> None:
    job = add_job()
    store.jobs.update(job.id, status="failed", stop_request="keep", finished_at="2026-01-01T00:00:00+00:00")
    resumed = queue.resume(job.id)
    assert (resumed.status, resumed.stop_request, resumed.finished_at) == ("queued", None, None)
    assert queue.get(working.id).status == "running"


def test_resume_of_a_job_that_has_not_ended_is_refused(queue: JobQueue, working: Job, submit: Submit) -> None:
    with pytest.raises(UserError, match="is running"):
        queue.resume(working.id)
    with pytest.raises(UserError, match="is queued"):
        queue.resume(submit().id)


def test_resume_of_a_job_that_made_its_model_is_refused(
    queue: JobQueue, add_model: Callable[..., object], store: Store
) -> None:
    add_model("m")
    job = store.jobs.all()[0]
    with pytest.raises(UserError, match="has made its model"):
        queue.resume(job.id)
    assert queue.get(job.id).status == "finished"


def test_wait_tells_of_changes_and_returns_at_the_end(queue: JobQueue, submit: Submit) -> None:
    seen: list[Job] = []
    job = queue.wait(submit("end").id, seen.append)
    assert job.status == "finished"
    assert seen[0].status == "running"
    assert seen[-1] == job
    assert all(before != after for before, after in itertools.pairwise(seen))


def test_worker_that_never_reported_is_given_up_after_a_while(
    queue: JobQueue, workers: list[Job], submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, second = submit(), submit()
    queue.refresh()
    assert queue.get(job.id).status == "running"
    monkeypatch.setattr("ftdemo.jobs.executors.local.START_GRACE_S", -1)
    queue.refresh()
    assert queue.get(job.id).status == "interrupted"
    assert [started.id for started in workers] == [job.id, second.id]


def test_latest(queue: JobQueue, workers: list[Job], submit: Submit, store: Store) -> None:
    assert queue.current() is None
    assert queue.latest() is None
    first, second = submit(), submit()
    latest = queue.latest()
    assert latest is not None
    assert latest.id == first.id
    for job in (first, second):
        store.jobs.update(job.id, status="finished")
    assert queue.current() is None
    latest = queue.latest()
    assert latest is not None
    assert latest.id == second.id


def test_job_that_does_not_exist(queue: JobQueue) -> None:
    for ask in (queue.get, queue.metrics, queue.log, queue.stop, queue.resume, queue.wait):
        with pytest.raises(NotFoundError, match="no job 9"):
            ask(9)


def test_log_of_a_job_that_has_not_started_is_empty(queue: JobQueue, add_job: Callable[..., Job]) -> None:
    assert queue.log(add_job().id) == ""


def test_workers_are_given_the_settings(
    queue: JobQueue, settings: Settings, working: Job, store: Store
) -> None:
    environment = psutil.Process(working.worker_pid).environ()
    expected = settings.as_environment()
    assert {name: environment[name] for name in expected} == expected


class Elsewhere:
    """An executor whose workers are numbers in a list."""

    def __init__(self) -> None:
        self.working: list[int] = []

    def warm_up(self) -> None:
        raise AssertionError("no job is about to start")

    def start(self, job: Job) -> None:
        self.working.append(job.id)

    def without_worker(self, running: Sequence[Job]) -> list[Job]:
        return [job for job in running if job.id not in self.working]


def test_jobs_may_run_elsewhere(store: Store, settings: Settings) -> None:
    executor = Elsewhere()
    queue = JobQueue(store, settings, executor)
    first, second = queue.submit("tune", "one", {}), queue.submit("tune", "two", {})
    assert executor.working == [first.id]
    executor.working.clear()
    queue.refresh()
    assert queue.get(first.id).status == "interrupted"
    assert executor.working == [second.id]


def test_a_job_resumed_while_somebody_removes_it_is_not_removed(
    settings: Settings, store: Store, workers: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process looks at the job before, and removes it after, it is resumed here."""
    queue, other = JobQueue(store, settings), JobQueue(Store(settings.database), settings)
    job = store.jobs.add("tune", "m", "some/base", {})
    store.jobs.update(job.id, status="paused")
    get = other.get
    resumed: list[threading.Thread] = []

    def get_and_wait(job_id: int) -> Job:
        found = get(job_id)
        resumed.append(threading.Thread(target=lambda: suppress_errors(queue.resume, job_id)))
        resumed[-1].start()
        resumed[-1].join(1.0)
        return found

    def suppress_errors(call: Callable[[int], object], job_id: int) -> None:
        with contextlib.suppress(NotFoundError):
            call(job_id)

    monkeypatch.setattr(other, "get", get_and_wait)
    other.remove(job.id)
    resumed[0].join(30)
    assert workers == []
    assert store.jobs.all() == []
