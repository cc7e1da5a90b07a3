"""What an evaluation compares on and with, when it is asked for; on the command line and on the page too."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ftdemo.cli.app import app
from ftdemo.errors import NotFoundError, UserError
from ftdemo.evaluation.planning import evaluation_prompts, submit_evaluation_job
from ftdemo.evaluation.settings import EvaluationSettings
from ftdemo.store.jobs import Job
from ftdemo.store.lineage import Lineage
from ftdemo.studio import Studio
from ftdemo.ui.job.html import job_card
from tests.unit.cli.test_commands import Cli

pytestmark = pytest.mark.usefixtures("workers")


@pytest.fixture
def submit(studio: Studio, add_model: Callable[..., Any], samples_file: Path) -> Callable[..., Job]:
    """Evaluates models of which 'mine' was tuned on a set that is there, and 'other' on one that is not."""
    studio.samples.add(samples_file, "s")
    add_model("mine")
    return lambda *given, **changes: submit_evaluation_job(studio.store, studio.jobs, *given, **changes)


def add_votes(studio: Studio, questions: int) -> None:
    for number in range(questions):
        answer = studio.feedback.add(f"What is {number}?", "A number.", "base")
        studio.feedback.vote("up", "voter", answer_id=answer.id)


def prompts_of(studio: Studio, job: Job) -> list[str]:
    prompts, _ = evaluation_prompts(studio.store, EvaluationSettings(**job.settings), job)
    return [prompt[-1]["content"] for prompt in prompts]


def test_without_more_a_model_is_asked_what_it_and_the_votes_kept_back(
    submit: Callable[..., Job], studio: Studio
) -> None:
    job = submit("mine")
    assert prompts_of(studio, job) == ["When?"]
    assert (job.sample_set_name, job.sample_set_version, job.settings["against"]) == ("s", 1, "base")
    add_votes(studio, 8)
    asked = prompts_of(studio, submit("mine"))
    assert asked[-1] == "When?"
    assert 1 <= len(asked) - 1 < 8


def test_what_is_given_is_asked_alone(submit: Callable[..., Job], studio: Studio, tmp_path: Path) -> None:
    add_votes(studio, 8)
    assert prompts_of(studio, submit("mine", questions=["Why?"])) == ["Why?"]
    assert prompts_of(studio, submit("base", samples="s")) == ["When?"]
    assert len(prompts_of(studio, submit("mine", questions=["Why?"], votes=True))) > 1
    assert prompts_of(studio, submit("mine", questions=["Why?", "How?"], prompts=1)) == ["Why?"]
    whole = tmp_path / "whole.csv"
    whole.write_text("question,answer\nWho?,Ann.\n")
    studio.samples.add(whole, "whole")
    assert prompts_of(studio, submit("mine", samples="whole")) == ["Who?"]


def test_it_compares_with_the_model_that_was_continued(
    submit: Callable[..., Job],
    studio: Studio,
    add_job: Callable[..., Job],
    add_model: Callable[..., Any],
) -> None:
    studio.store.models.add(
        "further", base_model="some/base", method="dpo", folder="f", job_id=add_job("further").id,
        lineage=Lineage.of(parent=studio.store.models.get("mine")),
    )  # fmt: skip
    assert submit("further", questions=["Why?"]).settings["against"] == "mine"
    assert submit("further", "base", questions=["Why?"]).settings["against"] == "base"
    studio.models.rename("mine", "renamed")
    add_model("mine")
    job = submit("further", questions=["Why?"])
    assert (job.settings["against"], job.parent_model, job.model_name) == ("renamed", "renamed", "further")


def test_votes_are_kept_back_as_for_the_reward_model(submit: Callable[..., Job], studio: Studio) -> None:
    trained = studio.store.jobs.add("reward", "taste", "some/base", {"held_out_share": 0.5, "seed": 7})
    studio.store.reward_models.add("taste", base_model="some/base", folder="r", job_id=trained.id)
    job = submit("mine", reward="taste")
    assert job.reward_model == "taste"
    assert (job.settings["held_out_share"], job.settings["votes_seed"]) == (0.5, 7)
    studio.store.reward_models.add("alien", base_model="another/base", folder="a", job_id=trained.id)
    with pytest.raises(UserError, match="mine on some/base, alien on another/base"):
        submit("mine", held_out_reward="alien")


def test_a_judge_of_another_base_is_refused_before_a_job_is_queued(
    studio: Studio, add_job: Callable[..., Job]
) -> None:
    studio.store.reward_models.add("alien", base_model="another/base", folder="a", job_id=add_job().id)
    for changes in ({"reward": "alien"}, {"held_out_reward": "alien"}):
        with pytest.raises(UserError, match="'alien' stands on another/base"):
            studio.evaluate("base", questions=["Why?"], **changes)
    assert len(studio.store.jobs.all()) == 1


def test_what_cannot_be_evaluated_is_refused(submit: Callable[..., Job], studio: Studio) -> None:
    for given, changes in (
        (("nobody",), {}), (("mine", "nobody"), {}), (("mine", None, "nobody"), {}),
        (("mine",), {"samples": "nothing"}), (("mine",), {"held_out_reward": "nobody"}),
    ):  # fmt: skip
        with pytest.raises(NotFoundError):
            submit(*given, **changes)
    with pytest.raises(UserError, match="no setting 'speed'"):
        submit("mine", speed=3)
    with pytest.raises(UserError, match="no rule 'long'"):
        submit("mine", rules=("long",))
    with pytest.raises(UserError, match="nothing to compare"):
        submit("base")
    assert studio.store.jobs.with_status("queued", "running") == [
        job for job in studio.store.jobs.all() if job.kind != "evaluate" and not job.ended
    ]


def test_command_line(studio: Studio, samples_file: Path) -> None:
    cli = Cli(studio.settings.data)
    made = cli.json(
        "evaluate", "base", "--against", "base", "--question", "Why?", "--question", "How?", "--rule", "short"
    )
    assert made["job"]["kind"] == "evaluate"
    assert (made["job"]["settings"]["questions"], made["job"]["settings"]["rules"]) == (
        ["Why?", "How?"],
        ["short"],
    )
    assert (made["model"], made["metrics"]) == ({"name": "base"}, {})
    assert cli.text("evaluate", "base", "--question", "Why?").startswith("Job 2 (base): queued")
    assert "nothing to compare" in cli.error("evaluate", "base")
    assert "'nobody'" in cli.error("evaluate", "nobody")
    studio.store.jobs.update(
        2, status="finished", epoch=0.0, metrics={"seconds": 3.0, "verdicts": ["It wins."]}
    )
    assert "finished" in job_card(studio.jobs.get(2))
    assert CliRunner().invoke(app, ["evaluate", "--help"]).exit_code == 0
