"""Starting a worker process, and telling whether one is alive."""

import subprocess
import sys

import psutil

from ftdemo.settings import Settings, child_environment
from ftdemo.store.jobs import Job

WORKER_MODULE = "ftdemo.training.worker"
START_TOLERANCE_S = 2.0


def start_worker(job: Job, settings: Settings) -> "subprocess.Popen[bytes]":
    """Start the worker of a job in a session of its own, so that it outlives whoever started it.

    What it prints goes to `log.txt` in the job's folder.
    """
    folder = settings.job_folders / str(job.id)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log.txt").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", WORKER_MODULE, str(job.id)],
            env=child_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def is_alive(pid: int, started: float) -> bool:
    """Whether the process of that id still runs and is the one that started then.

    Args:
        pid: the process id.
        started: its start in seconds since 1970, since ids are given out again.
    """
    try:
        process = psutil.Process(pid)
        return (
            abs(process.create_time() - started) < START_TOLERANCE_S
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.Error:
        return False
