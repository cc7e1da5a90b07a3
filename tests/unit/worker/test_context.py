"""What a job's worker works with, and how it ends: nothing of another's is lost, nothing is exchanged."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ftdemo.errors import NotFoundError, UserError
from ftdemo.jobs.beginning import BEGINNING_FILE
from ftdemo.jobs.reporter import Reporter
from ftdemo.store.jobs import Job
from ftdemo.store.lineage import Lineage
from ftdemo.store.models import TunedModel
from ftdemo.store.samples import Sample
from ftdemo.studio import Studio
from ftdemo.worker.context import JobContext

BASE = "some/base"


@pytest.fixture
def begin(studio: Studio) -> Callable[[int], JobContext]:
    """What the worker of a job begins with."""

    def begin(job_id: int) -> JobContext:
        return JobContext.begin(job_id, studio.settings, Reporter(studio.store, job_id))

    return begin


def tune(studio: Studio, name: str, **lineage: Any) -> Job:
    """A queued job that nothing starts."""
    return studio.store.jobs.add("tune", name, BASE, {"method": "lora"}, Lineage.of(**lineage))


def finish(context: JobContext, text: str) -> None:
    """End a run whose model is a text."""

    def save(folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "model.txt").write_text(text)

    status = context.finish(context.settings.tuned_models, save, context.register_tuned)
    context.store.jobs.update(context.job.id, status=status)


def text_of(studio: Studio, name: str) -> str:
    return (studio.settings.tuned_models / studio.models.get(name).folder / "model.txt").read_text()


def test_a_model_outlives_its_job_and_all_that_come_after(
    studio: Studio, begin: Callable[[int], JobContext]
) -> None:
    first = tune(studio, "first")
    finish(begin(first.id), "the first")
    studio.jobs.remove(first.id)
    second = tune(studio, "second")
    finish(begin(second.id), "the second")
    assert (text_of(studio, "first"), text_of(studio, "second")) == ("the first", "the second")
    assert studio.models.get("first").folder != studio.models.get("second").folder


def test_no_folder_is_used_twice_and_none_is_named_by_a_number(
    studio: Studio, begin: Callable[[int], JobContext]
) -> None:
    """A folder of the former kind, of a model that is still there, lies where this job's would have."""
    job = tune(studio, "second")
    old = studio.settings.tuned_models / f"job-{job.id}"
    old.mkdir(parents=True)
    (old / "model.txt").write_text("kept")
    finish(begin(job.id), "the second")
    assert (old / "model.txt").read_text() == "kept"
    used = studio.models.get("second").folder
    studio.models.remove("second")
    finish(begin(job.id), "again")
    assert studio.models.get("second").folder != used


def test_a_model_that_cannot_be_entered_leaves_no_folder(
    studio: Studio, begin: Callable[[int], JobContext]
) -> None:
    context = begin(tune(studio, "m").id)
    models = context.settings.tuned_models

    def fail(folder: Path) -> None:
        raise OSError("the disk is full")

    def fail_at_the_end(folder: Path) -> None:
        """A reference to no job, looked at when all that was written is to reach the disk."""
        studio.store.database.execute("PRAGMA defer_foreign_keys=on")
        studio.store.models.add("m", base_model="b", method="lora", folder=folder.name, job_id=99)

    with pytest.raises(OSError, match="full"):
        context.finish(models, lambda folder: folder.mkdir(parents=True), fail)
    assert [path.suffix for path in models.iterdir()] == [".partial"]
    with pytest.raises(sqlite3.IntegrityError):
        context.finish(models, lambda folder: folder.mkdir(parents=True), fail_at_the_end)
    assert list(models.iterdir()) == []
    assert studio.models.all() == []


def test_a_job_starts_from_the_model_it_named_when_it_was_given(
    studio: Studio, add_model: Callable[..., TunedModel], begin: Callable[[int], JobContext]
) -> None:
    named = add_model("first")
    job = tune(studio, "second", parent=named)
    studio.models.rename("first", "renamed")
    add_model("first")
    context = begin(job.id)
    assert context.parent is not None
    assert (context.parent.folder.name, context.parent_name) == (named.folder, "renamed")
    context.register_tuned(Path("made"))
    assert (studio.models.get("second").parent_id, studio.models.get("second").parent_model) == (
        named.id,
        "renamed",
    )


def test_a_job_goes_on_with_the_samples_it_began_with(
    studio: Studio, begin: Callable[[int], JobContext]
) -> None:
    samples = studio.store.sample_sets.add("s", [Sample("q", "a")], file_name=None, file_format="csv")
    job = tune(studio, "m", samples=samples)
    begin(job.id)
    studio.store.sample_sets.change("s", add=[Sample("r", "b")], note="more")
    assert [sample.question for sample in begin(job.id).samples("train")] == ["q"]
    # Past what the library refuses: the set is gone, and another has its name.
    studio.store.sample_sets.remove("s")
    studio.store.sample_sets.add("s", [Sample("other", "b")], file_name=None, file_format="csv")
    studio.store.jobs.update(job.id, status="paused")
    with pytest.raises(NotFoundError, match="sample set 's' is not there any more"):
        begin(job.id).samples("train")
    with pytest.raises(NotFoundError, match="sample set 's' is not there any more"):
        studio.jobs.resume(job.id)
    assert studio.jobs.get(job.id).status == "paused"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"sample_set_version": 2}, "another version of its sample set"),
        ({"settings": {"method": "lora", "epochs": 9}}, "other settings"),
        ({"base_model": "other/base"}, "another base model"),
    ],
)
def test_a_job_does_not_go_on_with_anything_else(
    studio: Studio, begin: Callable[[int], JobContext], changed: dict[str, Any], words: str
) -> None:
    samples = studio.store.sample_sets.add("s", [Sample("q", "a")], file_name=None, file_format="csv")
    studio.store.sample_sets.change("s", add=[Sample("r", "b")], note="more")
    job = studio.store.jobs.add(
        "tune", "m", BASE, {"method": "lora"},
        Lineage(sample_set_id=samples.id, sample_set_name="s", sample_set_version=1),
    )  # fmt: skip
    context = begin(job.id)
    assert json.loads((context.folder / BEGINNING_FILE).read_text())["settings"] == {"method": "lora"}
    studio.store.jobs.update(job.id, status="interrupted", **changed)
    for go_on in (begin, studio.jobs.resume):
        with pytest.raises(UserError, match=words) as refused:
            go_on(job.id)
        assert f"Job {job.id} (m) began with" in refused.value.message
    assert studio.jobs.get(job.id).status == "interrupted"


def test_a_reward_model_of_another_base_is_refused(
    studio: Studio, add_job: Callable[..., Job], begin: Callable[[int], JobContext]
) -> None:
    reward = studio.store.reward_models.add("r", base_model="x/y", folder="r", job_id=add_job().id)
    job = studio.store.jobs.add("align", "m", BASE, {"method": "ppo"}, Lineage.of(reward=reward))
    with pytest.raises(UserError, match="'r' stands on x/y"):
        _ = begin(job.id).reward
    with pytest.raises(UserError, match="'r' stands on x/y"):
        studio.reward_models.folder("r")


def test_what_an_old_job_names_and_nothing_has_is_told(
    studio: Studio, begin: Callable[[int], JobContext]
) -> None:
    """Rows from before numbers were kept, whose names nothing has any more."""
    settings = {"held_out_reward": "gone"}
    job = studio.store.jobs.add("evaluate", "gone", BASE, settings)
    context = begin(job.id)
    with pytest.raises(NotFoundError, match="tuned model 'gone'"):
        _ = context.evaluated
    with pytest.raises(NotFoundError, match="reward model 'gone'"):
        _ = context.held_out_reward
