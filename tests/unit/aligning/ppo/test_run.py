"""A run from prompts to a saved model: reports, checkpoints, stops, warnings."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ftdemo.aligning.ppo.guards import budget_spent, warnings
from ftdemo.aligning.ppo.preparing import PpoRun, make_ppo_run
from ftdemo.aligning.ppo.saving import save_policy
from ftdemo.aligning.ppo.trainer import batch_of, run_ppo
from ftdemo.errors import UserError
from ftdemo.jobs.reporter import Reporter
from ftdemo.language.sampling import Completion
from ftdemo.models.base import BaseModel
from ftdemo.store import Store
from ftdemo.store.jobs import Job
from ftdemo.training.checkpoints import last_whole_checkpoint
from tests.unit.aligning.ppo.test_model import STARTS, logits, save_start, start_logits
from tests.unit.tiny_ppo import END, SETTINGS, add_tokenizer, files_of, save_lively_model, save_reward_model

PROMPTS = [({"role": "user", "content": f"w{number} w9 w{number + 2}"},) for number in range(10, 17)]
TIMES = ("generation_seconds", "scoring_seconds", "update_seconds")


@pytest.fixture
def base(tmp_path: Path) -> BaseModel:
    base = save_lively_model(tmp_path / "base")
    add_tokenizer(base)
    return base


@pytest.fixture
def rewards(base: BaseModel, tmp_path: Path) -> tuple[Path, Path]:
    return save_reward_model(base, tmp_path / "reward"), save_reward_model(base, tmp_path / "other", seed=6)


@pytest.fixture
def begin(
    base: BaseModel, rewards: tuple[Path, Path], store: Store, add_job: Callable[..., Job], tmp_path: Path
) -> Callable[..., tuple[PpoRun, Reporter, Path]]:
    """Prepares a job; one of the same name goes on where it stopped."""
    jobs: dict[str, int] = {}

    def prepare(name: str, parent: Any = None, **changes: Any) -> tuple[PpoRun, Reporter, Path]:
        jobs.setdefault(name, add_job(name).id)
        run = make_ppo_run(base, PROMPTS, replace(SETTINGS, **changes), *rewards, parent=parent)
        return run, Reporter(store, jobs[name]), tmp_path / name

    return prepare


def test_a_base_may_name_several_end_tokens(base: BaseModel, rewards: tuple[Path, Path]) -> None:
    config = json.loads((base.folder / "config.json").read_text())
    (base.folder / "config.json").write_text(json.dumps({**config, "eos_token_id": [0, END]}))
    learner = make_ppo_run(base, PROMPTS, SETTINGS, *rewards).learner
    assert learner.end_tokens == {0, END}
    # An answer that was cut off and one that ended as the template ends it are scored alike.
    cut_off, ended = (Completion((5, 9, 11), answer, answer[-1] == END) for answer in ((7, 8), (7, 8, END)))
    scores = learner.score([cut_off, ended])
    assert scores[0] == scores[1]


def curves(reporter: Reporter) -> list[dict[str, float]]:
    """The figures of all steps but for the times."""
    points = reporter.store.jobs.metrics(reporter.job_id)
    return [{k: v for k, v in (point.figures or {}).items() if k not in TIMES} for point in points]


def assert_same_policy(run: PpoRun, other: PpoRun) -> None:
    """What two runs left is the same to the bit."""
    wanted = other.learner.model.copy_of_trained()
    for name, weight in run.learner.model.copy_of_trained().items():
        assert torch.equal(weight, wanted[name]), name


def pause_after(reporter: Reporter, step: int) -> None:
    """Tell the worker to end once a step is reported."""
    record = reporter.record
    reporter.record = lambda metric: (record(metric), metric.step == step and reporter.interrupt())  # type: ignore


@pytest.mark.parametrize("method", ["ppo", "rloo"])
def test_a_run_that_was_paused_goes_on_as_if_it_had_not_been(begin: Any, method: Any) -> None:
    whole, reporter, folder = begin("whole", method=method, kl_target=0.5)
    metrics = run_ppo(whole, folder, reporter)
    assert metrics.steps == 4
    wanted = curves(reporter)

    first, paused, folder = begin("paused", method=method, kl_target=0.5)
    pause_after(paused, 2)
    assert run_ppo(first, folder, paused).steps == 2
    checkpoint = last_whole_checkpoint(folder)
    assert checkpoint is not None
    assert checkpoint.name == "checkpoint-2"
    second, resumed, folder = begin("paused", method=method, kl_target=0.5)
    assert run_ppo(second, folder, resumed).steps == 4
    assert curves(resumed) == wanted
    assert_same_policy(second, whole)


def test_every_step_is_reported_with_answers_before_and_after(begin: Any) -> None:
    run, reporter, folder = begin("run")
    metrics = run_ppo(run, folder, reporter)
    jobs = reporter.store.jobs
    points = jobs.metrics(reporter.job_id)
    assert [point.step for point in points] == [1, 2, 3, 4]
    assert set(points[0].figures or {}) >= {
        "reward", "score", "held_out_score", "kl", "beta", "clip_share", "policy_loss", "value_loss",
        "entropy", "answer_length", "repetition_share", *TIMES,
    }  # fmt: skip
    job = jobs.get(reporter.job_id)
    assert (job.step, job.total_steps) == (4, 4)
    answers = jobs.answers(reporter.job_id)
    assert {answer.step for answer in answers} == {0, 1, 2, 3, 4}
    assert [answer.question for answer in answers if answer.step == 0] == ["w10 w9 w12", "w11 w9 w13"]
    assert metrics.first_score == (points[0].figures or {})["score"]
    assert metrics.first_kl is not None
    assert metrics.final_kl is not None
    assert metrics.final_kl > metrics.first_kl == 0
    assert metrics.tokens == points[-1].tokens


@pytest.mark.parametrize("request_", ["keep", "discard"])
def test_a_run_that_is_stopped_ends_after_its_step(begin: Any, request_: Any) -> None:
    run, reporter, folder = begin("run")
    reporter.store.jobs.update(reporter.job_id, stop_request=request_)
    assert run_ppo(run, folder, reporter).steps == 0  # it was asked before the first
    assert last_whole_checkpoint(folder) is None


SPENT_BY_TWO_STEPS = {"kl_budget": 1.0}


def test_a_run_whose_budget_is_spent_leaves_the_policy_before_that_and_says_so(begin: Any) -> None:
    run, reporter, folder = begin("run", **SPENT_BY_TWO_STEPS)
    metrics = run_ppo(run, folder, reporter)
    assert metrics.steps == 2
    assert "KL budget is 1" in metrics.warnings[-1]
    assert "after step 2 the policy was" in metrics.warnings[-1]
    assert metrics.final_kl is not None
    assert 0 < metrics.final_kl <= 1.0
    shorter, reporter, folder = begin("shorter", steps=1)
    run_ppo(shorter, folder, reporter)
    assert_same_policy(run, shorter)


def test_a_budget_that_is_spent_by_the_last_step_counts_too(begin: Any) -> None:
    run, reporter, folder = begin("run", **SPENT_BY_TWO_STEPS)
    run_ppo(run, folder, reporter)
    last, reporter, folder = begin("last", **SPENT_BY_TWO_STEPS, steps=2)
    assert "KL budget" in run_ppo(last, folder, reporter).warnings[-1]
    assert_same_policy(last, run)


def test_a_budget_that_is_seen_spent_after_a_pause_leaves_the_policy_before_that(begin: Any) -> None:
    whole, reporter, folder = begin("whole", **SPENT_BY_TWO_STEPS)
    run_ppo(whole, folder, reporter)
    first, paused, folder = begin("paused", **SPENT_BY_TWO_STEPS)
    pause_after(paused, 2)
    run_ppo(first, folder, paused)
    second, resumed, folder = begin("paused", **SPENT_BY_TWO_STEPS)
    metrics = run_ppo(second, folder, resumed)
    assert metrics.steps == 2
    assert metrics.final_kl is not None
    assert 0 < metrics.final_kl <= 1.0
    assert_same_policy(second, whole)


def test_the_final_figures_are_of_the_model_that_is_left(begin: Any) -> None:
    short, reporter, folder = begin("short", steps=2)
    ended = run_ppo(short, folder, reporter)
    long, reporter, folder = begin("long", steps=3)
    run_ppo(long, folder, reporter)
    third = curves(reporter)[2]
    assert {name: getattr(ended, f"final_{name}") for name in ("kl", "score", "answer_length")} == {
        name: third[name] for name in ("kl", "score", "answer_length")
    }


@pytest.mark.parametrize("kind", STARTS)
def test_the_saved_policy_is_an_ordinary_tuned_model(
    base: BaseModel, begin: Any, kind: str, tmp_path: Path
) -> None:
    start = save_start(base, kind, tmp_path / "start")
    run, reporter, folder = begin("run", parent=start, steps=2)
    run_ppo(run, folder, reporter)
    save_policy(run, tmp_path / "tuned")
    with run.learner.model.as_policy() as policy:
        wanted = logits(policy)
    found = start_logits(base, files_of(tmp_path / "tuned"))
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(found, start_logits(base, start), rtol=1e-3, atol=1e-3)
    names = {file.name for file in (tmp_path / "tuned").iterdir()}
    assert names >= {"adapter_config.json", "adapter_model.safetensors"}
    assert names <= {"adapter_config.json", "adapter_model.safetensors", "changed.safetensors"}
    assert str(base.folder) not in (tmp_path / "tuned" / "adapter_config.json").read_text()


def test_each_pass_takes_every_prompt_once_in_another_order(begin: Any) -> None:
    run, _, _ = begin("run", prompts_per_batch=3)
    settings = run.learner.settings
    drawn = [prompt.question for step in range(7) for prompt in batch_of(run.prompts, settings, step)]
    passes = [drawn[start : start + 7] for start in range(0, 21, 7)]
    assert all(len(set(one)) == 7 for one in passes)
    assert len({tuple(one) for one in passes}) > 1


def test_prompts_that_are_too_long_are_left_out_or_refused(begin: Any) -> None:
    run, _, _ = begin("run", max_prompt_tokens=6)
    assert (len(run.prompts), run.dropped) == (7, 0)
    with pytest.raises(UserError, match="at most 5 tokens"):
        begin("run", max_prompt_tokens=5)


def points(**ends: tuple[float, float]) -> list[dict[str, float]]:
    """Figures of ten steps that go evenly from a first to a last value."""
    calm = {"score": (0.0, 0.0), "answer_length": (20.0, 20.0), "repetition_share": (0.0, 0.0)}
    return [
        {name: low + (high - low) * step / 9 for name, (low, high) in {**calm, **ends}.items()}
        for step in range(10)
    ]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (points(), []),
        (points(score=(0.0, 2.0)), []),
        (points(score=(0.0, 2.0), held_out_score=(0.0, 1.0)), []),
        (points(score=(0.0, 2.0), held_out_score=(0.0, -0.5)), ["the reward model's faults"]),
        (points(score=(0.0, 0.2), held_out_score=(0.0, -0.5)), []),
        (points(answer_length=(20, 45)), ["prefer long answers"]),
        (points(answer_length=(20, 5)), ["prefer short answers"]),
        (points(repetition_share=(0.05, 0.6)), ["repeat themselves"]),
        (points(repetition_share=(0.05, 0.6))[:5], []),
    ],
)
def test_warnings_name_what_drifts(steps: list[dict[str, float]], words: list[str]) -> None:
    found = warnings(steps)
    assert len(found) == len(words)
    assert all(word in sentence for word, sentence in zip(words, found, strict=True))


def test_the_budget_is_spent_beyond_it() -> None:
    assert budget_spent({"kl": 5.0}, 5.0, 3) is None
    assert "5.1 nats" in (budget_spent({"kl": 5.1}, 5.0, 3) or "")
