import threading
from collections.abc import Iterator, Sequence

import pytest

from ftdemo.chat.dialogue import Chat, ChatSettings, undo
from ftdemo.chat.scores import Scores
from ftdemo.chat.turns import Turn, turns_of
from ftdemo.chat.votes import Ballot
from ftdemo.engines.protocol import ChatRequest, GenerationSettings, TokenEvent
from ftdemo.errors import NotFoundError, UserError
from ftdemo.feedback import FeedbackLibrary
from ftdemo.rewards.registry import RewardRegistry
from ftdemo.samples import SampleLibrary
from ftdemo.settings import Settings
from ftdemo.store import Store

WARM = GenerationSettings(temperature=0.7, seed=5)


class Echo:
    """Answers with the model's name, its seed and how many messages it was given."""

    def __init__(self) -> None:
        self.asked: list[ChatRequest] = []

    def stream(
        self, requests: Sequence[ChatRequest], settings: GenerationSettings, cancelled: threading.Event
    ) -> Iterator[TokenEvent]:
        self.asked.extend(requests)
        for side, request in enumerate(requests):
            yield TokenEvent(side, f"{request.model} {request.seed}", 2, 1.0, 0.1, "stop")


@pytest.fixture
def engine() -> Echo:
    return Echo()


@pytest.fixture
def chat(store: Store, engine: Echo) -> Chat:
    def rank(prompt: Sequence[dict[str, str]], answers: Sequence[str]) -> list[float]:
        return [float(answer.endswith("7")) for answer in answers]

    return Chat(store, engine, {"base": "v1", "b": "v2"}.get, rank)  # type: ignore[arg-type]


@pytest.fixture
def scores(store: Store, settings: Settings) -> Scores:
    return Scores(store, settings, RewardRegistry(store, settings))


@pytest.fixture
def ballot(store: Store, scores: Scores) -> Ballot:
    return Ballot(store, FeedbackLibrary(store), SampleLibrary(store, 1), scores)


def done(turns: Iterator[Turn]) -> Turn:
    return list(turns)[-1]


def ask(chat: Chat, question: str, known: Turn | None = None, **settings: object) -> Turn:
    wanted = ChatSettings(**{"generation": WARM, **settings})  # type: ignore[arg-type]
    return done(chat.ask(question, wanted, threading.Event(), known.conversation_id if known else None))


def shown(store: Store, turn: Turn) -> list[tuple[str, list[str]]]:
    turns = turns_of(store.conversations.get(turn.conversation_id or 0))
    return [(turn.question, [answer.text for answer in turn.answers]) for turn in turns]


def test_a_chat_goes_on_with_the_system_prompt_in_front(chat: Chat, engine: Echo, store: Store) -> None:
    first = ask(chat, "q1", system=" Be short. ")
    ask(chat, "q2", first, model="b", system="Be long.")
    assert [message["content"] for message in engine.asked[-1].messages] == ["Be long.", "q1", "base 5", "q2"]
    saved = store.conversations.get(first.conversation_id or 0).messages
    assert saved[1].prompt == (
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "q1"},
    )
    assert saved[1].model_version == "v1"
    assert saved[1].generation is not None
    assert saved[1].generation["seed"] == 5


def test_answered_again_the_answer_is_another_and_the_first_keeps_its_votes(
    chat: Chat, engine: Echo, store: Store
) -> None:
    first = ask(chat, "q1")
    feedback = FeedbackLibrary(store)
    feedback.vote("down", "me", message_id=first.answers[0].message_id)
    again = done(chat.again(first.conversation_id or 0, ChatSettings(generation=WARM), threading.Event()))
    assert again.answers[0].text == "base 6"
    assert shown(store, first) == [("q1", ["base 6"])]
    assert [message["content"] for message in engine.asked[-1].messages] == ["q1"]
    done(chat.again(first.conversation_id or 0, ChatSettings(generation=WARM), threading.Event()))
    assert shown(store, first) == [("q1", ["base 7"])]
    assert feedback.counts()[0].down == 1


def test_an_edited_question_takes_what_followed_with_it(chat: Chat, engine: Echo, store: Store) -> None:
    first = ask(chat, "q1")
    ask(chat, "q2", first)
    ask(chat, "q3", first)
    done(chat.edit(first.conversation_id or 0, 2, "other", ChatSettings(generation=WARM), threading.Event()))
    assert shown(store, first) == [("q1", ["base 5"]), ("other", ["base 5"])]
    assert [message["content"] for message in engine.asked[-1].messages] == ["q1", "base 5", "other"]
    with pytest.raises(NotFoundError, match="no question 2"):
        chat.edit(first.conversation_id or 0, 2, "x", ChatSettings(), threading.Event())


def test_the_last_question_is_taken_back(chat: Chat, store: Store) -> None:
    first = ask(chat, "q1")
    ask(chat, "q2", first)
    assert undo(store, first.conversation_id or 0) == "q2"
    assert shown(store, first) == [("q1", ["base 5"])]
    assert undo(store, first.conversation_id or 0) == "q1"
    with pytest.raises(NotFoundError, match="Nothing has been asked"):
        undo(store, first.conversation_id or 0)
    ask(chat, "q3", first)
    assert shown(store, first) == [("q3", ["base 5"])]


@pytest.mark.parametrize(("choice", "goes_on"), [("left", 0), ("right", 1), ("tie", 0), ("bad", None)])
def test_a_chat_goes_on_from_the_answer_that_was_chosen(
    chat: Chat, engine: Echo, ballot: Ballot, choice: str, goes_on: int | None
) -> None:
    first = ask(chat, "q1", against="base")
    assert sorted(answer.text for answer in first.answers) == ["base 5", "base 6"]
    (judged,) = ballot.judged(first.conversation_id, "me")
    assert judged.blind
    ballot.choose(first.conversation_id or 0, 1, choice, "me")  # type: ignore[arg-type]
    (judged,) = ballot.judged(first.conversation_id, "me")
    assert judged.choice == choice
    assert not judged.blind
    assert len(judged.answers) == 2
    (other,) = ballot.judged(first.conversation_id, "somebody else")
    assert other.choice is None
    ask(chat, "q2", first)
    seen = [message["content"] for message in engine.asked[-1].messages]
    assert seen == (["q2"] if goes_on is None else ["q1", first.answers[goes_on].text, "q2"])


def test_which_of_two_models_is_left_is_left_to_chance(chat: Chat) -> None:
    left = {ask(chat, "q", against="b").answers[0].model for _ in range(40)}
    assert left == {"base", "b"}


def test_of_several_answers_the_one_that_scores_highest_stays(chat: Chat, store: Store) -> None:
    turn = ask(chat, "q1", tries=4, reward="taste")
    assert [answer.place for answer in turn.answers] == ["gone", "gone", "line", "gone"]
    assert shown(store, turn) == [("q1", ["base 7"])]


def test_a_choice_needs_two_answers(chat: Chat, ballot: Ballot) -> None:
    turn = ask(chat, "q1")
    with pytest.raises(NotFoundError, match="no two answers"):
        ballot.choose(turn.conversation_id or 0, 1, "left", "me")


def test_a_voter_sees_their_own_votes(
    chat: Chat, store: Store, ballot: Ballot, scores: Scores, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = ask(chat, "q1")
    feedback = FeedbackLibrary(store)
    number = turn.answers[0].message_id
    feedback.vote("up", "me", message_id=number, reasons=["helpful"])
    feedback.correct("better", "me", message_id=number)
    monkeypatch.setattr(scores, "known", lambda reward: {number: 0.5}.get)
    ((mine,),) = (judged.answers for judged in ballot.judged(turn.conversation_id, "me", "taste"))
    assert mine.vote is not None
    assert (mine.vote.vote, mine.correction, mine.score) == ("up", "better", 0.5)
    ((theirs,),) = (judged.answers for judged in ballot.judged(turn.conversation_id, "somebody else"))
    assert (theirs.vote, theirs.correction, theirs.score) == (None, None, None)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tries": 9, "reward": "r"}, "9 answers are to be tried"),
        ({"tries": 2}, "no reward model is chosen"),
        ({"tries": 2, "reward": "r", "against": "b"}, "cannot be had at once"),
        ({"against": "base", "generation": GenerationSettings()}, "same answer each time"),
        ({"system": "x" * 4001}, "4,001 characters"),
    ],
)
def test_settings_that_contradict_each_other(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        ChatSettings(**{"generation": WARM, **settings})  # type: ignore[arg-type]
