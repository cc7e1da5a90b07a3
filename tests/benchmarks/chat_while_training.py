"""What chat and training cost each other on the same cores.

    python -m tests.benchmarks.chat_while_training [--questions 150]

Measured in one run: how much longer the first token of an answer takes while a job trains, and what share of
its steps the job still does while questions follow each other without a pause. Prints one JSON object.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ftdemo.engines import GenerationSettings
from ftdemo.studio import Studio
from tests.own_data import own_studio, training_job

ALONE_S = 15
"""So long the job's own speed is measured."""
QUESTIONS = ("What is the capital of France?", "Name a colour.", "What is two plus three?", "Who was Bach?")


def first_token_seconds(studio: Studio, count: int) -> list[float]:
    """Times to the first token of short answers, one question after the other."""
    generation = GenerationSettings(max_new_tokens=8)
    return [
        studio.ask(f"{QUESTIONS[number % len(QUESTIONS)]} ({number})", generation=generation)[
            0
        ].time_to_first_token_s
        for number in range(count)
    ]


def steps_per_second(studio: Studio, job_id: int, work: Callable[[], object]) -> float:
    """How fast a job trains while something else is done."""
    step, began = studio.jobs.get(job_id).step, time.monotonic()
    work()
    return (studio.jobs.get(job_id).step - step) / (time.monotonic() - began)


def main() -> None:
    """Measure idle, then with a job running, and print the ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=int, default=150)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        studio = own_studio(Path(folder) / "data")
        first_token_seconds(studio, 2)
        idle = first_token_seconds(studio, arguments.questions)
        busy: list[float] = []
        with training_job(studio) as job:
            alone = steps_per_second(studio, job, lambda: time.sleep(ALONE_S))
            beside = steps_per_second(
                studio, job, lambda: busy.extend(first_token_seconds(studio, arguments.questions))
            )
    result = {
        "engine": studio.status().engine.line,
        "idle_median_s": round(statistics.median(idle), 4),
        "training_median_s": round(statistics.median(busy), 4),
        "ratio": round(statistics.median(busy) / statistics.median(idle), 2),
        "idle_worst_s": round(max(idle), 4),
        "training_worst_s": round(max(busy), 4),
        "training_steps_per_second_alone": round(alone, 2),
        "training_steps_per_second_meanwhile": round(beside, 2),
        "training_share_meanwhile": round(beside / alone, 2),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
