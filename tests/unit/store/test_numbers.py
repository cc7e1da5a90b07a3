"""Numbers are given once, and what a job or a model comes from is kept by number."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ftdemo.errors import NotFoundError
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.jobs import Job
from ftdemo.store.lineage import Lineage, origins, parent_of, samples_of
from ftdemo.store.models import TunedModel
from ftdemo.store.samples import Sample
from tests.fixtures.data_folders import make_data_folder_9

BASE = "HuggingFaceTB/SmolLM2-135M-Instruct"


def add_set(store: Store, name: str = "facts") -> int:
    return store.sample_sets.add(name, [Sample("q", "a")], file_name=None, file_format="csv").id


def test_the_number_of_what_was_removed_is_not_given_again(store: Store, add_job: Callable[..., Job]) -> None:
    job = add_job()
    store.jobs.remove(job.id)
    assert add_job().id > job.id
    number = add_set(store)
    store.sample_sets.remove("facts")
    assert add_set(store) > number
    owner = add_job().id
    tuned = store.models.add("m", base_model="b", method="lora", folder="a", job_id=owner)
    reward = store.reward_models.add("r", base_model="b", folder="a", job_id=owner)
    store.models.remove("m")
    store.reward_models.remove("r")
    assert store.models.add("m", base_model="b", method="lora", folder="b", job_id=owner).id > tuned.id
    assert store.reward_models.add("r", base_model="b", folder="b", job_id=owner).id > reward.id


@pytest.fixture
def old(settings: Settings) -> Store:
    return Store(make_data_folder_9(settings.data))


def test_an_old_folder_goes_on_after_the_highest_numbers_it_knew(old: Store) -> None:
    """Job 13 was removed, and its model is there in `job-13`; set 3 was removed, which job 9 names."""
    assert old.jobs.add("tune", "m", BASE, {}).id == 14
    assert add_set(old, "new") == 4


def test_folders_on_the_disk_count_too(settings: Settings) -> None:
    database = make_data_folder_9(settings.data)
    (settings.data / "jobs" / "20").mkdir()
    (settings.data / "reward-models" / "job-31").mkdir()
    assert Store(database).jobs.add("tune", "m", BASE, {}).id == 32


def test_votes_on_models_that_are_gone_count_too(settings: Settings) -> None:
    database = make_data_folder_9(settings.data)
    with sqlite3.connect(database) as connection:
        connection.execute("update rated_answers set model_version = 'job-40' where id = 5")
    connection.close()
    assert Store(database).jobs.add("tune", "m", BASE, {}).id == 41


def test_names_of_an_old_folder_become_numbers(old: Store) -> None:
    jobs = {job.id: job for job in old.jobs.all()}
    models = {model.name: model for model in old.models.all()}
    renamed = models["liked renamed"]
    assert [jobs[number].parent_id for number in (1, 2, 4, 6, 12)] == [None, 1, 2, 1, 2]
    # These named it when it was called 'liked'.
    assert (jobs[5].parent_id, jobs[7].parent_id, jobs[7].parent_model) == (
        renamed.id,
        renamed.id,
        "liked renamed",
    )
    assert (models["liked more"].parent_id, models["liked more"].parent_model) == (
        renamed.id,
        "liked renamed",
    )
    assert (jobs[10].model_id, jobs[10].parent_id, jobs[10].parent_model) == (renamed.id, 2, "second")
    assert (jobs[11].model_id, jobs[11].parent_id, jobs[11].parent_model) == (2, None, None)
    assert (jobs[4].reward_id, jobs[5].held_out_reward_id, models["liked more"].reward_id) == (1, 1, 1)
    assert [model.sample_set_id for model in old.models.all()] == [1, 1, None, 2, 2]
    assert parent_of(old, jobs[12]) == models["second"]
    with pytest.raises(NotFoundError, match="sample set 'gone' is not there any more"):
        origins(old, jobs[9])


def test_where_an_old_name_may_mean_two_models_none_is_taken(settings: Settings) -> None:
    """Job 12 names 'second'. One model was made under that name, and renamed; another has it now."""
    database = make_data_folder_9(settings.data)
    connection = sqlite3.connect(database)
    connection.executescript(
        """
        update tuned_models set name = 'away' where name = 'second';
        update tuned_models set name = 'second' where name = 'first';
        """
    )
    connection.close()
    store = Store(database)
    job = store.jobs.get(12)
    assert (job.parent_id, job.parent_model) == (None, "second")
    with pytest.raises(NotFoundError, match="'second' is not there any more"):
        origins(store, job)


def test_an_old_name_is_that_of_a_model_which_never_had_another(settings: Settings) -> None:
    """'first' was made as 'first'; that 'second' was called so later does not make it the parent of job 6."""
    database = make_data_folder_9(settings.data)
    connection = sqlite3.connect(database)
    connection.execute("update jobs set model_name = 'first' where id = 2")
    connection.commit()
    connection.close()
    assert Store(database).jobs.get(6).parent_id == 1


def test_a_lineage_follows_a_renamed_parent(store: Store, add_model: Callable[..., TunedModel]) -> None:
    lineage = Lineage.of(parent=add_model("first"))
    job = store.jobs.add("tune", "second", "some/base", {}, lineage)
    store.models.add("child", base_model="b", method="lora", folder="c", job_id=job.id, lineage=job.lineage)
    store.models.rename("first", "renamed")
    other = add_model("first")
    parent = parent_of(store, store.jobs.get(job.id))
    assert parent is not None
    assert (parent.name, parent.id) == ("renamed", lineage.parent_id)
    assert parent.id != other.id
    assert store.jobs.get(job.id).parent_model == store.models.get("child").parent_model == "renamed"
    assert [one.parent_model for one in store.jobs.with_status("queued")] == ["renamed"]
    store.jobs.update(job.id, status="finished")
    store.models.remove("renamed")
    assert store.models.get("child").parent_model == "first"  # what it was called when the job was given


def test_a_job_cannot_be_given_on_what_was_removed_meanwhile(
    store: Store, add_model: Callable[..., TunedModel]
) -> None:
    parent = add_model("first")
    store.models.remove("first")
    with pytest.raises(NotFoundError, match="tuned model 'first' is not there any more"):
        store.jobs.add("tune", "m", "some/base", {}, Lineage.of(parent=parent))
    with pytest.raises(NotFoundError, match="tuned model 'first'"):
        store.jobs.add("evaluate", "first", "some/base", {}, model_id=parent.id)


def test_samples_are_those_of_the_version(store: Store) -> None:
    add_set(store)
    lineage = Lineage.of(samples=store.sample_sets.get("facts"))
    store.sample_sets.change("facts", change={1: Sample("other", "b")}, note="changed")
    assert [sample.question for sample in samples_of(store, lineage, "train")] == ["q"]
    store.sample_sets.remove("facts")
    add_set(store)
    with pytest.raises(NotFoundError, match="sample set 'facts' is not there any more"):
        samples_of(store, lineage, "train")


def test_tables_are_not_rebuilt_while_references_are_looked_after(tmp_path: Path) -> None:
    from ftdemo.store.numbering import give_numbers_once

    with pytest.raises(sqlite3.IntegrityError):
        give_numbers_once(Store(tmp_path / "ftdemo.db").database)
