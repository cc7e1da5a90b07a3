"""Bringing the answers of all visitors forward together, in a thread of its own; the same for every engine.

Visitors come from many threads, a model computes for one batch at a time. So they hand their generations to a
scheduler and listen; its thread does a bit of work for all of them, looks who has come or gone meanwhile, and
does the next bit (continuous batching, as in Orca, Yu et al. 2022).
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from ftdemo.engines.generation import Generation

log = logging.getLogger("ftdemo.engine")

G = TypeVar("G", bound=Generation[Any])


class Scheduler(ABC, Generic[G]):
    """Calls `advance` with the generations that were submitted and have not ended, as long as there are any.

    Whoever submitted one waits for its end, so each comes to one whatever happens: an error that `advance`
    does not make the end of some answers is the end of all that were present. Then the thread goes on.

    Args:
        name: the thread's.
    """

    def __init__(self, name: str) -> None:
        self._submitted: list[G] = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @abstractmethod
    def advance(self, present: Sequence[G]) -> None:
        """Do a bit of work: read part of a prompt, generate a token or a few. Called from one thread only.

        Args:
            present: the generations that have not ended, in the order in which they were submitted.
        """

    @abstractmethod
    def abandon(self) -> None:
        """Forget all that is kept of generations, after an error that ended them."""

    def submit(self, *generations: G) -> None:
        """Begin answers; they are part of the next `advance`.

        Raises:
            RuntimeError: the scheduler is closed.
        """
        with self._changed:
            if self._closed:
                raise RuntimeError("The engine is closed.")
            self._submitted.extend(generations)
            self._changed.notify()

    def close(self) -> None:
        """End all answers, and the thread."""
        with self._changed:
            self._closed = True
            for generation in self._submitted:
                generation.cancelled.set()
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while present := self._present():
            try:
                self.advance(present)
            except BaseException as error:
                log.exception("generating failed")
                for generation in present:
                    generation.end(_told(error))
                try:
                    self.abandon()
                except Exception:
                    log.exception("what was kept of the answers that failed is kept still")
        for generation in self._submitted:
            generation.end("cancelled")

    def _present(self) -> list[G]:
        """The generations that have not ended, once there are some; none when all is over."""
        with self._changed:
            self._submitted = [generation for generation in self._submitted if not generation.ended]
            self._changed.wait_for(lambda: self._closed or self._submitted)
            return [] if self._closed else list(self._submitted)


def _told(error: BaseException) -> Exception:
    """An error as whoever waits is told of it: a panic in Rust, say, would end more than an answer there."""
    if isinstance(error, Exception):
        return error
    told = RuntimeError(f"{type(error).__name__}: {error}")
    told.__cause__ = error
    return told
