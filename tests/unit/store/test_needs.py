"""What a job needs cannot be taken from under it."""

from collections.abc import Callable

import pytest

from ftdemo.errors import UserError
from ftdemo.store.jobs import Job
from ftdemo.store.lineage import Lineage
from ftdemo.store.models import TunedModel
from ftdemo.store.samples import Sample
from ftdemo.studio import Studio

Remove = Callable[[], None]


@pytest.fixture
def needing(studio: Studio, add_job: Callable[..., Job], add_model: Callable[..., TunedModel]) -> Job:
    """A job that learns from a set, two reward models and a parent."""
    store = studio.store
    trained = add_job("taste")
    store.jobs.update(trained.id, status="finished")
    rewards = [
        store.reward_models.add(name, base_model="some/base", folder=name, job_id=trained.id)
        for name in ("taste", "watched")
    ]
    lineage = Lineage.of(
        samples=store.sample_sets.add("facts", [Sample("q", "a")], file_name=None, file_format="csv"),
        parent=add_model("first"),
        reward=rewards[0],
        held_out_reward=rewards[1],
    )
    return store.jobs.add("align", "liked", "some/base", {"method": "ppo"}, lineage)


def removals(studio: Studio) -> list[Remove]:
    return [
        lambda: studio.samples.remove("facts"),
        lambda: studio.models.remove("first"),
        lambda: studio.reward_models.remove("taste"),
        lambda: studio.reward_models.remove("watched"),
    ]


@pytest.mark.parametrize("status", ["queued", "running", "paused", "interrupted", "failed", "stopped"])
def test_what_a_job_needs_cannot_be_removed(studio: Studio, needing: Job, status: str) -> None:
    studio.store.jobs.update(needing.id, status=status)
    for remove in removals(studio):
        with pytest.raises(UserError) as refused:
            remove()
        assert f"Job {needing.id} (liked)" in refused.value.message
        assert "remove it first" in refused.value.remedy or "stop it first" in refused.value.remedy
    assert studio.models.files_of(studio.models.get("first"))
    studio.store.jobs.update(needing.id, status="failed")
    studio.jobs.remove(needing.id)
    for remove in removals(studio):
        remove()


def test_a_job_that_has_finished_needs_nothing(studio: Studio, needing: Job) -> None:
    studio.store.jobs.update(needing.id, status="finished")
    for remove in removals(studio):
        remove()


def test_a_stopped_job_that_made_its_model_needs_nothing(studio: Studio, needing: Job) -> None:
    studio.store.models.add(
        "liked", base_model="b", method="ppo", folder="l", job_id=needing.id, lineage=needing.lineage
    )
    studio.store.jobs.update(needing.id, status="running")  # it compares with its parent now
    with pytest.raises(UserError):
        studio.models.remove("first")
    studio.store.jobs.update(needing.id, status="stopped")
    for remove in removals(studio):
        remove()


def test_a_model_that_is_to_be_evaluated_cannot_be_removed(
    studio: Studio, add_model: Callable[..., TunedModel]
) -> None:
    one, two = add_model("one"), add_model("two")
    job = studio.store.jobs.add(
        "evaluate", "one", "some/base", {"against": "two"}, Lineage.of(parent=two), model_id=one.id
    )
    for name in ("one", "two"):
        with pytest.raises(UserError, match=f"Job {job.id} "):
            studio.models.remove(name)
    studio.models.rename("one", "renamed")
    assert studio.jobs.get(job.id).model_name == "renamed"


def test_the_job_of_a_kept_reward_model_can_be_removed(studio: Studio, add_job: Callable[..., Job]) -> None:
    job = add_job("taste")
    studio.store.jobs.update(job.id, status="finished", metrics={"accuracy": 0.75})
    studio.store.reward_models.add("taste", base_model="some/base", folder="t", job_id=job.id)
    (studio.settings.reward_models / "t").mkdir(parents=True)
    studio.jobs.remove(job.id)
    (kept,) = studio.reward_models.all()
    assert (kept.name, kept.job_id) == ("taste", None)
    described = studio.reward_models.describe("taste")
    assert (described["settings"], described["metrics"]) == ({}, {})
