"""Votes of simulated people over real answers of SmolLM2: what benchmarks and tests of feedback learn from.

    python -m tests.benchmarks.simulated_votes

draws the answers in `two_answers.jsonl` again.
"""

import json
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ftdemo.engines import ChatRequest, GenerationSettings
from ftdemo.feedback.simulated import (
    RandomVoter,
    RuleVoter,
    ShortAnswers,
    SimulatedVoter,
    ends_in_question,
    without_phrase,
)
from ftdemo.store.feedback import VoteKind
from ftdemo.studio import Studio
from tests.own_data import own_studio

TOPICS = (
    "cats", "the sea", "music", "football", "bread", "winter", "trains", "the moon", "chess", "gardens",
    "coffee", "mountains", "books", "rain", "bicycles", "dreams", "maps", "honey", "castles", "robots",
    "painting", "birds", "tea", "volcanoes", "dancing", "horses", "the stars", "islands", "cheese", "bridges",
    "forests", "clocks", "poetry", "whales", "markets", "snow", "photography", "rivers", "apples", "ships",
    "theatre", "deserts", "bees", "language", "sleep", "friendship", "holidays", "museums", "rice", "wind",
    "lighthouses", "pianos", "summer", "soup", "kites", "caves", "letters", "dogs", "shoes", "fire",
    "school", "planets", "swimming", "tomatoes", "glass", "elephants", "villages", "spring", "running", "ice",
    "fish", "films", "stones", "work", "time",
)  # fmt: skip
TEMPLATES = (
    "Ask me a question about {}.", "Write one sentence about {}.", "Do you like {}?",
    "Interview me about {}: ask your first question.",
)  # fmt: skip
"""Prompts that invite answers for which each rule holds, and others."""
UNSEEN_TOPICS = 25
RECORDED = Path(__file__).parent / "two_answers.jsonl"
PHRASE = "I'm"
"""Half of the answers have it."""
RULES: dict[str, SimulatedVoter] = {
    "under 25 words": RuleVoter(ShortAnswers(25).likes),
    "ends in a question": ends_in_question(),
    "avoids a phrase": without_phrase(PHRASE),
    "at random": RandomVoter(),
}
SAMPLING = GenerationSettings(max_new_tokens=64, temperature=0.8, top_p=0.95)


@dataclass(frozen=True)
class Sampled:
    """A question with two answers of the base model."""

    question: str
    answers: tuple[str, str]


def questions(seen: bool) -> list[str]:
    """Questions to vote on, or those that no vote is about; topics alternate before templates do."""
    topics = TOPICS[:-UNSEEN_TOPICS] if seen else TOPICS[-UNSEEN_TOPICS:]
    return [
        TEMPLATES[(place + turn) % len(TEMPLATES)].format(topic)
        for turn in range(len(TEMPLATES))
        for place, topic in enumerate(topics)
    ]


def recorded(asked: Sequence[str]) -> list[Sampled]:
    """Two answers to each question, as the base model gave them once."""
    lines = map(json.loads, RECORDED.read_text().splitlines())
    known = {line["question"]: tuple(line["answers"]) for line in lines}
    return [Sampled(question, known[question]) for question in asked]


def vote(studio: Studio, voter: SimulatedVoter, answered: Sequence[Sampled], votes: int) -> None:
    """Choices between two answers, and thumbs where there are not as many choices as votes.

    Args:
        studio: the app to vote in.
        voter: who votes.
        answered: the questions; those whose answers are alike to the voter are passed over at first.
        votes: how many.
    """
    differing = [one for one in answered if all(map(str.strip, one.answers)) and len(set(one.answers)) == 2]
    preferred = {one: voter.prefers(*one.answers) for one in differing}
    decided = [one for one in differing if preferred[one] != "tie"][:votes]
    for one in decided:
        left, right = (studio.feedback.add(one.question, text, "base") for text in one.answers)
        studio.feedback.choose(preferred[one], "simulated", answers=(left.id, right.id))
    even = [one for one in differing if preferred[one] == "tie"]
    for one in even[: votes - len(decided)]:
        answer = studio.feedback.add(one.question, one.answers[0], "base")
        liked: VoteKind = "up" if voter.likes(answer.answer) else "down"
        studio.feedback.vote(liked, "simulated", answer_id=answer.id)


def thumbs(studio: Studio, voter: SimulatedVoter, answered: Sequence[Sampled]) -> None:
    """Two votes a question: a thumb on each of its answers."""
    for one in answered:
        for text in dict.fromkeys(one.answers):
            if text.strip():
                answer = studio.feedback.add(one.question, text, "base")
                studio.feedback.vote("up" if voter.likes(text) else "down", "simulated", answer_id=answer.id)


def main() -> None:
    """Ask the base model again."""
    asked = [*questions(True), *questions(False)]
    with tempfile.TemporaryDirectory() as temporary, RECORDED.open("w") as file:
        engine = own_studio(Path(temporary) / "answers").engine.get()
        for start in range(0, len(asked), 4):
            part = asked[start : start + 4]
            requests = [
                ChatRequest("base", [{"role": "user", "content": question}], seed=seed)
                for question in part
                for seed in (1, 2)
            ]
            texts = [""] * len(requests)
            for event in engine.stream(requests, SAMPLING, threading.Event()):
                texts[event.side] = event.text
            for place, question in enumerate(part):
                line = {"question": question, "answers": texts[2 * place : 2 * place + 2]}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
