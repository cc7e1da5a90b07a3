"""What is cancelled with what: a session's tasks are apart, and end together with the session."""

from contextlib import ExitStack

import pytest

from ftdemo.chat.running import Running


@pytest.fixture
def running() -> Running:
    return Running()


def test_stopping_one_task_leaves_the_others_and_other_sessions(running: Running) -> None:
    with (
        running.cancellable("me", "compare") as compare,
        running.cancellable("me", "chat") as chat,
        running.cancellable("you", "compare") as yours,
    ):
        running.cancel("me", "compare")
        assert (compare.is_set(), chat.is_set(), yours.is_set()) == (True, False, False)


def test_a_task_begun_anew_ends_what_it_was_and_nothing_else(running: Running) -> None:
    with (
        running.cancellable("me", "chat") as first,
        running.cancellable("me", "import samples") as importing,
        running.cancellable("me", "chat") as second,
    ):
        assert (first.is_set(), importing.is_set(), second.is_set()) == (True, False, False)


def test_a_session_that_ends_ends_all_of_its_tasks(running: Running) -> None:
    tasks = ("compare", "chat", "check samples", "import samples", "import feedback")
    with ExitStack() as stack:
        mine = [stack.enter_context(running.cancellable("me", task)) for task in tasks]
        yours = stack.enter_context(running.cancellable("you", "chat"))
        nobodys = stack.enter_context(running.cancellable(None, "chat"))
        running.cancel("me")
        assert all(event.is_set() for event in mine)
        assert not yours.is_set()
        assert not nobodys.is_set()


def test_the_end_of_the_first_leaves_the_second_its_name(running: Running) -> None:
    first = running.cancellable("me", "chat")
    first.__enter__()
    with running.cancellable("me", "chat") as second:
        first.__exit__(None, None, None)
        assert not second.is_set()
        running.cancel("me", "chat")
        assert second.is_set()
    running.cancel("me", "chat")
    assert running._events == {}
