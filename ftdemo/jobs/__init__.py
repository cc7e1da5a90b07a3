"""The queue of long work, and the processes that do it."""

from ftdemo.jobs.queue import JobQueue

__all__ = ["JobQueue"]
