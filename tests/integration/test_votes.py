"""Votes through the endpoints, as other programs give them; no model answers here."""

import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from ftdemo.settings import Settings
from ftdemo.store.feedback import Vote
from ftdemo.studio import Studio
from ftdemo.ui import build
from tests.load import votes as load


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Studio, list[int], str]]:
    """The app with a saved conversation, the numbers of its answers, and its address."""
    settings = Settings(data=tmp_path_factory.mktemp("votes"), offline=True)
    _, messages = load.with_answers(settings)
    studio = Studio(settings)
    demo = build(settings, studio)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    demo.queue(default_concurrency_limit=None).launch(
        prevent_thread_lock=True, server_port=port, quiet=True, ssr_mode=False
    )
    yield studio, messages, f"http://127.0.0.1:{port}"
    demo.close()


@pytest.fixture
def client(served: tuple[Studio, list[int], str]) -> Client:
    return Client(served[2], verbose=False)


@pytest.fixture
def messages(served: tuple[Studio, list[int], str]) -> list[int]:
    return served[1]


def test_a_vote_is_given_changed_and_taken_back(client: Client, messages: list[int]) -> None:
    text = "<script>alert('x')</script> שלום"
    given = client.predict(messages[0], "up", ["helpful"], text, api_name="/vote")["vote"]
    assert (given["vote"], given["comment"], given["reasons"]) == ("up", text, ["helpful"])
    again = client.predict(messages[0], "up", ["helpful"], text, api_name="/vote")["vote"]
    assert again == given
    client.predict(messages[0], "down", api_name="/vote")
    listed = client.predict(vote="down", voters=[given["voter"]], api_name="/feedback")
    assert (listed["total"], listed["feedback"][0]["answer"]["message_id"]) == (1, messages[0])
    assert listed["feedback"][0]["answer"]["prompt"][-1]["content"] == "Question 1?"
    assert client.predict(messages[0], api_name="/withdraw_vote")["vote"]["vote"] == "withdrawn"
    assert client.predict(messages[0], api_name="/withdraw_vote")["vote"] is None


def test_clients_are_voters_of_their_own(served: tuple[Studio, list[int], str], messages: list[int]) -> None:
    voters = {
        Client(served[2], verbose=False).predict(messages[1], "up", api_name="/vote")["vote"]["voter"]
        for _ in range(2)
    }
    assert len(voters) == 2
    assert len(served[0].feedback.current_votes(message_id=messages[1])) == 2


def test_corrections_choices_and_counts(client: Client, messages: list[int]) -> None:
    assert client.predict(messages[2], "Better.", api_name="/correct")["correction"]["text"] == "Better."
    assert (
        client.predict(messages[2], messages[3], "right", api_name="/choose")["choice"]["choice"] == "right"
    )
    counted = client.predict(api_name="/feedback_counts")
    assert (counted["models"][0]["model"], counted["models"][0]["corrections"]) == ("base", 1)
    assert counted["agreement"]["share"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((99_999, "up"), "There is no message 99999"),
        ((1, "up"), "The message 1 is no answer"),
        ((2, "sideways"), "There is no vote 'sideways'"),
        ((2, "up", ["ugly"]), "There is no reason 'ugly'"),
        ((2, "up", [], "x" * 10_001), "The comment has 10,001 characters"),
    ],
)
def test_a_vote_that_cannot_be_is_a_sentence(client: Client, arguments: tuple[Any, ...], error: str) -> None:
    with pytest.raises(AppError, match=error):
        client.predict(*arguments, api_name="/vote")


def test_a_vote_is_one_plain_request(served: tuple[Studio, list[int], str], messages: list[int]) -> None:
    url = f"{served[2]}/gradio_api/run/vote"
    body = {"data": [messages[4], "up", [], "by hand"]}
    (answer,) = httpx.post(url, json=body).json()["data"]
    assert answer["vote"]["comment"] == "by hand"
    # Without a session the address tells who it is.
    assert httpx.post(url, json=body).json()["data"] == [answer]


def test_many_votes_at_once_are_all_there_and_none_twice(served: tuple[Studio, list[int], str]) -> None:
    studio, messages, url = served
    before = len(studio.store.feedback.events(Vote))
    result = load.vote(int(url.rsplit(":", 1)[1]), messages, clients=20, votes=200)
    assert result.refused == []
    assert len(result.acknowledged) == 220
    assert load.lost_or_doubled(studio.store, result) == []
    assert len(studio.store.feedback.events(Vote)) == before + 220


def test_killing_the_web_process_loses_no_acknowledged_vote(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", offline=True)
    store, messages = load.with_answers(settings)
    with load.serving(settings) as web:
        result = load.vote_through_kills(web, messages, clients=8, kills=2, chance=random.Random(0))
    assert result.refused == []
    assert result.acknowledged
    assert load.lost_or_doubled(store, result) == []
