"""What runs for whom, so that it can be ended."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Running:
    """The answers and imports that run now, by session."""

    def __init__(self) -> None:
        self._events: dict[str, threading.Event] = {}

    @contextmanager
    def cancellable(self, session: str | None) -> Iterator[threading.Event]:
        """An event that `cancel` sets for a session, while something runs that looks at it.

        What ran for that session before is cancelled; None stands for a caller that never cancels.
        """
        cancelled = threading.Event()
        if session is None:
            yield cancelled
            return
        self.cancel(session)
        self._events[session] = cancelled
        try:
            yield cancelled
        finally:
            if self._events.get(session) is cancelled:
                del self._events[session]

    def cancel(self, session: str) -> None:
        """End what runs for a session, if something does."""
        event = self._events.get(session)
        if event is not None:
            event.set()
