"""Votes of simulated people over real answers of SmolLM2: what the benchmarks of feedback learn from."""

import json
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
from ftdemo.models import ensure_base_model
from ftdemo.settings import REPOSITORY, Settings
from ftdemo.studio import Studio

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
PHRASE = " can "
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


def new_studio(folder: Path) -> Studio:
    """An app with a data folder of its own, and the base model that the tests use."""
    shared = Settings(data=REPOSITORY / "tests" / "artifacts" / "data")
    ensure_base_model(shared)
    folder.mkdir(parents=True)
    (folder / "base-models").symlink_to(shared.base_models, target_is_directory=True)
    return Studio(Settings(data=folder, offline=True))


def questions(seen: bool) -> list[str]:
    """Questions to vote on, or those that no vote is about; topics alternate before templates do."""
    topics = TOPICS[:-UNSEEN_TOPICS] if seen else TOPICS[-UNSEEN_TOPICS:]
    return [
        TEMPLATES[(place + turn) % len(TEMPLATES)].format(topic)
        for turn in range(len(TEMPLATES))
        for place, topic in enumerate(topics)
    ]


def sampled(studio: Studio, asked: Sequence[str], cache: Path | None = None) -> list[Sampled]:
    """Two answers to each question, from a file if they are there."""
    known: dict[str, list[str]] = json.loads(cache.read_text()) if cache and cache.is_file() else {}
    missing = [question for question in asked if question not in known]
    engine = studio.engine.get()
    for start in range(0, len(missing), 4):
        part = missing[start : start + 4]
        requests = [
            ChatRequest("base", [{"role": "user", "content": question}], seed=seed)
            for question in part
            for seed in (1, 2)
        ]
        texts = [""] * len(requests)
        for event in engine.stream(requests, SAMPLING, threading.Event()):
            texts[event.side] = event.text
        known.update({question: texts[2 * i : 2 * i + 2] for i, question in enumerate(part)})
    if cache:
        cache.write_text(json.dumps(known, ensure_ascii=False))
    return [Sampled(question, (known[question][0], known[question][1])) for question in asked]


def vote(studio: Studio, voter: SimulatedVoter, answered: Sequence[Sampled]) -> None:
    """One vote a question: a choice between its answers, or a thumb where both are alike to the voter."""
    for one in answered:
        texts = [text for text in dict.fromkeys(one.answers) if text.strip()]
        if not texts:
            continue
        kept = [studio.feedback.add(one.question, text, "base") for text in texts]
        preferred = voter.prefers(*texts) if len(texts) == 2 else "tie"
        if preferred == "tie":
            liked = voter.likes(texts[0])
            studio.feedback.vote("up" if liked else "down", "simulated", answer_id=kept[0].id)
        else:
            studio.feedback.choose(preferred, "simulated", answers=(kept[0].id, kept[1].id))


def thumbs(studio: Studio, voter: SimulatedVoter, answered: Sequence[Sampled]) -> None:
    """Two votes a question: a thumb on each of its answers."""
    for one in answered:
        for text in dict.fromkeys(one.answers):
            if text.strip():
                answer = studio.feedback.add(one.question, text, "base")
                studio.feedback.vote("up" if voter.likes(text) else "down", "simulated", answer_id=answer.id)
