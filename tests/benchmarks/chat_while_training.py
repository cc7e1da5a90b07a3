"""How much longer the first token of an answer takes while a job trains on the same cores.

    python -m tests.benchmarks.chat_while_training [--questions 15]

Idle and training are measured in one run: the ratio of the median times to the first token is what counts.
Prints one JSON object.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from ftdemo.engines import GenerationSettings
from ftdemo.studio import Studio
from tests.own_data import own_studio

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


def main() -> None:
    """Measure idle, then with a job running, and print the ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=int, default=15)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        studio = own_studio(Path(folder) / "data")
        studio.samples.add_example("pavan_belagatti")
        first_token_seconds(studio, 2)
        idle = first_token_seconds(studio, arguments.questions)
        job = studio.tune("load", "pavan_belagatti", epochs=1000, sampled_answers=0)
        while studio.jobs.get(job.id).step < 2:
            time.sleep(0.2)
            studio.jobs.refresh()
        step = studio.jobs.get(job.id).step
        began = time.monotonic()
        busy = first_token_seconds(studio, arguments.questions)
        steps = studio.jobs.get(job.id).step - step
        steps_per_second = steps / (time.monotonic() - began)
        studio.jobs.stop(job.id, keep=False)
        studio.jobs.wait(job.id)
    result = {
        "engine": studio.status().engine.line,
        "idle_median_s": round(statistics.median(idle), 4),
        "training_median_s": round(statistics.median(busy), 4),
        "ratio": round(statistics.median(busy) / statistics.median(idle), 2),
        "idle_worst_s": round(max(idle), 4),
        "training_worst_s": round(max(busy), 4),
        "training_steps_per_second_meanwhile": round(steps_per_second, 2),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
