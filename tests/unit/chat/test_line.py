import threading
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from ftdemo.chat.line import QueueTicket, WaitingLine
from ftdemo.errors import UserError


@pytest.fixture
def stack() -> ExitStack:
    return ExitStack()


def test_the_first_have_seats_and_the_others_wait_in_the_order_they_came(stack: ExitStack) -> None:
    line = WaitingLine(seats=2, longest=3, per_visitor=9)
    tickets = [stack.enter_context(line.join(name)) for name in "abcd"]
    assert [ticket.wait(0) for ticket in tickets] == [0, 0, 1, 2]


def test_who_leaves_makes_room(stack: ExitStack) -> None:
    line = WaitingLine(seats=1, longest=2, per_visitor=9)
    with line.join("a"):
        second, third = (stack.enter_context(line.join(name)) for name in "bc")
        assert (second.wait(0), third.wait(0)) == (1, 2)
    assert (second.wait(0), third.wait(0)) == (0, 1)


def test_who_gives_up_waiting_leaves_no_gap(stack: ExitStack) -> None:
    line = WaitingLine(seats=1, longest=2, per_visitor=9)
    stack.enter_context(line.join("a"))
    with line.join("b"):
        last = stack.enter_context(line.join("c"))
        assert last.wait(0) == 2
    assert last.wait(0) == 1


def test_waiting_ends_as_soon_as_there_is_a_seat(until: Callable[..., None]) -> None:
    line = WaitingLine(seats=1, longest=1, per_visitor=9)
    found: list[int] = []
    with ExitStack() as first:
        first.enter_context(line.join("a"))
        with line.join("b") as ticket:
            waiter = threading.Thread(target=lambda: found.append(ticket.wait(60)))
            waiter.start()
            first.close()
            waiter.join(20)
    assert found == [0]


def test_a_full_line_is_one_sentence(stack: ExitStack) -> None:
    line = WaitingLine(seats=1, longest=1, per_visitor=9)
    stack.enter_context(line.join("a"))
    stack.enter_context(line.join("b"))
    with pytest.raises(UserError, match="1 questions are waiting already"):
        stack.enter_context(line.join("c"))


def test_a_visitor_has_a_limit_and_callers_without_a_name_have_none(stack: ExitStack) -> None:
    line = WaitingLine(seats=9, longest=9, per_visitor=2)
    for name in ("a", "a", None, None, None, "b"):
        stack.enter_context(line.join(name))
    with pytest.raises(UserError, match="2 of your questions"):
        stack.enter_context(line.join("a"))


def test_nothing_is_lost_when_many_come_and_go() -> None:
    line = WaitingLine(seats=3, longest=100, per_visitor=100)
    seated: list[int] = []
    most: list[int] = []

    def visit() -> None:
        for _ in range(20):
            with line.join("a") as ticket:
                while ticket.wait(0.05):
                    pass
                seated.append(1)
                most.append(len(seated))
                seated.pop()

    threads = [threading.Thread(target=visit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) <= 3
    with line.join("a") as ticket:
        assert isinstance(ticket, QueueTicket)
        assert ticket.wait(0) == 0
