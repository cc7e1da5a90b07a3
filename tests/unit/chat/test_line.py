import threading
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from ftdemo.chat.line import Line, Place
from ftdemo.errors import UserError


@pytest.fixture
def stack() -> ExitStack:
    return ExitStack()


def test_the_first_have_seats_and_the_others_wait_in_the_order_they_came(stack: ExitStack) -> None:
    line = Line(seats=2, longest=3, per_visitor=9)
    places = [stack.enter_context(line.place(name)) for name in "abcd"]
    assert [place.wait(0) for place in places] == [0, 0, 1, 2]


def test_who_leaves_makes_room(stack: ExitStack) -> None:
    line = Line(seats=1, longest=2, per_visitor=9)
    with line.place("a"):
        second, third = (stack.enter_context(line.place(name)) for name in "bc")
        assert (second.wait(0), third.wait(0)) == (1, 2)
    assert (second.wait(0), third.wait(0)) == (0, 1)


def test_who_gives_up_waiting_leaves_no_gap(stack: ExitStack) -> None:
    line = Line(seats=1, longest=2, per_visitor=9)
    stack.enter_context(line.place("a"))
    with line.place("b"):
        last = stack.enter_context(line.place("c"))
        assert last.wait(0) == 2
    assert last.wait(0) == 1


def test_waiting_ends_as_soon_as_there_is_a_seat(until: Callable[..., None]) -> None:
    line = Line(seats=1, longest=1, per_visitor=9)
    found: list[int] = []
    with ExitStack() as first:
        first.enter_context(line.place("a"))
        with line.place("b") as place:
            waiter = threading.Thread(target=lambda: found.append(place.wait(60)))
            waiter.start()
            first.close()
            waiter.join(20)
    assert found == [0]


def test_a_full_line_is_one_sentence(stack: ExitStack) -> None:
    line = Line(seats=1, longest=1, per_visitor=9)
    stack.enter_context(line.place("a"))
    stack.enter_context(line.place("b"))
    with pytest.raises(UserError, match="1 questions are waiting already"):
        stack.enter_context(line.place("c"))


def test_a_visitor_has_a_limit_and_callers_without_a_name_have_none(stack: ExitStack) -> None:
    line = Line(seats=9, longest=9, per_visitor=2)
    for name in ("a", "a", None, None, None, "b"):
        stack.enter_context(line.place(name))
    with pytest.raises(UserError, match="2 of your questions"):
        stack.enter_context(line.place("a"))


def test_nothing_is_lost_when_many_come_and_go() -> None:
    line = Line(seats=3, longest=100, per_visitor=100)
    seated: list[int] = []
    most: list[int] = []

    def visit() -> None:
        for _ in range(20):
            with line.place("a") as place:
                while place.wait(0.05):
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
    with line.place("a") as place:
        assert isinstance(place, Place)
        assert place.wait(0) == 0
