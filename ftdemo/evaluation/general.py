"""General questions with right answers, to see whether tuning for something else made a model forget them."""

import json
from functools import cache
from importlib.resources import files

FILE = "general_knowledge.jsonl"


@cache
def general_knowledge() -> tuple[tuple[str, str], ...]:
    """Questions with their answers: facts, arithmetic, meanings of words, everyday life, manners."""
    text = files(__package__).joinpath(FILE).read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    return tuple((row["question"], row["answer"]) for row in rows)
