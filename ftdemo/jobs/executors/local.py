"""Workers that are processes of this machine."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO

import psutil

from ftdemo.settings import Settings, child_environment
from ftdemo.store.jobs import Job

WORKER_MODULE = "ftdemo.worker.process"
STANDBY = "standby"
"""What the worker module is given in place of a job's number by `Standby`."""
STANDBY_NEEDS_BYTES = 2e9
START_TOLERANCE_S = 2.0
START_GRACE_S = 60.0
"""How long a worker may take to report for the first time."""
KEEP_FREED_MEMORY = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**40),
    "MALLOC_ARENA_MAX": "1",
}
"""Tells glibc to use freed memory again instead of handing it back. Each step frees and needs the same large
tensors, and the system gives every page anew, filled with zeros: a fifth of a step of full tuning."""


class LocalExecutor:
    """Runs each job in a process of its own on this machine.

    Args:
        settings: given to the workers.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._standby = Standby(settings)

    def warm_up(self) -> None:
        """Have a process ready that has imported torch; see `Standby`."""
        self._standby.warm_up()

    def start(self, job: Job) -> None:
        """Start a job's worker."""
        self._children[job.id] = self._standby.take(job) or start_worker(job, self._settings)

    def without_worker(self, running: Sequence[Job]) -> list[Job]:
        """Those of the running jobs whose worker is gone; also lets go of processes that have ended."""
        ended = {job_id for job_id, child in list(self._children.items()) if child.poll() is not None}
        for job_id in ended:
            self._children.pop(job_id, None)
        return [job for job in running if job.id in ended or not _has_worker(job)]


def start_worker(job: Job, settings: Settings) -> "subprocess.Popen[bytes]":
    """Start the worker of a job in a session of its own, so that it outlives whoever started it.

    What it prints goes to the job's log file.
    """
    with _open_log(job, settings) as log:
        return _start([str(job.id)], settings, stdin=subprocess.DEVNULL, output=log)


class Standby:
    """A worker process that has imported torch and transformers and waits for its job.

    A job that finds one begins seconds earlier. It ends by itself when it was not needed for a while, or when
    the process that started it ends.

    Args:
        settings: given to the worker.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def warm_up(self) -> None:
        """Start one unless one waits, or memory is short."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            if psutil.virtual_memory().available < STANDBY_NEEDS_BYTES:
                return
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.close()
            self._process = _start(
                [STANDBY], self._settings, stdin=subprocess.PIPE, output=subprocess.DEVNULL
            )

    def take(self, job: Job) -> "subprocess.Popen[bytes] | None":
        """Give the one that waits a job, and return its process; None if none waits."""
        with self._lock:
            process, self._process = self._process, None
        if process is None or process.stdin is None:
            return None
        with process.stdin as orders:
            if process.poll() is not None:
                return None
            with _open_log(job, self._settings) as log:
                order = f"{job.id}\t{log.name}\n"
            try:
                orders.write(order.encode())
            except OSError:  # it ended just now
                return None
        return process


def _start(arguments: list[str], settings: Settings, stdin: int, output: Any) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", WORKER_MODULE, *arguments],
        env={**KEEP_FREED_MEMORY, **child_environment(settings)},
        bufsize=0,  # an order that cannot be written is known at once
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _open_log(job: Job, settings: Settings) -> BinaryIO:
    folder = settings.job_folders / str(job.id)
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / "log.txt").open("ab")


def is_alive(pid: int, started: float) -> bool:
    """Whether the process of that id still runs and is the one that started then.

    Args:
        pid: the process id.
        started: its start in seconds since 1970, since ids are given out again.
    """
    try:
        process = psutil.Process(pid)
        began: float = process.create_time()
        return abs(began - started) < START_TOLERANCE_S and bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _has_worker(job: Job) -> bool:
    """Whether a running job's worker lives; one that was just started may not have said its id yet."""
    if job.worker_pid is not None and job.worker_started is not None:
        return is_alive(job.worker_pid, job.worker_started)
    claimed = datetime.fromisoformat(job.heartbeat_at or job.created_at)
    return (datetime.now(UTC) - claimed).total_seconds() < START_GRACE_S
