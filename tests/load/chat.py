"""A soak of the chat: many questions by several visitors at once, some of them cancelled or left.

    python -m tests.load.chat [--chats 500] [--visitors 8]

Checks that memory stays flat, that no side gets another side's answer, and that every slot is free in the
end. Prints one JSON object; exits with 1 if something is wrong.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from ftdemo.engines import GenerationSettings
from ftdemo.engines.llama.server import SLOTS
from ftdemo.models import ensure_base_model
from ftdemo.names import BASE
from ftdemo.studio import Studio
from tests.integration.adapters import save_random_adapter
from tests.own_data import own_studio

QUESTIONS = [
    "What is the capital of France?",
    "Write a long story about a dragon.",
    "Count from one to twenty in words.",
    "How do I bake bread?",
]
LENGTH = GenerationSettings(max_new_tokens=48)


@dataclass
class Result:
    """What a soak found.

    Args:
        chats: questions asked.
        cancelled: of these, cancelled on the way.
        left: of these, those whose reader went away.
        wrong_sides: answers that are more like another side's.
        memory_growth: resident memory at the end over that after a fifth of the chats, less 1.
        seconds: how long it took.
        all_slots_free: whether as many answers as there are slots came at once afterwards.
    """

    chats: int = 0
    cancelled: int = 0
    left: int = 0
    wrong_sides: list[str] = field(default_factory=list)
    memory_growth: float = 0.0
    seconds: float = 0.0
    all_slots_free: bool = False


def studio_with_models(data: Path, models: int, **settings: object) -> Studio:
    """The app on the real base model with some tuned models that were never tuned, but differ."""
    studio = own_studio(data, **settings)
    base = ensure_base_model(studio.settings)
    for number in range(models):
        folder = studio.settings.tuned_models / f"random-{number}"
        folder.mkdir(parents=True)
        # As large as the app's own adapters.
        save_random_adapter(base.folder, folder, number, strength=0.08, r=16, lora_alpha=32, rank_pattern={})
        studio.store.models.add(
            f"random-{number}", base_model=studio.settings.base_model, method="lora", folder=folder.name,
            job_id=None,
        )  # fmt: skip
    return studio


def soak(studio: Studio, chats: int, visitors: int, seed: int = 0) -> Result:
    """Ask, cancel and leave at random, and look what came of it."""
    names = studio.models.names()
    alone = {
        (question, name): studio.ask(question, [name], LENGTH)[0].text
        for question in QUESTIONS
        for name in names
    }
    result, lock = Result(chats=chats), threading.Lock()
    process = psutil.Process(os.getpid())
    memory: list[int] = []
    began = time.monotonic()

    def visit(number: int) -> None:
        chance = random.Random(seed * 1000 + number)
        for _ in range(chats // visitors + (number < chats % visitors)):
            question, sides = chance.choice(QUESTIONS), chance.sample(names, 2)
            until, how = chance.randrange(1, 60), chance.choice(["end", "end", "cancel", "leave"])
            turns = studio.chat.compare(question, sides, LENGTH, session=f"visitor-{number}")
            turn, ends = None, "end"
            for count, turn in enumerate(turns):  # noqa: B007 - the last one is looked at
                if count == until and how != "end":
                    ends = how
                    if how == "leave":
                        break
                    studio.cancel(f"visitor-{number}")
            assert isinstance(turns, Generator)
            turns.close()
            assert turn is not None
            wrong = [
                answer.model
                for answer in turn.answers
                if not _is_own(alone, question, answer.model, answer.text)
            ]
            with lock:
                result.cancelled += ends == "cancel"
                result.left += ends == "leave"
                result.wrong_sides += wrong
                memory.append(process.memory_info().rss)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(visitors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.seconds = time.monotonic() - began
    result.memory_growth = memory[-1] / memory[len(memory) // 5] - 1
    result.all_slots_free = _all_at_once(studio)
    return result


def _is_own(alone: dict[tuple[str, str], str], question: str, model: str, text: str) -> bool:
    """Whether an answer, or its beginning, is rather this side's than another's.

    Another batch rounds differently, so an answer may leave its own text late; another side's leaves at once.
    """
    same = {name: _common(text, said) for (asked, name), said in alone.items() if asked == question}
    return same[model] == max(same.values())


def _common(one: str, other: str) -> int:
    """Characters that two texts have in common at their beginning."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _all_at_once(studio: Studio) -> bool:
    """Whether all slots answer: one that is lost would be missed, as its answer would never end."""
    answers: list[str | None] = []

    def ask() -> None:
        answers.append(studio.ask(QUESTIONS[0], [BASE], LENGTH)[0].finish_reason)

    threads = [threading.Thread(target=ask) for _ in range(SLOTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return answers == ["stop"] * SLOTS


def main() -> None:
    """Run the soak and judge it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chats", type=int, default=500)
    parser.add_argument("--visitors", type=int, default=8)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        studio = studio_with_models(Path(folder) / "data", models=2, chat_seats=arguments.visitors)
        result = soak(studio, arguments.chats, arguments.visitors)
    print(json.dumps(asdict(result), indent=2))
    sys.exit(bool(result.wrong_sides) or abs(result.memory_growth) > 0.05 or not result.all_slots_free)


if __name__ == "__main__":
    main()
