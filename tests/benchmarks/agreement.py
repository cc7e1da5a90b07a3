"""How often llama.cpp and transformers in float32 generate the same tokens, greedily, for 50 questions.

    python -m tests.benchmarks.agreement [--questions 50] [--tokens 32] [--weights float16 file]

An answer counts up to the first token that differs, as what follows goes on with another text. Prints one
JSON object.
"""

import argparse
import json
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ftdemo.engines import ChatRequest, Engine, GenerationSettings
from ftdemo.engines.llama.engine import LlamaCppEngine
from ftdemo.engines.transformers.engine import TransformersEngine
from ftdemo.models import ensure_base_model
from ftdemo.settings import EXAMPLES_FOLDER, Settings
from ftdemo.tour import QUESTION, UNRELATED_QUESTIONS
from tests.own_data import own_settings

BATCH = 10


def questions(number: int) -> list[str]:
    """The tour's questions, then those of the example sets in turn."""
    sets = [
        [json.loads(line)["question"] for line in file.read_text(encoding="utf-8").splitlines()]
        for file in sorted(EXAMPLES_FOLDER.glob("*.jsonl"))
    ]
    longest = max(map(len, sets))
    mixed = [each[at] for at in range(longest) for each in sets if at < len(each)]
    return list(dict.fromkeys([QUESTION, *UNRELATED_QUESTIONS, *mixed]))[:number]


def answers(engine: Engine, asked: Sequence[str], tokens: int) -> list[str]:
    """Each question's answer."""
    last: dict[int, str] = {}
    for start in range(0, len(asked), BATCH):
        requests = [
            ChatRequest("base", [{"role": "user", "content": q}]) for q in asked[start : start + BATCH]
        ]
        for event in engine.stream(requests, GenerationSettings(tokens), threading.Event()):
            last[start + event.side] = event.text
    return [last[at] for at in range(len(asked))]


def agreement(ours: Sequence[list[int]], theirs: Sequence[list[int]]) -> float:
    """The share of tokens before the first that differs."""
    same = 0
    for a, b in zip(ours, theirs, strict=True):
        pairs = list(zip(a, b, strict=False))
        same += next((at for at, (x, y) in enumerate(pairs) if x != y), len(pairs))
    return same / sum(map(len, theirs))


def measure(settings: Settings, number: int, tokens: int, weights: Sequence[str]) -> dict[str, Any]:
    """Compare both engines.

    Args:
        settings: with a data folder that has the default base model.
        number: questions.
        tokens: the most tokens of an answer.
        weights: what llama.cpp loads: 'float16', 'file'.
    """
    base, asked = ensure_base_model(settings), questions(number)
    plain = TransformersEngine(base, lambda name: None, settings.threads)
    reference = answers(plain, asked, tokens)
    plain.close()
    found: dict[str, Any] = {"questions": len(asked)}
    for name in weights:
        engine = LlamaCppEngine(base, lambda name: None, replace(settings, chat_weights=name))
        said = answers(engine, asked, tokens)
        encode = engine._tokeniser.encode
        found[name] = {
            "same_tokens": round(agreement(encode(said), encode(reference)), 4),
            "same_answers": sum(a == b for a, b in zip(said, reference, strict=True)),
            "tour": said[: 1 + len(UNRELATED_QUESTIONS)],
        }
        engine.close()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, default=50)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--weights", nargs="+", default=["float16", "file"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = own_settings(Path(folder))
        print(json.dumps(measure(settings, given.questions, given.tokens, given.weights), indent=2))


if __name__ == "__main__":
    main()
