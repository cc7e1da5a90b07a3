"""Evaluating on the real model: itself against itself, and a model that a random adapter has spoilt."""

from dataclasses import replace
from pathlib import Path

import pytest

from ftdemo.evaluation.measuring import measure
from ftdemo.evaluation.settings import EvaluationSettings
from ftdemo.jobs.reporter import Reporter
from ftdemo.models import ensure_base_model
from ftdemo.models.base import BaseModel
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.studio import Studio
from ftdemo.weights.tuned_files import tuned_files
from tests.integration.adapters import save_random_adapter

pytestmark = [pytest.mark.model, pytest.mark.slow]

QUESTIONS = ["What is the capital of France?", "Name a fruit.", "What is rain?", "Why is the sky blue?"]


@pytest.fixture
def base(model_settings: Settings) -> BaseModel:
    return ensure_base_model(model_settings)


def test_a_job_finds_the_base_model_as_good_as_itself(base: BaseModel, model_settings: Settings) -> None:
    # One thread: where other programs compute too, two wait for each other more than they compute.
    studio = Studio(replace(model_settings, training_threads=1))
    job = studio.evaluate("base", questions=QUESTIONS, rules=("short",), max_new_tokens=12)
    job = studio.jobs.wait(job.id)
    assert job.status == "finished", (job.error_message, studio.jobs.log(job.id))
    assert (job.step, job.total_steps) == (8, 8)
    found = job.metrics
    assert (found["win_rate"], found["same"], found["prompts"]) == (0.5, 4, 4)
    assert found["forgetting"]["fell_percent"] == 0
    assert -2 < found["forgetting"]["before"] < -0.5
    assert "Paris" in found["answers"][0]["after"]
    assert studio.models.names() == ["base"]
    assert found["peak_memory_bytes"] < 3e9


def test_a_spoilt_model_has_forgotten_and_is_less_fluent(
    base: BaseModel, model_settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_random_adapter(base.folder, tmp_path / "spoilt", strength=0.3)
    store = Store(model_settings.database)
    job = store.jobs.add("evaluate", "spoilt", base.name, {})
    settings = EvaluationSettings(max_new_tokens=12)
    prompts = [({"role": "user", "content": question},) for question in QUESTIONS]
    found = measure(
        base, None, tuned_files(tmp_path / "spoilt"), prompts, settings, None, None, Reporter(store, job.id)
    )
    with capsys.disabled():
        print("\n" + "\n".join([*found["verdicts"], f"{found['seconds']} s"]))
    assert found["forgetting"]["forgot"]
    assert found["fluency"]["rose"]
