"""Jobs: their state as workers report it, and the curves they leave."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from ftdemo.errors import NotFoundError
from ftdemo.store.lineage import PRESENT_NAMES, Lineage, named_now, origins
from ftdemo.store.rows import Family, from_row, now, sought

Status = Literal["queued", "running", "paused", "finished", "stopped", "failed", "interrupted"]
StopRequest = Literal["keep", "discard", "pause"]
TUNE = "tune"
REWARD = "reward"
ALIGN = "align"
EVALUATE = "evaluate"
"""The kind of job that makes no model: it measures one that there is."""
ENDED: frozenset[Status] = frozenset({"paused", "finished", "stopped", "failed", "interrupted"})


@dataclass(frozen=True)
class Job(Lineage):
    """A piece of long work, with what it learns from.

    Args:
        kind: what it does: `TUNE`, `REWARD`, `ALIGN` or `EVALUATE`.
        status: queued, running, paused, finished, stopped, failed or interrupted (its worker died).
        model_name: the model it makes, or the one it evaluates.
        base_model: the base model it starts from, as it was named then.
        model_id: the tuned model it evaluates; None for the base model, and for a job that makes one.
        settings: the method's settings, as the method's settings class writes them.
        worker_pid: process id of its worker, while there is one.
        worker_started: when that process started (seconds since 1970), since process ids are used again.
        stop_request: 'keep', 'discard' or 'pause' once somebody asked it to stop.
        phase: in words, what the worker is doing now.
        step: optimizer steps done, of `total_steps`.
        epoch: passes over the samples done.
        seconds_left: expected time until the last step.
        memory_bytes: resident memory of the worker at its last report.
        metrics: figures of the whole run, once it ended, as they are stored and printed; to be read through
            the class of its kind, such as `TuneFigures.of(job)`.
        error_message: what went wrong, if it failed.
        error_remedy: what to do about it.
    """

    id: int
    kind: str
    status: Status
    model_name: str
    base_model: str
    model_id: int | None
    settings: dict[str, Any]
    created_at: str
    started_at: str | None
    finished_at: str | None
    heartbeat_at: str | None
    worker_pid: int | None
    worker_started: float | None
    stop_request: StopRequest | None
    phase: str | None
    step: int
    total_steps: int | None
    epoch: float | None
    seconds_left: float | None
    memory_bytes: int | None
    metrics: dict[str, Any]
    error_message: str | None
    error_remedy: str | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.status in ENDED


@dataclass(frozen=True)
class JobMetric:
    """One point of a job's curves, recorded after an optimizer step.

    Args:
        loss: mean negative log-likelihood of the answers' tokens in the step's batch, in nats.
        held_out_loss: the same over the held-out samples, where it was measured at this step.
        gradient_norm: length of the gradient before clipping.
        tokens: tokens seen so far.
        tokens_per_second: speed since the point before.
        memory_bytes: resident memory of the worker.
        figures: what a method measures beyond that, by name: 'reward', 'kl', 'clip_share', …
    """

    job_id: int
    step: int
    epoch: float | None = None
    loss: float | None = None
    held_out_loss: float | None = None
    learning_rate: float | None = None
    gradient_norm: float | None = None
    tokens: int | None = None
    tokens_per_second: float | None = None
    memory_bytes: int | None = None
    figures: dict[str, float] | None = None


@dataclass(frozen=True)
class JobAnswer:
    """What a model in training answered to a question.

    Args:
        step: the optimizer step after which it was asked.
        position: which of the step's questions, from 0.
    """

    job_id: int
    step: int
    position: int
    question: str
    answer: str


_QUERY = f"""
    select own.*, {PRESENT_NAMES}, (select name from tuned_models where id = own.model_id) as model_now
    from jobs as own
"""


class Jobs(Family):
    """The tables `jobs`, `job_metrics` and `job_answers`."""

    def add(
        self,
        kind: str,
        model_name: str,
        base_model: str,
        settings: dict[str, Any],
        lineage: Lineage = Lineage(),  # noqa: B008 - it is frozen
        model_id: int | None = None,
    ) -> Job:
        """Save a new job as queued.

        Raises:
            NotFoundError: something it needs has been removed meanwhile.
        """
        record = {
            "kind": kind,
            "status": "queued",
            "model_name": model_name,
            "base_model": base_model,
            "model_id": model_id,
            "settings": json.dumps(settings),
            **vars(lineage),
            "created_at": now(),
            "step": 0,
            "phase": "waiting in the queue",
            "metrics": "{}",
        }
        with self._store.transaction():
            self.check_origins(lineage, model_name, model_id)
            return self.get(cast(int, self._table("jobs").insert(record).last_pk))

    def check_origins(self, lineage: Lineage, model_name: str, model_id: int | None) -> None:
        """Raise NotFoundError if something that a job needs is gone."""
        origins(self._store, lineage)
        if model_id is not None and self._store.models.by_id(model_id) is None:
            raise NotFoundError(
                f"The tuned model {model_name!r} is not there any more.", "Evaluate one that is."
            )

    def get(self, job_id: int) -> Job:
        """One job.

        Raises:
            NotFoundError: there is no job of that number.
        """
        job = self.find(job_id)
        if job is not None:
            return job
        raise NotFoundError(f"There is no job {job_id}.", "List the jobs to see their numbers.")

    def find(self, job_id: int | None) -> Job | None:
        """One job, such as the one that made a model; None if it is gone."""
        for row in self._database.query(f"{_QUERY} where own.id = ?", [sought(job_id)]):
            return _job(row)
        return None

    def all(self) -> list[Job]:
        """Every job, in the order they were added."""
        return [_job(row) for row in self._database.query(_QUERY + " order by own.id")]

    def with_status(self, *statuses: Status) -> list[Job]:
        """The jobs of the given statuses, in the order they were added."""
        where = f"where own.status in ({', '.join('?' * len(statuses))}) order by own.id"
        return [_job(row) for row in self._database.query(f"{_QUERY} {where}", statuses)]

    def claim_next(self) -> Job | None:
        """Turn the oldest queued job into a running one, unless a job is running.

        The check and the change are one transaction, so two processes never start two jobs.
        """
        with self._store.transaction():
            if self.with_status("running"):
                return None
            queued = self.with_status("queued")
            if not queued:
                return None
            self.update(
                queued[0].id,
                status="running",
                started_at=queued[0].started_at or now(),
                heartbeat_at=now(),
                finished_at=None,
                worker_pid=None,
                worker_started=None,
                stop_request=None,
                phase="starting the worker",
                error_message=None,
                error_remedy=None,
            )
        return self.get(queued[0].id)

    def update(self, job_id: int, **columns: Any) -> None:
        """Change columns of a job; `settings` and `metrics` are given as dictionaries."""
        for name in ("settings", "metrics"):
            if name in columns:
                columns[name] = json.dumps(columns[name])
        self._table("jobs").update(job_id, columns)

    def change_status(self, job_id: int, before: Status, after: Status, **columns: Any) -> bool:
        """Move a job from one status to another; False, and no change, if it is no longer in the first."""
        with self._store.transaction():
            if self.get(job_id).status != before:
                return False
            self.update(job_id, status=after, **columns)
        return True

    def heartbeat(self, job_id: int) -> StopRequest | None:
        """Note that the worker lives, and return what somebody asked of it."""
        self._table("jobs").update(job_id, {"heartbeat_at": now()})
        return self.get(job_id).stop_request

    def record(self, metric: JobMetric) -> None:
        """Add a point to a job's curves; a point of the same step gains the figures it lacked."""
        values = {key: value for key, value in vars(metric).items() if value is not None}
        if metric.figures is not None:
            values["figures"] = json.dumps(metric.figures)
        self._table("job_metrics").upsert({**values, "recorded_at": now()}, pk=("job_id", "step"))

    def metrics(self, job_id: int) -> list[JobMetric]:
        """The curves of a job, one point a step."""
        rows = self._table("job_metrics").rows_where("job_id = ?", [job_id], order_by="step")
        return [from_row(JobMetric, row, figures=json.loads(row["figures"] or "null")) for row in rows]

    def record_answers(self, job_id: int, step: int, answers: Sequence[tuple[str, str]]) -> None:
        """Add what the model in training answered after a step: questions with their answers."""
        self._table("job_answers").upsert_all(
            (
                {"job_id": job_id, "step": step, "position": position, "question": question, "answer": answer}
                for position, (question, answer) in enumerate(answers)
            ),
            pk=("job_id", "step", "position"),
        )

    def answers(self, job_id: int) -> list[JobAnswer]:
        """What the model of a job answered on its way, in order."""
        rows = self._table("job_answers").rows_where("job_id = ?", [job_id], order_by="step, position")
        return [from_row(JobAnswer, row) for row in rows]

    def forget_after(self, job_id: int, step: int) -> None:
        """Drop points and answers after a step: a resumed run takes those steps again."""
        for table in ("job_metrics", "job_answers"):
            self._table(table).delete_where("job_id = ? and step > ?", [job_id, step])

    def remove(self, job_id: int) -> None:
        """Delete a job with its curves and answers; the model it made stays.

        Raises:
            NotFoundError: there is no job of that number.
        """
        self.get(job_id)
        with self._store.transaction():
            for table in ("tuned_models", "reward_models"):
                self._database.execute(f"update {table} set job_id = null where job_id = ?", [job_id])
            for table in ("job_metrics", "job_answers"):
                self._table(table).delete_where("job_id = ?", [job_id])
            self._table("jobs").delete(job_id)


def _job(row: dict[str, Any]) -> Job:
    return from_row(
        Job,
        row,
        **named_now(row),
        model_name=row["model_now"] or row["model_name"],
        settings=json.loads(row["settings"]),
        metrics=json.loads(row["metrics"] or "{}"),
        step=row["step"] or 0,
    )
