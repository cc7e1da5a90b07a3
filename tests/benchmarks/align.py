"""What DPO, KTO and PPO make of 200 votes: win rate by the voter's rule, forgetting, fluency, time, memory.

    python -m tests.benchmarks.align [--votes 200] [--rules "under 25 words" …] [--methods dpo kto ppo]
                                     [--threads 2] [--set epochs=3 …]

A simulated person votes by a rule on real answers of SmolLM2: with thumbs for KTO, choosing between two
answers for DPO, and for the reward model that PPO learns from. The aligned model and the one it started from
then answer 40 questions on topics that no vote was about, greedily. Prints one JSON object.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ftdemo.statistics import wilson_interval
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from tests.own_data import own_studio

from .simulated_votes import PHRASE, RULES, Sampled, questions, recorded, thumbs, vote

JUDGES = {
    "under 25 words": "short",
    "ends in a question": "question",
    "avoids a phrase": f"without:{PHRASE}",
}
"""The rule of each simulated person, as an evaluation knows it."""
UNSEEN_QUESTIONS = 40


def finished(studio: Studio, job: Job) -> Job:
    """The job when it is over.

    Raises:
        SystemExit: it failed.
    """
    done = studio.jobs.wait(job.id)
    if done.status != "finished":
        sys.exit(f"Job {done.model_name}: {done.error_message}\n{studio.jobs.log(job.id)}")
    return done


def votes_for(method: str, studio: Studio, rule: str, seen: list[Sampled], votes: int) -> None:
    """Vote as it suits a method."""
    if method == "kto":
        thumbs(studio, RULES[rule], seen[: votes // 2])
    else:
        vote(studio, RULES[rule], seen, votes)


def align(studio: Studio, method: str, knobs: dict[str, Any]) -> dict[str, Any]:
    """Align the base model; PPO gets its reward model first."""
    figures: dict[str, Any] = {}
    reward = None
    if method in ("ppo", "rloo"):
        began = time.monotonic()
        taste = finished(studio, studio.train_reward_model("taste"))
        reward = "taste"
        figures["reward_model"] = {
            "seconds": round(time.monotonic() - began, 1),
            "held_out_accuracy": taste.metrics["accuracy"],
            "interval": taste.metrics["interval"],
        }
    began = time.monotonic()
    job = studio.align("aligned", method, reward=reward, compared_prompts=0, **knobs)
    done = finished(studio, job)
    points = studio.store.jobs.metrics(job.id)
    last = points[-1].figures or {}
    return {
        **figures,
        "seconds": round(time.monotonic() - began, 1),
        "steps": done.metrics["steps"],
        "seconds_in_steps": done.metrics["seconds"],
        "peak_memory_bytes": done.metrics["peak_memory_bytes"],
        "settings": {
            name: done.settings[name]
            for name in ("learning_rate", "epochs", "beta", "steps")
            if name in done.settings
        },
        "last_step": {name: round(value, 4) for name, value in last.items()},
    }


def judge(studio: Studio, rule: str, asked: list[str]) -> dict[str, Any]:
    """Compare the aligned model with the base model by the rule."""
    evaluation = studio.evaluate("aligned", "base", questions=asked, rules=(JUDGES[rule],))
    found = finished(studio, evaluation).metrics
    rate = found["win_rates"][JUDGES[rule]]
    decided = rate["wins"] + rate["losses"]
    return {
        "win_rate": rate,
        "decided": {"won": rate["wins"], "of": decided, "interval": wilson_interval(rate["wins"], decided)},
        "liked_by_the_rule": {
            side: sum(RULES[rule].likes(row[side]) for row in found["answers"]) / len(found["answers"])
            for side in ("before", "after")
        },
        "forgetting": found["forgetting"],
        "fluency": found["fluency"],
        "wording": found["wording"],
        "examples": [
            {key: row[key] for key in ("question", "before", "after")} for row in found["answers"][:3]
        ],
    }


def main() -> None:
    """Align by each method to each rule."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--votes", type=int, default=200)
    parser.add_argument("--rules", nargs="+", default=list(JUDGES), choices=list(JUDGES))
    parser.add_argument("--methods", nargs="+", default=["dpo", "kto", "ppo"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--set", nargs="+", default=[], metavar="KNOB=VALUE", help="other than the defaults")
    arguments = parser.parse_args()
    knobs = {name: json.loads(value) for name, value in (pair.split("=", 1) for pair in arguments.set)}
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        seen = recorded(questions(True))
        asked = questions(False)[:UNSEEN_QUESTIONS]
        for rule in arguments.rules:
            for method in arguments.methods:
                folder = Path(temporary) / f"{rule} {method}".replace(" ", "-")
                studio = own_studio(folder, training_threads=arguments.threads)
                votes_for(method, studio, rule, seen, arguments.votes)
                result = align(studio, method, knobs) | judge(studio, rule, asked)
                print(rule, method, json.dumps(result), file=sys.stderr, flush=True)
                results.setdefault(rule, {})[method] = result
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
