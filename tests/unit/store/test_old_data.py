"""A data folder of a former version opens, and nothing in it is lost."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ftdemo.cli.app import app
from ftdemo.errors import NotFoundError, UserError
from ftdemo.rewards.figures import RewardFigures
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from ftdemo.ui.align.reward_html import sheet as reward_sheet_html
from tests.fixtures.data_folders import make_data_folder_9

TABLES = (
    "sample_sets", "sample_set_versions", "samples", "jobs", "job_metrics", "job_answers", "tuned_models",
    "reward_models", "calibrations", "conversations", "messages", "rated_answers", "votes", "corrections",
    "choices", "secrets",
)  # fmt: skip


@pytest.fixture
def old_studio(settings: Settings, workers: list[Job]) -> Studio:
    """The app on an old data folder; the queued job is started, with a worker that only sleeps."""
    make_data_folder_9(settings.data)
    return Studio(settings)


@pytest.fixture
def old_data(settings: Settings) -> Path:
    """The SQLite file of an old data folder."""
    return make_data_folder_9(settings.data)


def rows_of(file: Path) -> dict[str, list[dict[str, Any]]]:
    connection = sqlite3.connect(file)
    connection.row_factory = sqlite3.Row
    try:
        return {
            table: [dict(row) for row in connection.execute(f"select * from {table} order by 1, 2")]
            for table in TABLES
        }
    finally:
        connection.close()


def test_every_row_keeps_its_number_and_what_it_said(old_data: Path) -> None:
    before = rows_of(old_data)
    Store(old_data)
    after = rows_of(old_data)
    for table in TABLES:
        assert len(after[table]) == len(before[table])
        for old, new in zip(before[table], after[table], strict=True):
            kept = {name: value for name, value in old.items() if value is not None}
            assert {name: new[name] for name in kept} == kept


def test_jobs_are_read_by_field_name(old_data: Path) -> None:
    jobs = {job.id: job for job in Store(old_data).jobs.all()}
    assert [jobs[number].status for number in sorted(jobs)] == [
        "finished", "finished", "finished", "finished", "finished", "paused", "interrupted", "stopped",
        "failed", "finished", "stopped", "queued",
    ]  # fmt: skip
    assert (jobs[2].parent_model, jobs[2].sample_set_name, jobs[2].sample_set_version) == (
        "first",
        "facts",
        2,
    )
    assert (jobs[4].reward_model, jobs[4].metrics["votes"]) == ("taste", 36)
    assert jobs[10].settings["against"] == "second"
    assert jobs[6].settings["method"] == "lora"


def test_sets_models_votes_and_conversations_are_read(old_data: Path) -> None:
    store = Store(old_data)
    facts = store.sample_sets.get("facts")
    assert [one.version for one in store.sample_sets.versions(facts.id)] == [1, 2]
    assert [sample.answer for sample in store.sample_sets.samples(facts.id, "train", 1)] == [
        "Ann paints.",
        "In Ghent.",
        "Blue.",
    ]
    assert [(model.name, model.folder) for model in store.models.all()] == [
        ("first", "job-1"),
        ("second", "job-2"),
        ("liked renamed", "job-4"),
        ("liked more", "job-5"),
        ("without its job", "job-13"),
    ]
    assert [model.name for model in store.reward_models.all()] == ["taste"]
    assert [point.step for point in store.jobs.metrics(1)] == [1, 2, 4]
    assert len(store.conversations.get(1).messages) == 5
    assert len(list(store.feedback.answers())) == 5
    assert (store.calibrations.get("lora-2") or {})["step_seconds"] == 0.05


def test_the_app_finds_every_model_and_goes_on(old_studio: Studio, workers: list[Job]) -> None:
    weights = {
        model.name: (old_studio.models.files_of(model).folder / "adapter_model.safetensors").read_text()
        for model in old_studio.models.all()
    }
    assert weights["without its job"] == "weights of job-13"
    assert len(set(weights.values())) == 5
    assert old_studio.models.describe("liked more")["parent_model"] == "liked renamed"
    assert [(one.round, one.parent, one.model) for one in old_studio.rounds()] == [
        (1, "second", "liked renamed"),
        (2, "liked renamed", "liked more"),
    ]
    assert old_studio.jobs.log(6) == "the log of job 6\n"
    old_studio.jobs.refresh()
    assert [job.id for job in workers] == [12]
    assert old_studio.jobs.resume(6).status == "queued"
    with pytest.raises(NotFoundError, match="sample set 'gone' is not there any more"):
        old_studio.jobs.resume(9)
    with pytest.raises(UserError, match=r"Job 7 \(cut off\) was interrupted and can be resumed"):
        old_studio.models.remove("liked renamed")


def test_a_reward_model_without_its_job_is_listed_and_shown(old_studio: Studio) -> None:
    old_studio.jobs.remove(3)
    (model,) = old_studio.reward_models.all()
    assert (model.name, model.job_id) == ("taste", None)
    data = str(old_studio.settings.data)
    for command in (["rewards", "list"], ["rewards", "show", "taste"], ["rounds"]):
        result = CliRunner().invoke(app, [*command, "--data", data])
        assert (result.exit_code, "taste" in result.output or command == ["rounds"]) == (0, True)
    figures = RewardFigures.read(old_studio.reward_models.describe("taste")["metrics"])
    assert reward_sheet_html(figures, "taste") == ""


def test_two_models_of_one_folder_do_not_remove_each_others_files(
    settings: Settings, workers: list[Job]
) -> None:
    """A number given again once led to it: the later model lies where the earlier one lay."""
    database = make_data_folder_9(settings.data)
    connection = sqlite3.connect(database)
    connection.executescript(
        """
        update tuned_models set folder = 'job-4' where name = 'first';
        insert into reward_models (name, base_model, folder, created_at)
            select 'taste before', base_model, folder, created_at from reward_models;
        """
    )
    connection.close()
    studio = Studio(settings)
    for job in studio.store.jobs.all():
        studio.store.jobs.update(job.id, status="finished")
    studio.models.remove("first")
    assert studio.models.files_of(studio.models.get("liked renamed"))
    studio.models.remove("liked renamed")
    assert not (settings.tuned_models / "job-4").exists()
    studio.reward_models.remove("taste before")
    assert studio.reward_models.files(studio.store.reward_models.get("taste"))
    studio.reward_models.remove("taste")
    assert not (settings.reward_models / "job-3").exists()


def test_a_model_that_names_a_job_which_is_not_there(settings: Settings, workers: list[Job]) -> None:
    """A file that was mended by hand, or written while references were not looked after."""
    database = make_data_folder_9(settings.data)
    connection = sqlite3.connect(database)
    connection.executescript("update tuned_models set job_id = 999; update reward_models set job_id = 998;")
    connection.close()
    studio = Studio(settings)
    assert [one.model for one in studio.rounds()] == ["liked renamed", "liked more"]
    assert studio.models.describe("first")["settings"] == {}
    assert studio.reward_models.describe("taste")["metrics"] == {}
