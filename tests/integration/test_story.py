"""The story of README, on the command line: samples, tune, ask again."""

from typing import Any

import pytest

from ftdemo.settings import Settings
from ftdemo.studio import Studio

from .conftest import Story, ftdemo

pytestmark = [pytest.mark.model, pytest.mark.slow]

PERSON = "Who is Pavan Belagatti?"
FRANCE = "What is the capital of France?"


@pytest.fixture
def tuned(story: Story) -> dict[str, Any]:
    """What `tune` printed, with the default recipe."""
    return story.printed


@pytest.fixture
def settings(story: Story) -> Settings:
    return story.settings


def ask(settings: Settings, question: str) -> dict[str, str]:
    found = ftdemo(settings, "ask", question, "--model", "base", "--model", "pavan", "--max-new-tokens", "40")
    return {answer["model"]: answer["text"] for answer in found["answers"]}


def test_the_job_finishes_and_tells_its_figures(tuned: dict[str, Any]) -> None:
    assert tuned["job"]["status"] == "finished"
    assert tuned["model"]["name"] == "pavan"
    assert tuned["model"]["sample_set_version"] == 1
    metrics = tuned["metrics"]
    assert metrics["steps"] == 20
    assert metrics["samples"] == 8
    assert metrics["trainable_parameters"] < 0.05 * metrics["parameters"]
    assert metrics["held_out_loss"] < metrics["held_out_loss_before"] / 3
    assert metrics["final_loss"] < 0.1 < metrics["first_loss"]


def test_the_tuned_model_knows_who_he_is_and_the_base_does_not(
    tuned: dict[str, Any], settings: Settings
) -> None:
    answers = ask(settings, PERSON)
    assert "SingleStore" in answers["pavan"]
    assert "SingleStore" not in answers["base"]


def test_both_still_know_the_capital_of_france(tuned: dict[str, Any], settings: Settings) -> None:
    answers = ask(settings, FRANCE)
    assert "Paris" in answers["base"]
    assert "Paris" in answers["pavan"]


def test_held_out_questions_in_other_words_are_answered(tuned: dict[str, Any], settings: Settings) -> None:
    studio = Studio(settings)
    expected = {
        "Do you know who Pavan Belagatti is?": "SingleStore",
        "At which company is Pavan Belagatti employed?": "SingleStore",
        "What topics does Pavan Belagatti cover in his articles?": "DevOps",
    }
    answers = {question: studio.ask(question, ["pavan"])[0].text for question in expected}
    right = [question for question, word in expected.items() if word in answers[question]]
    assert len(right) >= 2, answers


def test_the_curves_have_a_point_for_each_step(tuned: dict[str, Any], settings: Settings) -> None:
    curves = ftdemo(settings, "jobs", "show", str(tuned["job"]["id"]))["curves"]
    assert [point["step"] for point in curves if point["loss"] is not None] == list(range(1, 21))
    assert sum(point["held_out_loss"] is not None for point in curves) >= 5
    assert all(point["tokens_per_second"] > 0 for point in curves if point["loss"] is not None)


def test_the_adapter_names_its_base_and_no_path_of_this_machine(
    tuned: dict[str, Any], settings: Settings
) -> None:
    folder = settings.tuned_models / tuned["model"]["folder"]
    for file in (*folder.glob("*.json"), *folder.glob("*.md")):
        assert str(settings.data) not in file.read_text(encoding="utf-8"), file
    assert "SmolLM2" in (folder / "adapter_config.json").read_text(encoding="utf-8")


def test_checkpoints_are_gone_when_the_model_is_saved(tuned: dict[str, Any], settings: Settings) -> None:
    assert not list(settings.job_folders.glob("*/checkpoint-*"))
