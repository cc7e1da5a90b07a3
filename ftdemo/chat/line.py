"""Who is answered now and who waits: so many questions at once, a bounded line, a limit for each visitor."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ftdemo.errors import UserError


class QueueTicket:
    """A question's turn in the line.

    Args:
        line: the line it stands in.
        visitor: whose it is; None for a caller that is not told apart from others.
    """

    def __init__(self, line: "WaitingLine", visitor: str | None) -> None:
        self.visitor = visitor
        self._line = line

    def wait(self, seconds: float) -> int:
        """Wait for a seat, but not longer than some seconds.

        Returns:
            0 with a seat; else the position in line, 1 being the next.
        """
        return self._line.wait(self, seconds)


class WaitingLine:
    """Seats, and a line of those that wait for one, first come, first served.

    Args:
        seats: questions answered at once.
        longest: questions that may wait.
        per_visitor: questions of one visitor that may have a seat or wait.
    """

    def __init__(self, seats: int, longest: int, per_visitor: int) -> None:
        self._seats = seats
        self._longest = longest
        self._per_visitor = per_visitor
        self._tickets: list[QueueTicket] = []
        self._moved = threading.Condition()

    @contextmanager
    def join(self, visitor: str | None) -> Iterator[QueueTicket]:
        """Join the line; leaving the context gives back the seat, or leaves the line.

        Raises:
            UserError: the line is full, or the visitor has too many questions in it.
        """
        ticket = QueueTicket(self, visitor)
        with self._moved:
            if visitor is not None:
                mine = sum(other.visitor == visitor for other in self._tickets)
                if mine >= self._per_visitor:
                    raise UserError(
                        f"{mine} of your questions are being answered or wait; that is the most here.",
                        "Wait for an answer, or stop one.",
                    )
            if len(self._tickets) >= self._seats + self._longest:
                raise UserError(
                    f"{self._longest} questions are waiting already; that is the most here.",
                    "Ask again in a minute.",
                )
            self._tickets.append(ticket)
        try:
            yield ticket
        finally:
            with self._moved:
                self._tickets.remove(ticket)
                self._moved.notify_all()

    def wait(self, ticket: QueueTicket, seconds: float) -> int:
        """See `QueueTicket.wait`."""
        with self._moved:
            self._moved.wait_for(lambda: self._position(ticket) == 0, seconds)
            return self._position(ticket)

    def _position(self, ticket: QueueTicket) -> int:
        return max(0, self._tickets.index(ticket) + 1 - self._seats)
