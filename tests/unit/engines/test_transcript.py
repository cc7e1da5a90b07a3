from types import SimpleNamespace

import pytest

from ftdemo.engines.protocol import TokenEvent
from ftdemo.engines.transcript import Transcript

END = 0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Time that stands still until `now` is set."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr("ftdemo.engines.transcript.time", SimpleNamespace(perf_counter=lambda: clock.now))
    return clock


def decode(tokens: list[int]) -> str:
    """Each token is a byte of UTF-8, so that most characters need several."""
    return bytes(tokens).decode("utf-8", errors="replace")


def feed(transcript: Transcript, text: str | bytes) -> list[TokenEvent]:
    data = text.encode() if isinstance(text, str) else text
    return [transcript.add(token, token == END) for token in data]


@pytest.mark.parametrize("text", ["plain", "é", "中文", "a😀b", "नमस्ते", "e\u0301"])
def test_half_a_character_is_never_shown(text: str) -> None:
    events = feed(Transcript(0, 0.0, decode), text)
    for event in events:
        assert "\ufffd" not in event.text
        assert text.startswith(event.text)
    assert events[-1].text == text
    assert [event.tokens for event in events] == list(range(1, len(text.encode()) + 1))


def test_half_a_character_at_the_end_is_shown_as_what_it_is() -> None:
    transcript = Transcript(0, 0.0, decode)
    assert feed(transcript, "a中".encode()[:-1])[-1].text == "a"
    assert transcript.finish("length").text == "a\ufffd"


def test_end_token_is_no_part_of_the_answer() -> None:
    transcript = Transcript(0, 0.0, decode)
    last = feed(transcript, b"Hi!" + bytes([END]))[-1]
    assert (last.text, last.tokens, last.finish_reason) == ("Hi!", 3, "stop")
    assert transcript.finish_reason == "stop"


def test_empty_answer() -> None:
    last = feed(Transcript(0, 0.0, decode), bytes([END]))[-1]
    assert (last.text, last.tokens, last.finish_reason) == ("", 0, "stop")


@pytest.mark.parametrize("reason", ["length", "cancelled"])
def test_finish_gives_the_reason_and_what_there_is(reason: str) -> None:
    transcript = Transcript(1, 0.0, decode)
    assert feed(transcript, "so far")[-1].finish_reason is None
    event = transcript.finish(reason)  # type: ignore[arg-type]
    assert (event.side, event.text, event.tokens, event.finish_reason) == (1, "so far", 6, reason)


def test_white_space_around_the_answer_is_dropped_and_that_within_stays() -> None:
    transcript = Transcript(0, 0.0, decode)
    texts = [event.text for event in feed(transcript, " \na b \n")]
    assert texts == ["", "", "a", "a ", "a b", "a b ", "a b \n"]
    assert transcript.finish("length").text == "a b"


def test_figures(clock: SimpleNamespace) -> None:
    transcript = Transcript(0, 98.0, decode)
    first = transcript.add(ord("a"), ends=False)
    assert (first.time_to_first_token_s, first.tokens_per_second) == (2.0, 0.5)
    clock.now = 103.0
    second = transcript.add(ord("b"), ends=False)
    assert (second.time_to_first_token_s, second.tokens_per_second) == (2.0, 0.4)
    clock.now = 200.0  # the other side still talks
    last = transcript.finish("cancelled")
    assert (last.time_to_first_token_s, last.tokens_per_second) == (2.0, 0.4)


def test_figures_of_a_side_that_was_cancelled_before_it_began() -> None:
    event = Transcript(0, 5.0, decode).finish("cancelled")
    assert (event.tokens, event.tokens_per_second, event.time_to_first_token_s) == (0, 0.0, 0.0)
