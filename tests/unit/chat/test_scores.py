"""Scores of answers: computed once, by one scorer, and remembered."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from ftdemo.chat import scores as chat_scores
from ftdemo.chat.scores import Scores
from ftdemo.rewards.registry import RewardRegistry
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.conversations import Message

PROMPT = ({"role": "user", "content": "Who?"},)


class Scorer:
    """Scores an answer by its length, and is slow to be made."""

    made = 0
    asked: Sequence[str] = ()

    def __init__(self, base: object) -> None:
        threading.Event().wait(0.2)
        Scorer.made += 1

    def scores(self, folder: Path, prompt: Sequence[dict[str, str]], answers: Sequence[str]) -> list[float]:
        Scorer.asked = [*Scorer.asked, *answers]
        return [float(len(answer)) for answer in answers]


@pytest.fixture
def scores(store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Scores:
    monkeypatch.setattr(chat_scores, "RewardScorer", Scorer)
    monkeypatch.setattr(chat_scores, "ensure_base_model", lambda settings: None)
    monkeypatch.setattr(RewardRegistry, "folder", lambda self, name: Path(name))
    Scorer.made, Scorer.asked = 0, ()
    return Scores(store, settings, RewardRegistry(store, settings))


def test_whoever_asks_first_at_the_same_time_shares_one_base_model(scores: Scores) -> None:
    together = threading.Barrier(4)
    found: list[float] = []

    def ask() -> None:
        together.wait()
        found.extend(scores.rank("taste")(PROMPT, ["Yes."]))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [4.0] * 4
    assert Scorer.made == 1


def test_a_score_is_computed_once_and_what_left_the_chat_never(
    scores: Scores, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = store.conversations.start("Who?")
    given = [
        Message(1, "user", "Who?"),
        Message(1, "assistant", "Gone.", place="gone", prompt=PROMPT),
        Message(1, "assistant", "Ann.", prompt=PROMPT),
        Message(1, "assistant", "", prompt=PROMPT),
    ]
    numbers = store.conversations.add(conversation.id, given)
    known = scores.known("taste")
    assert known(numbers[2]) is None
    for _ in range(2):
        scores.compute(conversation.id, "taste")
    assert list(map(known, numbers)) == [None, None, 4.0, None]
    assert Scorer.asked == ["Ann."]
    assert scores.known("other taste")(numbers[2]) is None


def test_the_oldest_scores_are_forgotten(
    scores: Scores, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_scores, "MOST_REMEMBERED", 2)
    conversation = store.conversations.start("Who?")
    given = [Message(turn, "assistant", "Ann.", prompt=PROMPT) for turn in (1, 2, 3)]
    numbers = store.conversations.add(conversation.id, given)
    scores.compute(conversation.id, "taste")
    assert [scores.known("taste")(number) for number in numbers] == [None, 4.0, 4.0]
