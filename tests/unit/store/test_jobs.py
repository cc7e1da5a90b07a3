import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from ftdemo.errors import NotFoundError
from ftdemo.settings import Settings, child_environment
from ftdemo.store import Store
from ftdemo.store.jobs import Job, JobMetric

AddJob = Callable[..., Job]


def test_new_job_is_queued(store: Store) -> None:
    settings = {"epochs": 3, "learning_rate": 1e-3, "name": "模型"}
    job = store.jobs.add("tune", "m", "a/b", settings)
    assert (job.kind, job.status, job.model_name, job.base_model) == ("tune", "queued", "m", "a/b")
    assert (job.settings, job.metrics, job.step, job.ended) == (settings, {}, 0, False)
    assert store.jobs.get(job.id) == job


def test_unknown_job(store: Store) -> None:
    with pytest.raises(NotFoundError, match="no job 7"):
        store.jobs.get(7)


def test_jobs_by_status_in_the_order_they_were_added(store: Store, add_job: AddJob) -> None:
    a, b, c = add_job("a"), add_job("b"), add_job("c")
    store.jobs.update(b.id, status="failed")
    assert [job.id for job in store.jobs.all()] == [a.id, b.id, c.id]
    assert [job.id for job in store.jobs.with_status("queued")] == [a.id, c.id]
    assert [job.id for job in store.jobs.with_status("queued", "failed")] == [a.id, b.id, c.id]


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        ("queued", False),
        ("running", False),
        ("finished", True),
        ("stopped", True),
        ("failed", True),
        ("interrupted", True),
    ],
)
def test_ended(store: Store, add_job: AddJob, status: str, ended: bool) -> None:
    job = add_job()
    store.jobs.update(job.id, status=status)
    assert store.jobs.get(job.id).ended is ended


def test_update_changes_the_columns_given_and_no_other_job(store: Store, add_job: AddJob) -> None:
    job, other = add_job(), add_job()
    store.jobs.update(job.id, step=3, epoch=0.5, settings={"rank": 8}, metrics={"loss": 1.5})
    assert vars(store.jobs.get(job.id)) == {
        **vars(job),
        "step": 3,
        "epoch": 0.5,
        "settings": {"rank": 8},
        "metrics": {"loss": 1.5},
    }
    assert store.jobs.get(other.id) == other


def test_claim_takes_the_oldest_and_only_while_none_runs(store: Store, add_job: AddJob) -> None:
    first, second = add_job(), add_job()
    claimed = store.jobs.claim_next()
    assert claimed is not None
    assert (claimed.id, claimed.status) == (first.id, "running")
    assert claimed.started_at and claimed.heartbeat_at
    assert store.jobs.claim_next() is None
    store.jobs.update(first.id, status="finished")
    claimed = store.jobs.claim_next()
    assert claimed is not None
    assert claimed.id == second.id
    store.jobs.update(second.id, status="finished")
    assert store.jobs.claim_next() is None


def test_claim_forgets_the_run_before_but_not_when_it_first_began(store: Store, add_job: AddJob) -> None:
    job = add_job()
    store.jobs.update(
        job.id,
        started_at="2026-01-01T00:00:00.000+00:00",
        finished_at="2026-01-02T00:00:00.000+00:00",
        worker_pid=1,
        worker_started=1.0,
        stop_request="keep",
        error_message="It broke.",
        error_remedy="Mend it.",
    )
    claimed = store.jobs.claim_next()
    assert claimed is not None
    assert claimed.started_at == "2026-01-01T00:00:00.000+00:00"
    assert (claimed.finished_at, claimed.worker_pid, claimed.worker_started) == (None, None, None)
    assert (claimed.stop_request, claimed.error_message, claimed.error_remedy) == (None, None, None)


def test_threads_that_race_for_a_job_get_it_once(store: Store, add_job: AddJob) -> None:
    for _ in range(5):
        add_job()
    for _ in range(5):
        start = threading.Barrier(8)
        claimed: list[Job | None] = []

        def claim(start: threading.Barrier = start, claimed: list[Job | None] = claimed) -> None:
            start.wait()
            claimed.append(store.jobs.claim_next())

        threads = [threading.Thread(target=claim) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        winners = [job for job in claimed if job is not None]
        assert len(claimed) == 8
        assert len(winners) == 1
        store.jobs.update(winners[0].id, status="finished")


CLAIM = """
import sys
from pathlib import Path
from ftdemo.store import Store

store = Store(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
claimed = store.jobs.claim_next()
print(claimed.id if claimed else "none")
"""


def test_processes_that_race_for_a_job_get_it_once(store: Store, settings: Settings, add_job: AddJob) -> None:
    job = add_job()
    add_job()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM, str(settings.database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=child_environment(),
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=30)[0].strip() for process in processes]
    assert sorted(answers) == [str(job.id), *["none"] * 3]


def test_status_changes_only_from_the_status_expected(store: Store, add_job: AddJob) -> None:
    job = add_job()
    assert store.jobs.change_status(job.id, "queued", "stopped", phase="over")
    assert not store.jobs.change_status(job.id, "queued", "running", phase="never")
    job = store.jobs.get(job.id)
    assert (job.status, job.phase) == ("stopped", "over")


def test_heartbeat_brings_back_the_stop_request(store: Store, add_job: AddJob) -> None:
    job = add_job()
    assert store.jobs.heartbeat(job.id) is None
    store.jobs.update(job.id, stop_request="discard")
    assert store.jobs.heartbeat(job.id) == "discard"
    assert store.jobs.get(job.id).heartbeat_at


def test_points_of_one_step_are_joined(store: Store, add_job: AddJob) -> None:
    job, other = add_job(), add_job()
    store.jobs.record(JobMetric(job.id, 2, loss=1.0))
    store.jobs.record(JobMetric(job.id, 1, epoch=0.5, loss=2.0, tokens=10))
    store.jobs.record(JobMetric(job.id, 1, held_out_loss=3.0))
    store.jobs.record(JobMetric(job.id, 2, loss=0.5))
    store.jobs.record(JobMetric(other.id, 1, loss=9.0))
    assert store.jobs.metrics(job.id) == [
        JobMetric(job.id, 1, epoch=0.5, loss=2.0, tokens=10, held_out_loss=3.0),
        JobMetric(job.id, 2, loss=0.5),
    ]


def test_points_after_a_step_are_forgotten(store: Store, add_job: AddJob) -> None:
    job, other = add_job(), add_job()
    for step in (1, 2, 3):
        store.jobs.record(JobMetric(job.id, step, loss=1.0))
        store.jobs.record(JobMetric(other.id, step, loss=1.0))
    store.jobs.forget_after(job.id, 1)
    assert [metric.step for metric in store.jobs.metrics(job.id)] == [1]
    assert [metric.step for metric in store.jobs.metrics(other.id)] == [1, 2, 3]
