"""Learning from votes on the real model, as a job: the voter's rule wins on questions nobody voted on."""

from typing import Any

import pytest

from ftdemo.settings import Settings
from ftdemo.studio import Studio
from tests.benchmarks.simulated_votes import RULES, questions, recorded, thumbs, vote

pytestmark = [pytest.mark.model, pytest.mark.slow]

RULE = RULES["under 25 words"]


@pytest.mark.parametrize(
    ("method", "knobs"),
    [
        ("dpo", {"batch_size": 4}),
        ("kto", {"batch_size": 8}),
    ],
)
def test_the_rule_of_the_voter_wins(
    model_settings: Settings, method: str, knobs: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    studio = Studio(model_settings)
    seen = recorded(questions(True))
    if method == "dpo":
        vote(studio, RULE, seen, 32)
    else:
        thumbs(studio, RULE, seen[:40])
    # A short run with a high learning rate, and nothing measured on the way.
    knobs |= {"learning_rate": 1e-3, "epochs": 1, "held_out_share": 0.0}
    job = studio.jobs.wait(studio.align("liked", method, compared_prompts=0, sampled_answers=0, **knobs).id)
    assert job.status == "finished", job.error_message
    first, *_ = [point.figures or {} for point in studio.jobs.metrics(job.id)]
    # At first the policy is its reference, but for rounding in other batches.
    assert abs(first["margin"]) < 0.1

    asked = questions(False)[:12]
    evaluation = studio.evaluate("liked", "base", questions=asked, rules=("short",), max_new_tokens=40)
    found = studio.jobs.wait(evaluation.id).metrics
    rate = found["win_rates"]["short"]
    with capsys.disabled():
        print(f"\n{method}: {job.metrics['seconds'] / job.metrics['steps']:.1f} s a step, "
              f"{job.metrics['steps']} steps; {rate['wins']} of 12 won, {rate['losses']} lost; "
              f"{found['wording']['before']['mean_words']:.0f} words became "
              f"{found['wording']['after']['mean_words']:.0f}; general answers "
              f"{-found['forgetting']['fell_percent']:+.0f} %")  # fmt: skip
    # So short a run on so few votes must point the right way; how far longer ones come, the benchmark tells.
    assert rate["wins"] >= 2 * max(1, rate["losses"])
    assert found["wording"]["after"]["mean_words"] < 0.85 * found["wording"]["before"]["mean_words"]
    assert found["forgetting"]["fell_percent"] < 10
