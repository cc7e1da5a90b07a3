"""Who comes when: long prompts in parts, limits on rows, room and models, cancelling, closing."""

import threading
from typing import Any

import pytest

from ftdemo.engines import GenerationSettings
from ftdemo.engines.transformers import adapters, steps
from ftdemo.engines.transformers.pool import ModelPool
from ftdemo.engines.transformers.steps import Steps, TunedGeneration
from ftdemo.models.base import BaseModel
from ftdemo.weights.tuned_files import TunedFiles

from .answers import END, LONG, OTHER, PART, SHORT, Answer, begin, generated


def test_a_second_answer_begins_before_the_first_has_ended(running: Steps) -> None:
    log: list[tuple[Answer, Any]] = []
    first = begin(running, OTHER, GenerationSettings(max_new_tokens=60), log=log)
    second = begin(running, SHORT, GenerationSettings(max_new_tokens=2), log=log)
    first.wait()
    second.wait()
    order = [who for who, _ in log]
    assert order.index(second) < len(order) - 1 - order[::-1].index(first)


def test_tokens_of_others_come_between_the_parts_of_a_long_prompt(running: Steps) -> None:
    log: list[tuple[Answer, Any]] = []
    first, began = Answer(log), threading.Event()
    late: list[Answer] = []

    def join(count: int) -> None:
        if count == 2:
            late.append(begin(running, LONG, log=log))
            began.set()

    first.when = join
    settings = GenerationSettings(max_new_tokens=40)
    running.submit(TunedGeneration(None, SHORT, settings, first.cancelled, first.hear))
    assert began.wait(60)
    late[0].wait()
    order = [who for who, _ in log]
    assert order[: order.index(late[0])].count(first) >= 2 + len(LONG) // PART


def test_a_short_prompt_passes_a_long_one(pool: ModelPool) -> None:
    running = Steps(pool, "cpu", {END}, part=4)
    log: list[tuple[Answer, Any]] = []
    slow, quick = begin(running, LONG, log=log), begin(running, SHORT, log=log)
    slow.wait()
    quick.wait()
    assert log[0][0] is quick
    running.close()


def test_adapters_in_use_do_not_leave_and_others_do(
    running: Steps, pool: ModelPool, tuned: dict[str, TunedFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters, "MAX_ADAPTERS", 2)
    names = "abcdefghijk"
    alone = {name: begin(running, OTHER, files=tuned[name]).wait() for name in names}
    answers = {name: begin(running, OTHER, files=tuned[name]) for name in names}
    assert {name: answer.wait() for name, answer in answers.items()} == alone
    begin(running, OTHER, files=tuned["l"]).wait()
    assert len(pool.adapters(None)._loaded) == 2


def test_more_changed_models_than_fit_wait_and_let_the_base_pass(
    running: Steps, tuned: dict[str, TunedFiles], pool: ModelPool
) -> None:
    alone = {name: begin(running, OTHER, files=tuned[name]).wait() for name in "xyz"}
    long = GenerationSettings(max_new_tokens=300)
    holders = [begin(running, OTHER, long, tuned[name]) for name in "xy"]
    waiting = begin(running, OTHER, files=tuned["z"])
    begin(running, SHORT, GenerationSettings(max_new_tokens=2)).wait()
    assert not waiting.tokens
    assert len(pool._changed) == 2
    for holder in holders:
        holder.cancelled.set()
    assert waiting.wait() == alone["z"]
    assert len(pool._changed) == 2


def test_cancelling_ends_one_answer_and_frees_its_row(running: Steps, base: BaseModel) -> None:
    endless = GenerationSettings(max_new_tokens=900)
    for _ in range(2 * steps.MOST_ROWS):
        answer = Answer()
        answer.when = lambda count, mine=answer: mine.cancelled.set() if count == 2 else None  # type: ignore[misc]
        running.submit(TunedGeneration(None, SHORT, endless, answer.cancelled, answer.hear))
        assert len(answer.wait()) == 2
        assert answer.end == "cancelled"
    other = begin(running, OTHER)
    assert other.wait() == generated(base, OTHER)


def test_an_answer_that_waits_can_be_cancelled(running: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "MOST_ROWS", 1)
    holder = begin(running, SHORT, GenerationSettings(max_new_tokens=900))
    waiting = begin(running, SHORT)
    waiting.cancelled.set()
    assert waiting.wait() == []
    assert waiting.end == "cancelled"
    holder.cancelled.set()
    holder.wait()


@pytest.mark.parametrize(("limit", "most"), [("MOST_ROWS", 3), ("MOST_ROOM", 100), ("MOST_ROOM", 1)])
def test_more_answers_than_fit_wait_in_order(
    running: Steps, base: BaseModel, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    monkeypatch.setattr(steps, limit, most)
    log: list[tuple[Answer, Any]] = []
    answers = [begin(running, SHORT, log=log) for _ in range(7)]
    assert [answer.wait() for answer in answers] == [generated(base, SHORT)] * 7
    assert list(dict.fromkeys(who for who, _ in log)) == answers
    assert [who for who, what in log if isinstance(what, str)] == answers


def test_closing_ends_the_answers_and_the_thread(pool: ModelPool) -> None:
    running = Steps(pool, "cpu", {END}, PART)
    answer = begin(running, SHORT, GenerationSettings(max_new_tokens=900))
    running.close()
    answer.wait()
    assert answer.end == "cancelled"
    assert not running._thread.is_alive()
    with pytest.raises(RuntimeError, match="closed"):
        begin(running, SHORT)
