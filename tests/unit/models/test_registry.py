import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ftdemo.errors import InvalidNameError, NotFoundError, UserError
from ftdemo.models import Models
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.jobs import Job
from ftdemo.store.models import TunedModel

AddModel = Callable[..., TunedModel]


@pytest.fixture
def registry(store: Store, settings: Settings) -> Models:
    return Models(store, settings)


def files_of(settings: Settings, model: TunedModel) -> Path:
    return settings.tuned_models / model.folder


def test_names_begin_with_base(registry: Models, add_model: AddModel) -> None:
    add_model("z")
    add_model("a")
    assert registry.names() == ["base", "z", "a"]
    assert [model.name for model in registry.all()] == ["z", "a"]


def test_description_tells_where_a_model_came_from(
    registry: Models, add_model: AddModel, settings: Settings
) -> None:
    model = add_model("pavan")
    description = registry.describe("pavan")
    adapter = files_of(settings, model) / "adapter_config.json"
    assert description == {
        **vars(model),
        "folder": str(files_of(settings, model)),
        "bytes": 1000 + adapter.stat().st_size,
        "rank": 4,
        "target_modules": ["q_proj", "v_proj"],
        "settings": {"method": "lora"},
        "metrics": {"loss": 0.5},
    }


def test_model_whose_files_are_gone(registry: Models, add_model: AddModel, settings: Settings) -> None:
    model = add_model("pavan")
    shutil.rmtree(files_of(settings, model))
    for ask in (lambda: registry.files_of(model), lambda: registry.describe("pavan")):
        with pytest.raises(NotFoundError, match="'pavan' are gone"):
            ask()
    registry.remove("pavan")  # it can still be got rid of
    assert registry.all() == []


def test_unknown_model(registry: Models) -> None:
    for act in (registry.get, registry.describe, registry.remove):
        with pytest.raises(NotFoundError):
            act("nothing")


def test_new_name_is_cleaned(registry: Models) -> None:
    assert registry.check_new_name("  mine ") == "mine"


@pytest.mark.parametrize("name", ["", "a/b", "base", "taken", " taken "])
def test_new_name_that_cannot_be_used(registry: Models, add_model: AddModel, name: str) -> None:
    add_model("taken")
    with pytest.raises(InvalidNameError):
        registry.check_new_name(name)


@pytest.mark.parametrize(
    ("status", "free"),
    [
        ("queued", False),
        ("running", False),
        ("finished", True),
        ("stopped", True),
        ("failed", True),
        ("interrupted", True),
    ],
)
def test_name_of_a_model_to_come_is_taken(
    registry: Models, store: Store, add_job: Callable[..., Job], status: str, free: bool
) -> None:
    store.jobs.update(add_job("mine").id, status=status)
    if free:
        assert registry.check_new_name("mine") == "mine"
    else:
        with pytest.raises(UserError, match="about to make a model named 'mine'"):
            registry.check_new_name("mine")


def test_rename_keeps_the_files(registry: Models, add_model: AddModel) -> None:
    model = add_model("old")
    renamed = registry.rename("old", " new ")
    assert renamed.name == "new"
    assert registry.files_of(renamed) == registry.files_of(model)


@pytest.mark.parametrize("name", ["", "a/b", "Base", "two"])
def test_rename_to_a_name_that_cannot_be_used(registry: Models, add_model: AddModel, name: str) -> None:
    add_model("one")
    add_model("two")
    with pytest.raises(InvalidNameError):
        registry.rename("one", name)
    assert registry.names() == ["base", "one", "two"]


def test_remove_deletes_the_files_of_that_model_only(
    registry: Models, add_model: AddModel, settings: Settings
) -> None:
    one, two = add_model("one"), add_model("two")
    registry.remove("one")
    assert registry.names() == ["base", "two"]
    assert not files_of(settings, one).exists()
    assert registry.files_of(two).folder.is_dir()
