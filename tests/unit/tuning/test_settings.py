from dataclasses import asdict
from typing import Any

import pytest

from ftdemo.errors import UserError
from ftdemo.tuning.methods import METHODS
from ftdemo.tuning.recipes import DEFAULT_RECIPE, RECIPES, settings_from
from ftdemo.tuning.settings import TuneSettings


def test_recipes_differ_in_how_much_they_learn() -> None:
    epochs = [RECIPES[name].settings().epochs for name in ("quick", "balanced", "thorough")]
    assert epochs == sorted(set(epochs))
    assert settings_from() == RECIPES[DEFAULT_RECIPE].settings() == TuneSettings()


def test_changes_go_over_the_recipe_and_none_changes_nothing() -> None:
    settings = settings_from("thorough", epochs=2, rank=None, dropout=0.0)
    assert asdict(settings) == {**asdict(RECIPES["thorough"].settings()), "epochs": 2, "dropout": 0.0}


def test_settings_come_back_from_the_store() -> None:
    settings = settings_from("thorough", seed=1)
    assert TuneSettings(**settings.as_dict()) == settings


@pytest.mark.parametrize("recipe", ["", "Balanced", "best"])
def test_unknown_recipe_names_those_there_are(recipe: str) -> None:
    with pytest.raises(UserError) as caught:
        settings_from(recipe)
    assert repr(recipe) in caught.value.message
    assert "quick, balanced, thorough" in caught.value.remedy


def test_unknown_setting_is_a_fault_of_the_caller() -> None:
    with pytest.raises(TypeError, match="epoch"):
        settings_from("quick", epoch=3)


@pytest.mark.parametrize(
    ("changes", "message", "remedy"),
    [
        (
            {"method": "magic"},
            "The method is 'magic'.",
            "Set it to one of: lora, dora, qlora, features, full.",
        ),
        ({"schedule": "step"}, "The schedule is 'step'.", "Set it to one of: linear, cosine, constant."),
        ({"epochs": 0}, "The number of epochs is 0.", "Set it to a number from 1 to 1000."),
        ({"epochs": 1001}, "The number of epochs is 1001.", "Set it to a number from 1 to 1000."),
        ({"learning_rate": 0.0}, "The learning rate is 0.0.", "Set it to a number from 1e-07 to 1.0."),
        ({"learning_rate": 2.0}, "The learning rate is 2.0.", "Set it to a number from 1e-07 to 1.0."),
        (
            {"learning_rate": float("nan")},
            "The learning rate is nan.",
            "Set it to a number from 1e-07 to 1.0.",
        ),
        ({"warmup_steps": -1}, "The number of warm-up steps is -1.", "Set it to a number from 0 to 100000."),
        ({"batch_size": 0}, "The batch size is 0.", "Set it to a number from 1 to 1024."),
        ({"rank": 0}, "The rank is 0.", "Set it to a number from 1 to 1024."),
        ({"alpha": 0}, "The alpha is 0.", "Set it to a number from 1 to 4096."),
        ({"dropout": 1.0}, "The dropout is 1.0.", "Set it to a number from 0.0 to 0.9."),
        ({"max_length": 15}, "The max length is 15.", "Set it to a number from 16 to 131072."),
        ({"accumulation": 0}, "The accumulation is 0.", "Set it to a number from 1 to 1024."),
        (
            {"targets": "all"},
            "The choice of target layers is 'all'.",
            "Set it to one of: all-linear, attention, mlp.",
        ),
        ({"precision": "int8"}, "The precision is 'int8'.", "Set it to one of: auto, float32, bfloat16."),
        (
            {"report_to": "paper"},
            "The report target is 'paper'.",
            "Set it to one of: none, tensorboard, trackio.",
        ),
        (
            {"early_stopping": -1},
            "The patience of early stopping is -1.",
            "Set it to a number from 0 to 1000.",
        ),
        ({"sampled_answers": 9}, "The number of sampled answers is 9.", "Set it to a number from 0 to 8."),
        ({"seed": -1}, "The seed is -1.", "Set it to a number from 0 to 4294967295."),
    ],
)
def test_bad_value_is_told_in_a_sentence(changes: dict[str, Any], message: str, remedy: str) -> None:
    with pytest.raises(UserError) as caught:
        settings_from("quick", **changes)
    assert (caught.value.message, caught.value.remedy) == (message, remedy)


@pytest.mark.parametrize(
    ("name", "edges"),
    [
        ("epochs", (1, 1000)),
        ("learning_rate", (1e-7, 1.0)),
        ("warmup_steps", (0, 100_000)),
        ("batch_size", (1, 1024)),
        ("dropout", (0.0, 0.9)),
        ("seed", (0, 2**32 - 1)),
    ],
)
def test_values_at_the_edges_can_be_used(name: str, edges: tuple[float, float]) -> None:
    for value in edges:
        assert getattr(settings_from("quick", **{name: value}), name) == value


def test_each_method_has_a_learning_rate_of_its_own_and_recipes_scale_it() -> None:
    rates = {name: settings_from(method=name).learning_rate for name in METHODS}
    assert rates["full"] < rates["features"] < rates["lora"] == rates["dora"]
    assert settings_from("thorough", method="full").learning_rate == rates["full"] / 2


@pytest.mark.parametrize("parts", ["", "last:0", "lastly", "head,tail"])
def test_parts_that_no_model_can_have_are_refused(parts: str) -> None:
    with pytest.raises(UserError, match="part"):
        settings_from(method="features", parts=parts)
