"""What the queue asks of an executor: a place where jobs run.

Nothing else passes between them. A worker, wherever it runs, finds its job in the store by the job's number,
reports there, and reads there that it should stop (see `jobs.reporter`); the queue reads what it reported.
So an executor only has to start workers, and to know which of them are gone.
"""

from collections.abc import Sequence
from typing import Protocol

from ftdemo.store.jobs import Job


class Executor(Protocol):
    """Starts workers, and tells whether they live. Its methods are called from several threads."""

    def warm_up(self) -> None:
        """Have a worker ready for the next job, if that saves time. It may do nothing."""

    def start(self, job: Job) -> None:
        """Start the worker of a job that has just been claimed, and return without waiting for it.

        The worker outlives the process that started it, and appends what it prints to `log.txt` in the job's
        folder.
        """

    def without_worker(self, running: Sequence[Job]) -> list[Job]:
        """Those of the running jobs whose worker is gone, whichever process started it.

        One that was started a moment ago and has not reported yet counts as there.
        """
