from collections.abc import Callable

import pytest

from ftdemo.errors import InvalidNameError, NotFoundError
from ftdemo.store import Store
from ftdemo.store.jobs import Job
from ftdemo.store.lineage import Lineage
from ftdemo.store.models import TunedModel

AddModel = Callable[..., TunedModel]


def test_model_comes_back_as_it_was_saved(store: Store, add_job: Callable[..., Job]) -> None:
    job = add_job("pavan")
    added = store.models.add(
        "pavan",
        base_model="a/b",
        method="lora",
        folder="job-1",
        job_id=job.id,
        lineage=Lineage(sample_set_name="facts"),
    )
    assert added == store.models.get("pavan") == store.models.find("pavan") == store.models.all()[0]
    assert (added.base_model, added.method, added.folder) == ("a/b", "lora", "job-1")
    assert (added.job_id, added.sample_set_name) == (job.id, "facts")


def test_taken_name_is_refused(store: Store, add_model: AddModel, add_job: Callable[..., Job]) -> None:
    first = add_model("pavan")
    job = add_job("pavan")
    with pytest.raises(InvalidNameError, match="'pavan' already"):
        store.models.add("pavan", base_model="x", method="lora", folder="x", job_id=job.id)
    assert store.models.all() == [first]


def test_model_of_an_unknown_job_is_refused(store: Store) -> None:
    with pytest.raises(Exception, match="FOREIGN KEY"):
        store.models.add("m", base_model="x", method="lora", folder="x", job_id=99)
    assert store.models.all() == []


def test_rename_changes_the_name_only(store: Store, add_model: AddModel) -> None:
    before = add_model("old")
    after = store.models.rename("old", "new")
    assert vars(after) == {**vars(before), "name": "new"}
    assert store.models.find("old") is None


def test_rename_to_its_own_name_changes_nothing(store: Store, add_model: AddModel) -> None:
    model = add_model("same")
    assert store.models.rename("same", "same") == model


def test_rename_to_a_taken_name_is_refused(store: Store, add_model: AddModel) -> None:
    add_model("one")
    add_model("two")
    with pytest.raises(InvalidNameError):
        store.models.rename("one", "two")
    assert [model.name for model in store.models.all()] == ["one", "two"]


def test_unknown_model_names_those_there_are(store: Store, add_model: AddModel) -> None:
    add_model("one")
    for act in (store.models.get, store.models.remove, lambda name: store.models.rename(name, "x")):
        with pytest.raises(NotFoundError) as caught:
            act("nothing")
        assert "base, one" in caught.value.remedy


def test_the_base_model_is_there_and_no_tuned_one(store: Store, add_model: AddModel) -> None:
    with pytest.raises(NotFoundError, match="'base' is the untouched base model") as none:
        store.models.rename("base", "mine")
    assert none.value.remedy == "There is no tuned one yet."
    add_model("pavan")
    with pytest.raises(NotFoundError, match="cannot be renamed or removed") as caught:
        store.models.remove("base")
    assert caught.value.remedy == "The tuned models are: pavan."


def test_removed_model_is_gone_and_its_name_free(store: Store, add_model: AddModel) -> None:
    add_model("one")
    store.models.remove("one")
    assert store.models.find("one") is None
    add_model("one")
