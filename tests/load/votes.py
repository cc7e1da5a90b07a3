"""Many clients vote at once through the running app; every vote it acknowledged must be in its file, once.

    python -m tests.load.votes [--clients 50] [--votes 2000] [--rate 100] [--kills 30] [--while-training]

First the clients vote as fast as they are answered, then at a steady rate, for the latency. With --kills the
web process is killed and started again at random moments, and clients send what was not acknowledged again.
With --while-training a job tunes the real base model beside all of it. Prints one JSON object; ends with 1 if
a vote was lost, or is there twice, or the job did not train from the first vote to the last.
"""

import argparse
import http.client
import json
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from ftdemo.feedback.voters import voter_id
from ftdemo.settings import REPOSITORY, Settings, child_environment
from ftdemo.store import Store
from ftdemo.store.conversations import Message
from ftdemo.studio import Studio
from tests.load.crash import answers, kill
from tests.own_data import own_studio, training_job

ANSWERS = 100
PATIENCE_S = 60


@dataclass
class Result:
    """What the clients saw.

    Args:
        acknowledged: the votes that were acknowledged: voter's session, message, comment.
        latencies: seconds each of them took, from the first attempt's sending to its answer; each client's
            first vote, which opens its session, is not among them.
        refused: answers that were no acknowledgement.
        sent_again: votes sent again since the connection broke.
        seconds: how long all of it took.
    """

    acknowledged: list[tuple[str, int, str]] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    sent_again: int = 0
    seconds: float = 0.0

    def figures(self) -> dict[str, object]:
        """The figures to print."""
        return {
            "votes": len(self.latencies),
            "votes_per_second": round(len(self.latencies) / self.seconds, 1),
            "median_ms": round(statistics.median(self.latencies) * 1000, 1),
            "p95_ms": round(statistics.quantiles(self.latencies, n=20)[-1] * 1000, 1),
            "sent_again": self.sent_again,
            "refused": self.refused[:3],
        }


class Web:
    """The app as its users start it, which can be killed and comes back at the same address."""

    def __init__(self, settings: Settings) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._environment = {**child_environment(settings), "GRADIO_SERVER_PORT": str(self.port)}
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=REPOSITORY, env=self._environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert answers(self.port), "the page did not come up"

    def kill(self) -> None:
        """End it as a power cut would."""
        kill(self._process.pid)
        self._process.wait()


def main() -> None:
    """Vote, look, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--votes", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=100, help="votes a second of all clients together")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--while-training", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        studio = own_studio(Path(folder) / "data")
        settings = studio.settings
        store, messages = with_answers(settings)
        beside = training(studio) if arguments.while_training else nullcontext(list[str]())
        with beside as job_faults, serving(settings) as web:
            printed, faults = {}, list[str]()
            for name, rate in (("as_fast_as_answered", 0.0), ("at_a_steady_rate", arguments.rate)):
                result = vote(web.port, messages, arguments.clients, arguments.votes, rate, name)
                printed[name] = result.figures()
                faults += result.refused + lost_or_doubled(store, result)
            if arguments.kills:
                chance = random.Random(arguments.seed)
                result = vote_through_kills(web, messages, arguments.clients, arguments.kills, chance)
                printed[f"through_{arguments.kills}_kills"] = result.figures()
                faults += result.refused + lost_or_doubled(store, result)
        faults += job_faults
    print(json.dumps({**printed, "faults": faults[:20]}, indent=2))
    if faults:
        raise SystemExit(1)


def with_answers(settings: Settings) -> tuple[Store, list[int]]:
    """A store with a conversation, and the numbers of its answers."""
    store = Store(settings.database)
    conversation = store.conversations.start("load")
    turns = [
        [Message(turn, "user", f"Question {turn}?"), Message(turn, "assistant", "An answer.", model="base")]
        for turn in range(1, ANSWERS + 1)
    ]
    return store, [store.conversations.add(conversation.id, turn)[1] for turn in turns]


@contextmanager
def training(studio: Studio) -> Iterator[list[str]]:
    """A job that trains meanwhile; what went wrong with it is in the list afterwards."""
    faults: list[str] = []
    with training_job(studio) as number:
        first = studio.jobs.get(number).step
        yield faults
        studio.jobs.refresh()
        job = studio.jobs.get(number)
    if job.ended or job.step <= first:
        faults.append(f"the job is {job.status}, and went from step {first} to step {job.step}")


@contextmanager
def serving(settings: Settings) -> Iterator[Web]:
    """The app while it is served."""
    web = Web(settings)
    try:
        yield web
    finally:
        web.kill()


def vote(
    port: int, messages: list[int], clients: int, votes: int, rate: float = 0.0, name: str = "client"
) -> Result:
    """Let clients vote at once.

    Args:
        port: where the app is.
        messages: the answers to vote on.
        clients: how many vote, each with a connection and a session of its own.
        votes: how many votes they give together.
        rate: votes a second of all together; 0 for as many as are answered.
        name: makes their sessions other than another run's.
    """
    share = votes // clients

    def goes_on(number: int) -> bool:
        return number < share

    return _together(port, messages, clients, goes_on, clients / rate if rate else 0.0, name)


def vote_through_kills(
    web: Web, messages: list[int], clients: int, kills: int, chance: random.Random
) -> Result:
    """Let clients vote while the web process is killed and started again at random moments."""
    over = threading.Event()

    def break_often() -> None:
        for _ in range(kills):
            time.sleep(chance.uniform(0, 1.5))
            web.kill()
            web.start()
        over.set()

    breaker = threading.Thread(target=break_often)
    breaker.start()
    result = _together(web.port, messages, clients, lambda number: not over.is_set(), 0.05, "killed")
    breaker.join()
    return result


def lost_or_doubled(store: Store, result: Result) -> list[str]:
    """What is wrong with the votes in the file."""
    salt = store.feedback.salt()
    rows = store.database.query(
        """
        select voter, message_id, comment, count(*) as times from votes
            join rated_answers on rated_answers.id = answer_id
        where comment like 'vote %' group by 1, 2, 3
        """
    )
    there = {(row["voter"], row["message_id"], row["comment"]): row["times"] for row in rows}
    faults = [f"{vote} is there {times} times" for vote, times in there.items() if times > 1]
    for session, message, comment in result.acknowledged:
        if (voter_id(session, None, salt), message, comment) not in there:
            faults.append(f"the vote {comment!r} of {session} on {message} is lost")
    return faults


def _together(
    port: int,
    messages: list[int],
    clients: int,
    goes_on: Callable[[int], bool],
    every_s: float,
    name: str,
) -> Result:
    result, first, begin = Result(), Result(), threading.Barrier(clients + 1)

    def run(client: int) -> None:
        session = f"{name}-{client}"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        # Gradio makes a session at its first request; who votes has had the page open for a while.
        connection = _send(connection, [messages[0], "up", [], "vote at first"], session, first)
        begin.wait()
        due = time.monotonic() + every_s * client / clients
        number = 0
        while goes_on(number):
            time.sleep(max(0.0, due - time.monotonic()))
            due = max(due + every_s, time.monotonic() - 1)
            message = messages[(client + number) % len(messages)]
            body = [message, "up" if number % 2 else "down", ["helpful"], f"vote {number}"]
            connection = _send(connection, body, session, result)
            number += 1
        connection.close()

    threads = [threading.Thread(target=run, args=(client,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    begin.wait()
    started = time.monotonic()
    for thread in threads:
        thread.join()
    result.seconds = time.monotonic() - started
    result.acknowledged += first.acknowledged
    result.refused += first.refused
    return result


def _send(
    connection: http.client.HTTPConnection, body: Sequence[object], session: str, result: Result
) -> http.client.HTTPConnection:
    """Send a vote until it is answered, and return the connection to go on with."""
    started = time.monotonic()
    text = json.dumps({"data": body, "session_hash": session})
    while True:
        try:
            connection.request("POST", "/gradio_api/run/vote", text, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = answer.read().decode()
        except (OSError, http.client.HTTPException):
            connection.close()
            if time.monotonic() - started > PATIENCE_S:
                result.refused.append("no answer in a minute")
                return connection
            result.sent_again += 1
            time.sleep(0.1)
            continue
        if answer.status == 200:
            result.latencies.append(time.monotonic() - started)
            result.acknowledged.append((session, int(str(body[0])), str(body[3])))
        else:
            result.refused.append(f"{answer.status}: {said[:200]}")
        return connection


if __name__ == "__main__":
    main()
