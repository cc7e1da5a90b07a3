import threading
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ftdemo.chat.room import COMPARE, ChatRoom
from ftdemo.chat.running import Running
from ftdemo.chat.scores import Scores
from ftdemo.chat.turns import Answer, Turn, turns_of
from ftdemo.engines.protocol import ChatRequest, GenerationSettings, TokenEvent
from ftdemo.errors import NotFoundError, UserError
from ftdemo.rewards.registry import RewardRegistry
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.conversations import Conversation

SETTINGS = GenerationSettings(max_new_tokens=50, temperature=0.5, seed=3)


class Scripted:
    """An engine that says what it was told to, a word a step, all sides in turn."""

    description = "a script"

    def __init__(self, answers: dict[str, str], error: Exception | None = None, error_after: int = 0) -> None:
        self.answers = answers
        self.error = error
        self.error_after = error_after
        self.asked: list[list[ChatRequest]] = []
        self.settings: list[GenerationSettings] = []
        self.closed = 0

    def stream(
        self, requests: Sequence[ChatRequest], settings: GenerationSettings, cancelled: threading.Event
    ) -> Iterator[TokenEvent]:
        self.asked.append(list(requests))
        self.settings.append(settings)
        words = [self.answers[request.model].split() for request in requests]
        try:
            for step in range(max(map(len, words)) + 1):
                if self.error is not None and step == self.error_after:
                    raise self.error
                if cancelled.is_set():
                    for side, mine in enumerate(words):
                        yield self.event(side, mine[:step], "cancelled")
                    return
                for side, mine in enumerate(words):
                    if step < len(mine):
                        yield self.event(side, mine[: step + 1])
                    elif step == len(mine):
                        yield self.event(side, mine, "stop")
        finally:
            self.closed += 1

    @staticmethod
    def event(side: int, words: list[str], reason: str | None = None) -> TokenEvent:
        return TokenEvent(side, " ".join(words), len(words), 10.0, 0.25, reason)  # type: ignore[arg-type]


def room(engine: Scripted, store: Store, running: Running | None = None) -> ChatRoom:
    """A room in which whoever is in the script can be asked."""
    settings = Settings(Path("nowhere"))
    scores = Scores(store, settings, RewardRegistry(store, settings))
    models: Any = SimpleNamespace(files=lambda name: None, version=lambda name: None)
    return ChatRoom(store, settings, lambda: engine, scores, running or Running(), models)


def ask(
    engine: Scripted, store: Store, question: str, models: Sequence[str], conversation_id: int | None = None
) -> Turn:
    return list(room(engine, store).compare(question, models, SETTINGS, conversation_id))[-1]


def contents(request: ChatRequest) -> list[str]:
    roles = [message["role"] for message in request.messages]
    assert roles == [("user", "assistant")[i % 2] for i in range(len(roles))]
    return [message["content"] for message in request.messages]


def saved_of(store: Store, turn: Turn) -> Conversation:
    assert turn.conversation_id is not None
    return store.conversations.get(turn.conversation_id)


def conversations(store: Store) -> int:
    return store.database.table("conversations").count


def test_turn_grows_token_by_token_to_the_whole_answers(store: Store) -> None:
    engine = Scripted({"base": "I guess so", "pavan": "Yes"})
    turns = list(room(engine, store).compare("  Is it?\n", ["base", "pavan"], SETTINGS))
    assert {turn.question for turn in turns} == {"Is it?"}
    assert [[answer.text for answer in turn.answers] for turn in turns[:3]] == [
        ["I", ""],
        ["I", "Yes"],
        ["I guess", "Yes"],
    ]
    assert turns[-1].answers == (
        Answer("base", "I guess so", 3, 10.0, 0.25, "stop", message_id=2),
        Answer("pavan", "Yes", 1, 10.0, 0.25, "stop", message_id=3),
    )
    assert {answer.message_id for turn in turns[:-1] for answer in turn.answers} == {None}
    assert engine.settings == [SETTINGS]


def test_turn_is_saved_as_it_was_shown(store: Store) -> None:
    turn = ask(Scripted({"base": "I guess so", "pavan": "Yes"}), store, "Is it?", ["pavan", "base"])
    saved = saved_of(store, turn)
    assert turns_of(saved) == [turn]
    assert saved.title == "Is it?"
    assert saved.messages[1].generation == {"max_new_tokens": 50, "temperature": 0.5, "top_p": 1.0, "seed": 3}


def test_each_side_sees_its_own_history_over_several_turns(store: Store) -> None:
    engine = Scripted({"a": "A1", "b": "B1"})
    first = ask(engine, store, "q1", ["a", "b"])
    engine.answers = {"a": "A2", "b": "B2", "c": "C2"}
    second = ask(engine, store, "q2", ["c", "a"], first.conversation_id)
    engine.answers = {"a": "A3", "b": "B3", "c": "C3"}
    third = ask(engine, store, "q3", ["a", "b", "c"], first.conversation_id)

    assert {first.conversation_id, second.conversation_id, third.conversation_id} == {first.conversation_id}
    assert [{r.model: contents(r) for r in requests} for requests in engine.asked] == [
        {"a": ["q1"], "b": ["q1"]},
        {"c": ["q2"], "a": ["q1", "A1", "q2"]},
        {
            "a": ["q1", "A1", "q2", "A2", "q3"],
            "b": ["q1", "B1", "q3"],
            "c": ["q2", "C2", "q3"],
        },
    ]
    assert turns_of(saved_of(store, first)) == [first, second, third]
    assert conversations(store) == 1


def test_cancelled_turn_keeps_what_there_is(store: Store) -> None:
    running = Running()
    turns = []
    engine = Scripted({"a": "one two three four", "b": "un deux trois"})
    for turn in room(engine, store, running).compare("Count.", ["a", "b"], SETTINGS, session="mine"):
        turns.append(turn)
        if turn.answers[1].text == "un deux":
            running.cancel("mine", COMPARE)
    assert [(answer.text, answer.finish_reason) for answer in turns[-1].answers] == [
        ("one two", "cancelled"),
        ("un deux", "cancelled"),
    ]
    assert turns_of(saved_of(store, turns[-1])) == [turns[-1]]


def test_turn_is_saved_and_the_engine_freed_when_the_reader_leaves(store: Store) -> None:
    engine = Scripted({"a": "one two three", "b": "un"})
    reader = room(engine, store).compare("Count.", ["a", "b"], SETTINGS)
    assert isinstance(reader, Generator)
    turn = next(turn for turn in reader if turn.answers[0].text == "one two")
    reader.close()
    assert engine.closed == 1
    (saved,) = turns_of(saved_of(store, turn))
    assert [(answer.text, answer.finish_reason) for answer in saved.answers] == [
        ("one two", "cancelled"),
        ("un", "cancelled"),
    ]


def test_error_in_the_middle_is_raised_and_what_there_is_saved(store: Store) -> None:
    engine = Scripted({"a": "one two three"}, RuntimeError("out of memory"), error_after=2)
    with pytest.raises(RuntimeError, match="out of memory"):
        ask(engine, store, "Count.", ["a"])
    (saved,) = turns_of(store.conversations.get(1))
    assert saved.answers[0].text == "one two"


def test_question_that_the_engine_refuses_leaves_no_conversation(store: Store) -> None:
    refusal = UserError("The conversation is too long.", "Start a new one.")
    with pytest.raises(UserError, match="too long"):
        ask(Scripted({"a": "x"}, refusal), store, "q", ["a"])
    assert conversations(store) == 0


def test_refused_question_leaves_the_conversation_as_it_was(store: Store) -> None:
    first = ask(Scripted({"a": "x"}), store, "q1", ["a"])
    with pytest.raises(UserError):
        ask(Scripted({"a": "x"}, UserError("No.", "No.")), store, "q2", ["a"], first.conversation_id)
    assert turns_of(saved_of(store, first)) == [first]


@pytest.mark.parametrize(
    ("question", "models", "in_message"),
    [
        ("", ["a"], "question is empty"),
        (" \n\t", ["a"], "question is empty"),
        ("q", [], "0 models are asked"),
        ("q", ["a", "b", "c", "d", "e"], "5 models are asked"),
    ],
)
def test_what_cannot_be_asked(store: Store, question: str, models: list[str], in_message: str) -> None:
    engine = Scripted({})
    with pytest.raises(UserError, match=in_message):
        ask(engine, store, question, models)
    assert engine.asked == []
    assert conversations(store) == 0


def test_unknown_conversation(store: Store) -> None:
    with pytest.raises(NotFoundError):
        ask(Scripted({"a": "x"}), store, "q", ["a"], 17)


def test_model_named_twice_is_asked_once(store: Store) -> None:
    engine = Scripted({"a": "x", "b": "y"})
    turn = ask(engine, store, "q", ["b", "a", "b", "b", "a"])
    assert [answer.model for answer in turn.answers] == ["b", "a"]
    assert [request.model for request in engine.asked[0]] == ["b", "a"]
