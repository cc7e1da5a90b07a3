"""Turns of answers, with a server that only notes what it is asked."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ftdemo.engines import GenerationSettings
from ftdemo.engines.llama.files import LlamaFiles
from ftdemo.engines.llama.pool import LlamaPool
from ftdemo.engines.llama.rounds import PART, SLICE, LlamaGeneration, Rounds
from ftdemo.engines.llama.server import SLOTS, Piece
from ftdemo.engines.llama.slots import Slots

BASE = LlamaFiles(Path("base.gguf"))
LONG = list(range(5 * PART + 10))


class Server:
    """Answers with as many tokens as it may."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int, int]] = []
        self.lock = threading.Lock()
        self.before: Callable[[int], None] = lambda slot: None

    def generate(
        self, slot: int, adapter: int | None, prompt: Sequence[int], tokens: int, settings: Any, heard: Any
    ) -> bool:
        self.before(slot)
        with self.lock:
            self.asked.append((slot, len(prompt), tokens))
        for token in range(tokens):
            if heard(Piece(1000 + token, "x")):
                break
        return False


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def rounds(server: Server) -> Iterator[Rounds]:
    pool = LlamaPool(lambda model, adapters: server, 8192)  # type: ignore[arg-type, return-value]
    rounds = Rounds(pool, {0}, lambda piece: [piece.token])
    yield rounds
    rounds.close()


class Asked:
    """An answer, what was heard of it, and its end."""

    def __init__(self, prompt: Sequence[int], tokens: int) -> None:
        self.heard: list[Any] = []
        self.ended = threading.Event()
        self.cancelled = threading.Event()
        self.generation = LlamaGeneration(
            BASE, prompt, GenerationSettings(max_new_tokens=tokens), self.cancelled, self.hear
        )

    def hear(self, what: Any) -> None:
        self.heard.append(what)
        if not isinstance(what, int):
            self.ended.set()

    def wait(self) -> list[Any]:
        assert self.ended.wait(20)
        return self.heard


def test_a_long_prompt_is_read_in_parts_and_the_tokens_after_them_are_not_told(
    rounds: Rounds, server: Server
) -> None:
    asked = Asked(LONG, SLICE)
    rounds.submit(asked.generation)
    assert asked.wait() == [1000, 1001, 1002, 1003, "length"]
    parts = [(0, PART * number, 1) for number in range(1, 6)]
    assert server.asked == [*parts, (0, len(LONG), SLICE)]


def test_others_get_their_tokens_between_the_parts(rounds: Rounds, server: Server) -> None:
    short, long = Asked([1, 2, 3], 100), Asked(LONG, SLICE)
    rounds.submit(short.generation, long.generation)
    long.wait()
    short.wait()
    first = server.asked.index((1, len(LONG), SLICE))
    between = [slot for slot, _, _ in server.asked[:first]]
    assert between.count(0) >= between.count(1) == 5


def test_what_a_slot_has_read_needs_no_parts(rounds: Rounds, server: Server) -> None:
    first = Asked(LONG, SLICE)
    rounds.submit(first.generation)
    first.wait()
    server.asked.clear()
    following = Asked([*first.generation.tokens[:-1], *range(PART)], SLICE)
    rounds.submit(following.generation)
    following.wait()
    assert server.asked == [(0, len(LONG) + SLICE - 1 + PART, SLICE)]


def test_an_answer_cancelled_while_its_prompt_is_read_leaves_what_was_read(
    rounds: Rounds, server: Server
) -> None:
    asked = Asked(LONG, SLICE)
    server.before = lambda slot: asked.cancelled.set() if len(server.asked) == 2 else None
    rounds.submit(asked.generation)
    assert asked.wait() == ["cancelled"]
    server.before = lambda slot: None
    server.asked.clear()
    again = Asked(LONG, SLICE)
    rounds.submit(again.generation)
    again.wait()
    assert server.asked[0] == (0, 4 * PART, 1)


@pytest.mark.parametrize("method", ["take", "read", "note"])
def test_an_error_between_rounds_reaches_all_who_wait_and_frees_their_slots(
    rounds: Rounds, server: Server, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(Slots, method, fail)
        asked = [Asked([number, 2, 3], 3 * SLICE) for number in range(SLOTS + 3)]
        rounds.submit(*(one.generation for one in asked))
        for one in asked:
            assert str(one.wait()[-1]) == "out of memory"
    following = [Asked([number, 5, 6], SLICE) for number in range(SLOTS)]
    rounds.submit(*(one.generation for one in following))
    assert {one.wait()[-1] for one in following} == {"length"}


def test_who_asks_after_the_end_is_told_at_once(server: Server) -> None:
    pool = LlamaPool(lambda model, adapters: server, 8192)  # type: ignore[arg-type, return-value]
    rounds = Rounds(pool, {0}, lambda piece: [piece.token])
    asked = Asked([1, 2, 3], 5_000)
    server.before = lambda slot: closing.start() if len(server.asked) == 3 else None
    closing = threading.Thread(target=rounds.close)
    rounds.submit(asked.generation)
    assert asked.wait()[-1] == "cancelled"
    closing.join(20)
    assert not closing.is_alive()
    with pytest.raises(RuntimeError, match="closed"):
        rounds.submit(Asked([1], 1).generation)


class PanicError(BaseException):
    """What a panic in a library written in Rust is raised as: no Exception."""


def test_a_panic_and_a_failure_to_forget_leave_nobody_waiting(
    rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    def panic(*_: object) -> None:
        raise PanicError("index out of bounds")

    def fail(*_: object) -> None:
        raise RuntimeError("cannot be forgotten")

    with monkeypatch.context() as patch:
        patch.setattr(Slots, "take", panic)
        patch.setattr(LlamaPool, "free_slots", fail)
        asked = [Asked([number], SLICE) for number in range(3)]
        rounds.submit(*(one.generation for one in asked))
        for one in asked:
            (why,) = one.wait()
            assert isinstance(why, RuntimeError)
            assert str(why) == "PanicError: index out of bounds"
    following = Asked([1], SLICE)
    rounds.submit(following.generation)
    assert following.wait()[-1] == "length"
