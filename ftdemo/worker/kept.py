"""What a job began with where that may change meanwhile: people go on voting, and samples go on growing.

A job that is resumed must go on with the same data, so it is kept in the job's folder.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ftdemo.evaluation.prompts import Prompt
from ftdemo.feedback.preferences import PreferenceData, PreferencePair, RatedAnswer

VOTES_FILE = "votes.json"
PROMPTS_FILE = "prompts.json"


def keep_votes(data: PreferenceData, job_folder: Path) -> PreferenceData:
    """The votes a job began with, if it has begun, else the given ones, which are kept."""
    kept = _kept(job_folder / VOTES_FILE, lambda: asdict(data))

    def pairs(name: str) -> tuple[PreferencePair, ...]:
        return tuple(PreferencePair(**{**row, "prompt": tuple(row["prompt"])}) for row in kept[name])

    def rated(name: str) -> tuple[RatedAnswer, ...]:
        return tuple(RatedAnswer(**{**row, "prompt": tuple(row["prompt"])}) for row in kept[name])

    return PreferenceData(pairs("pairs"), rated("rated"), pairs("held_out_pairs"), rated("held_out_rated"))


def keep_prompts(choose: Callable[[], list[Prompt]], job_folder: Path) -> list[Prompt]:
    """The prompts a job began with, if it has begun, else those chosen now, which are kept."""
    return [tuple(prompt) for prompt in _kept(job_folder / PROMPTS_FILE, choose)]


def _kept(file: Path, make: Callable[[], object]) -> Any:
    """What is in a file, which is made if it is not there; it is there whole or not at all."""
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".partial")
        partial.write_text(json.dumps(make(), ensure_ascii=False), encoding="utf-8")
        partial.replace(file)
    return json.loads(file.read_text(encoding="utf-8"))
