"""How a worker tells the store what it is doing, and hears that it should stop."""

import os
import threading
import time
from collections.abc import Sequence

import psutil

from ftdemo.store import Store
from ftdemo.store.jobs import JobMetric, StopRequest

HEARTBEAT_S = 2.0


class Reporter:
    """The link between one running job and the store.

    A thread of its own reports that the worker lives, also while a long step or a download keeps the main
    thread busy.

    Args:
        store: where the job is.
        job_id: the job.
    """

    def __init__(self, store: Store, job_id: int) -> None:
        self.store = store
        self.job_id = job_id
        self.peak_memory_bytes = 0
        self.interrupted = False
        self._process = psutil.Process()
        self._stop_request: StopRequest | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def begin(self) -> None:
        """Enter this process as the job's worker and start the heartbeat."""
        self.store.jobs.update(
            self.job_id, worker_pid=os.getpid(), worker_started=self._process.create_time()
        )
        self._thread.start()

    def end(self) -> None:
        """Stop the heartbeat."""
        self._ended.set()
        self._thread.join()

    @property
    def stop_request(self) -> StopRequest | None:
        """What was asked of the job, as of the last heartbeat."""
        return self._stop_request or ("pause" if self.interrupted else None)

    def phase(self, words: str) -> None:
        """Say what is being done now."""
        self.store.jobs.update(self.job_id, phase=words)

    def progress(self, step: int, total_steps: int, epoch: float, seconds_left: float | None) -> None:
        """Report how far training is, and look whether it should stop."""
        self.store.jobs.update(
            self.job_id, step=step, total_steps=total_steps, epoch=epoch, seconds_left=seconds_left
        )
        self._stop_request = self.store.jobs.heartbeat(self.job_id)

    def record(self, metric: JobMetric) -> None:
        """Add a point to the curves."""
        self.store.jobs.record(metric)

    def record_answers(self, step: int, answers: Sequence[tuple[str, str]]) -> None:
        """Add what the model in training answered after a step."""
        self.store.jobs.record_answers(self.job_id, step, answers)

    def interrupt(self) -> None:
        """Ask the job to stop with a checkpoint: this process was told to end."""
        self.interrupted = True

    def memory_bytes(self) -> int:
        """Resident memory of this process now."""
        memory = int(self._process.memory_info().rss)
        self.peak_memory_bytes = max(self.peak_memory_bytes, memory)
        return memory

    def _beat(self) -> None:
        while not self._ended.is_set():
            self._stop_request = self.store.jobs.heartbeat(self.job_id)
            self.store.jobs.update(self.job_id, memory_bytes=self.memory_bytes())
            self._ended.wait(HEARTBEAT_S)


class Stopwatch:
    """Estimates the time left from the steps of this run.

    Args:
        total_steps: steps of the whole job.
        first_step: steps done before this run (after a resume).
    """

    def __init__(self, total_steps: int, first_step: int = 0) -> None:
        self._total = total_steps
        self._first = first_step
        self._began = time.monotonic()
        self._after_first: float | None = None

    def seconds_left(self, step: int) -> float | None:
        """Expected seconds until the last step, or None before one step is done.

        The first step is slower than the others, so it counts only while there is no other.
        """
        now = time.monotonic()
        done = step - self._first
        if done <= 0:
            return None
        if self._after_first is None:
            self._after_first = now
        per_step = (now - self._began) / done if done == 1 else (now - self._after_first) / (done - 1)
        return per_step * (self._total - step)
