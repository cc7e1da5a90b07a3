"""The queue: one job runs at a time, and nobody has to stay to run the next.

There is no dispatcher process. Whoever looks at the queue (the page as it polls, the command line, a worker
that has just ended) calls `refresh`, which marks jobs whose worker died and starts the next one. The store's
write lock sees to it that only one of them starts it.
"""

import shutil
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftdemo.errors import UserError
from ftdemo.jobs.beginning import refuse_other_beginning
from ftdemo.jobs.executors.local import LocalExecutor
from ftdemo.jobs.executors.protocol import Executor
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.jobs import Job, JobAnswer, JobMetric, Status, StopRequest
from ftdemo.store.lineage import Lineage
from ftdemo.store.rows import now

POLL_S = 0.5
DEAD_REMEDY = (
    "Resume the job: it goes on from its last checkpoint. If the machine ran out of memory, start one with a "
    "smaller batch size or max length instead."
)


@dataclass(frozen=True)
class JobStory:
    """A job with what it left on its way.

    Args:
        job: the job.
        metrics: its curves.
        answers: what its model answered as training went on.
        log: what its worker printed.
    """

    job: Job
    metrics: list[JobMetric]
    answers: list[JobAnswer]
    log: str


class JobQueue:
    """Jobs in the order they were given.

    Args:
        store: where they are saved.
        settings: given to the workers.
        executor: where they run; this machine if None.
    """

    def __init__(self, store: Store, settings: Settings, executor: Executor | None = None) -> None:
        self._store = store
        self._settings = settings
        self._executor = executor or LocalExecutor(settings)

    @property
    def base_model(self) -> str:
        """The base model that new jobs are about."""
        return self._settings.base_model

    def submit(
        self,
        kind: str,
        model_name: str,
        settings: dict[str, Any],
        lineage: Lineage = Lineage(),  # noqa: B008 - it is frozen
        model_id: int | None = None,
    ) -> Job:
        """Save a job and start it if none is running.

        Args:
            kind: what it does.
            model_name: the model it makes, or the one it evaluates.
            settings: of its kind.
            lineage: what it learns from.
            model_id: the tuned model it evaluates.

        Raises:
            NotFoundError: something it needs has been removed meanwhile.
        """
        job = self._store.jobs.add(kind, model_name, self._settings.base_model, settings, lineage, model_id)
        self.refresh()
        return self.get(job.id)

    def warm_up(self) -> None:
        """Have a worker ready, since somebody is about to start a job; not while one runs."""
        if not self._store.jobs.with_status("running", "queued"):
            self._executor.warm_up()

    def refresh(self) -> None:
        """Mark running jobs whose worker is gone as interrupted, and start the next queued job."""
        for job in self._executor.without_worker(self._store.jobs.with_status("running")):
            self._mark_dead(job)
        claimed = self._store.jobs.claim_next()
        if claimed is not None:
            self._executor.start(claimed)

    def all(self) -> list[Job]:
        """Every job, oldest first."""
        self.refresh()
        return self._store.jobs.all()

    def get(self, job_id: int) -> Job:
        """One job; raises NotFoundError."""
        return self._store.jobs.get(job_id)

    def current(self) -> Job | None:
        """The job that is running, or the next one that will, or None."""
        self.refresh()
        waiting = self._store.jobs.with_status("running") or self._store.jobs.with_status("queued")
        return waiting[0] if waiting else None

    def latest(self, kinds: Collection[str] = ()) -> Job | None:
        """The job that is running or will run next, else the last one there was, or None.

        Args:
            kinds: only jobs of these kinds; of all if empty.
        """
        current = self.current()
        if current is not None and (not kinds or current.kind in kinds):
            return current
        jobs = [job for job in self._store.jobs.all() if not kinds or job.kind in kinds]
        return next((job for job in jobs if not job.ended), next(reversed(jobs), None))

    def shown(self, job_id: int | None, kinds: Collection[str] = ()) -> Job | None:
        """A job by its number, or the latest of some kinds if there is none given; raises NotFoundError."""
        return self.get(job_id) if job_id else self.latest(kinds)

    def story(self, job_id: int | None, kinds: Collection[str] = ()) -> JobStory | None:
        """All there is to show of the job that `shown` gives; None if there is none."""
        job = self.shown(job_id, kinds)
        if job is None:
            return None
        return JobStory(job, self.metrics(job.id), self.answers(job.id), self.log(job.id))

    def metrics(self, job_id: int) -> list[JobMetric]:
        """The curves of a job; raises NotFoundError."""
        self.get(job_id)
        return self._store.jobs.metrics(job_id)

    def answers(self, job_id: int) -> list[JobAnswer]:
        """What the model of a job answered on its way; raises NotFoundError."""
        self.get(job_id)
        return self._store.jobs.answers(job_id)

    def log(self, job_id: int) -> str:
        """What the worker of a job printed."""
        self.get(job_id)
        file = self._folder(job_id) / "log.txt"
        return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""

    def stop(self, job_id: int, keep: bool = True) -> Job:
        """Ask a job to stop after its present step; one that has not started never will.

        Args:
            job_id: the job.
            keep: save what was learned so far as the tuned model, or discard it.

        Raises:
            NotFoundError: there is no such job.
            UserError: it has ended already.
        """
        return self._ask(self._going_on(job_id, "stop"), "keep" if keep else "discard", "stopped")

    def pause(self, job_id: int) -> Job:
        """Ask a job to stop after its present step with a checkpoint; `resume` goes on from there.

        Raises:
            NotFoundError: there is no such job.
            UserError: it has ended already.
        """
        return self._ask(self._going_on(job_id, "pause"), "pause", "paused")

    def resume(self, job_id: int) -> Job:
        """Put a job that was paused, interrupted, stopped or has failed back into the queue.

        It goes on from its last checkpoint, or starts again if it had none; with the samples, the version of
        them, the models and the settings that it began with.

        Raises:
            NotFoundError: there is no such job, or something it needs is gone.
            UserError: it has not ended, or has made its model, or would go on with something else.
        """
        job = self.get(job_id)
        if not job.ended:
            raise UserError(f"Job {job_id} is {job.status}.", "Wait until it has ended.")
        if self._made_model(job_id):
            raise UserError(
                f"Job {job_id} has made its model.", "Remove that model first, or start a new job instead."
            )
        refuse_other_beginning(job, self._folder(job_id))
        with self._store.transaction():  # nothing is removed between the look and the change
            self._store.jobs.check_origins(job.lineage, job.model_name, job.model_id)
            self._store.jobs.change_status(
                job_id,
                job.status,
                "queued",
                phase="waiting in the queue",
                stop_request=None,
                finished_at=None,
            )
        self.refresh()
        return self.get(job_id)

    def wait(self, job_id: int, on_change: Callable[[Job], None] = lambda job: None) -> Job:
        """Return a job once it has ended.

        Args:
            job_id: the job.
            on_change: called whenever what is known of it has changed.
        """
        seen: Job | None = None
        while True:
            self.refresh()
            job = self.get(job_id)
            if job != seen:
                on_change(job)
            if job.ended:
                return job
            seen = job
            time.sleep(POLL_S)

    def remove(self, job_id: int) -> None:
        """Delete a job that has ended, with its curves, log and checkpoints; the model it made stays.

        Raises:
            NotFoundError: there is no such job.
            UserError: it has not ended.
        """
        with self._store.transaction():  # nobody resumes it between the look and the change
            job = self.get(job_id)
            if not job.ended:
                raise UserError(f"Job {job_id} is {job.status}.", "Stop it first.")
            self._store.jobs.remove(job_id)
        shutil.rmtree(self._folder(job_id), ignore_errors=True)

    def _folder(self, job_id: int) -> Path:
        return self._settings.job_folders / str(job_id)

    def _going_on(self, job_id: int, what_for: str) -> Job:
        """A job that has not ended; raises UserError if it has."""
        job = self.get(job_id)
        if job.ended:
            raise UserError(f"Job {job_id} has {_in_words(job)} already.", f"There is nothing to {what_for}.")
        return job

    def _ask(self, job: Job, request: StopRequest, status_if_queued: Status) -> Job:
        """Ask a running job to stop; one that has not started stops at once."""
        with self._store.transaction():  # nobody removes it between the look and the change
            if not self._store.jobs.change_status(
                job.id, "queued", status_if_queued, finished_at=now(), phase=""
            ):
                self._store.jobs.update(job.id, stop_request=request)
        self.refresh()
        return self.get(job.id)

    def _made_model(self, job_id: int) -> bool:
        tuned = any(model.job_id == job_id for model in self._store.models.all())
        return tuned or any(model.job_id == job_id for model in self._store.reward_models.all())

    def _mark_dead(self, job: Job) -> None:
        """Enter the end of a worker that did not do it itself."""
        status: Status = "interrupted"
        if self._made_model(job.id):
            # It was killed between saving the model and saying so.
            status = "stopped" if job.stop_request else "finished"
        elif job.stop_request == "pause":
            status = "paused"
        elif job.stop_request == "discard":
            status = "stopped"
        told = status == "interrupted"
        self._store.jobs.change_status(
            job.id,
            "running",
            status,
            finished_at=now(),
            phase="",
            seconds_left=None,
            error_message="The worker process ended before the job did." if told else None,
            error_remedy=DEAD_REMEDY if told else None,
        )


def _in_words(job: Job) -> str:
    passive = {"stopped", "interrupted", "paused"}
    return f"been {job.status}" if job.status in passive else job.status
