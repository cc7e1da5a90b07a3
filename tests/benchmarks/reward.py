"""How many votes a reward model needs, and what it learns from them: the learning curve for several rules.

    python -m tests.benchmarks.reward [--votes 40 80 120 200] [--rules "under 25 words" …] [--threads 2]

Simulated people vote by a rule on real answers of SmolLM2. Measured are the held-out votes, as the app does
it, and pairs of answers to questions that nobody voted on. Prints one JSON object.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ftdemo.feedback.simulated import SimulatedVoter
from ftdemo.models import ensure_base_model
from ftdemo.rewards.scorer import RewardScorer
from ftdemo.statistics import wilson_interval
from ftdemo.studio import Studio
from tests.own_data import own_studio

from .simulated_votes import RULES, Sampled, questions, recorded, vote


def unseen_accuracy(
    studio: Studio, name: str, voter: SimulatedVoter, unseen: list[Sampled]
) -> dict[str, Any]:
    """Of the pairs that the voter decides, how many the reward model orders alike."""
    scorer = RewardScorer(ensure_base_model(studio.settings))
    folder = studio.reward_models.folder(name)
    right = decided = 0
    for one in unseen:
        preferred = voter.prefers(*one.answers)
        if preferred != "tie" and all(one.answers):
            left, other = scorer.scores(folder, [{"role": "user", "content": one.question}], one.answers)
            decided += 1
            right += (left > other) == (preferred == "left")
    return {"pairs": decided, "right": right, "accuracy": right / max(1, decided),
            "interval": wilson_interval(right, decided)}  # fmt: skip


def main() -> None:
    """Train a reward model for each rule and number of votes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--votes", type=int, nargs="+", default=[40, 80, 120, 200])
    parser.add_argument("--rules", nargs="+", default=list(RULES), choices=list(RULES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=None)
    arguments = parser.parse_args()
    results: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        seen, unseen = recorded(questions(True)), recorded(questions(False))
        for rule in arguments.rules:
            for votes in arguments.votes:
                folder = Path(temporary) / rule.replace(" ", "-") / str(votes)
                studio = own_studio(folder, training_threads=arguments.threads)
                vote(studio, RULES[rule], seen, votes)
                began = time.monotonic()
                job = studio.jobs.wait(studio.train_reward_model("taste", epochs=arguments.epochs).id)
                if job.status != "finished":
                    sys.exit(f"{rule}, {votes} votes: {job.error_message}")
                figures = job.metrics
                result = {
                    "votes": votes,
                    "seconds": round(time.monotonic() - began, 1),
                    "held_out": {
                        key: figures[key]
                        for key in ("held_out_votes", "accuracy", "interval", "chance", "learned", "verdict")
                    },
                    "length_correlation": figures["length_correlation"],
                    "unseen": unseen_accuracy(studio, "taste", RULES[rule], unseen),
                }
                print(rule, json.dumps(result), file=sys.stderr, flush=True)
                results.setdefault(rule, []).append(result)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
