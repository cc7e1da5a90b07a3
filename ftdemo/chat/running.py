"""What runs for whom, so that it can be ended."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Running:
    """The answers and imports that run now, each by its session and its task.

    A session is an open page, or a caller who gave itself a name. A page does several things at once: the
    task, such as 'compare' or 'import samples', tells them apart, so that one can be stopped, or begun anew,
    while the others go on.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[tuple[str, str], threading.Event] = {}

    @contextmanager
    def cancellable(self, session: str | None, task: str) -> Iterator[threading.Event]:
        """An event that `cancel` sets, while something runs that looks at it.

        Args:
            session: whose it is; None stands for a caller that never cancels.
            task: what is done. Done before for the same session and still running, it is cancelled.
        """
        cancelled = threading.Event()
        if session is None:
            yield cancelled
            return
        with self._lock:
            before = self._events.get((session, task))
            self._events[session, task] = cancelled
        if before is not None:
            before.set()
        try:
            yield cancelled
        finally:
            with self._lock:
                if self._events.get((session, task)) is cancelled:
                    del self._events[session, task]

    def cancel(self, session: str, task: str | None = None) -> None:
        """End what runs for a session, if something does.

        Args:
            session: whose.
            task: what to end; everything, as when a page is closed, if None.
        """
        with self._lock:
            ending = [
                event
                for (whose, what), event in self._events.items()
                if whose == session and task in (None, what)
            ]
        for event in ending:
            event.set()
