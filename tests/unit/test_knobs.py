"""A knob is declared once; what is checked, offered and stored follows from there."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import gradio as gr
import pytest
import typer
from typer.testing import CliRunner

from ftdemo.aligning.ppo.settings import PpoSettings
from ftdemo.aligning.preference.settings import PreferenceSettings
from ftdemo.aligning.settings import AlignSettings, stored_align_settings
from ftdemo.cli.knobs import with_knobs
from ftdemo.engines import GenerationSettings
from ftdemo.errors import UserError
from ftdemo.evaluation.settings import EvaluationSettings
from ftdemo.knobs import Knobs, again, knob, known, names, options
from ftdemo.rewards.settings import RewardSettings
from ftdemo.settings import Settings
from ftdemo.tuning.recipes import settings_from
from ftdemo.tuning.settings import TuneSettings
from ftdemo.ui import knobs as inputs

KINDS = (
    TuneSettings, RewardSettings, PreferenceSettings, PpoSettings, AlignSettings, EvaluationSettings,
    GenerationSettings, Settings,
)  # fmt: skip


@dataclass(frozen=True)
class Tea(Knobs):
    """How tea is made."""

    minutes: int = knob(3, "number of minutes", "How long it draws.", 1, 20)
    sugar: float = knob(0.0, "share of sugar", "Of the cup.", 0.0, 0.5, step=0.05, group="Taste")
    kind: Literal["green", "black"] = knob("black", "kind of tea", "What leaves.", only=("pot",))
    method: Literal["pot", "cup"] = knob("pot", "method", "In what.")
    milk: bool = knob(False, "choice of milk", "Whether milk goes in.")
    guests: tuple[str, ...] = knob((), "list of guests", "Who drinks it.")
    water: float | None = knob(None, "amount of water", "In litres; without it, the pot is full.", 0.1)
    toast: str = knob("", "toast", "What is said.")


@dataclass(frozen=True)
class IcedTea(Tea):
    """The same, cold."""

    ice: int = knob(4, "number of ice cubes", "So many of them.", 0, 20, label="Ice")
    minutes: int = again(Tea, "minutes", 8, high=60)


def test_a_knob_tells_what_it_is() -> None:
    by_name = {option.name: option for option in options(Tea)}
    minutes = by_name["minutes"]
    assert (minutes.type, minutes.default, minutes.low, minutes.high) == (int, 3, 1, 20)
    assert (minutes.what, minutes.help, minutes.label) == (
        "number of minutes", "How long it draws.", "Minutes",
    )  # fmt: skip
    assert (by_name["sugar"].group, by_name["sugar"].step) == ("Taste", 0.05)
    assert by_name["kind"].choices == ("green", "black")
    assert by_name["kind"].methods == ("pot",)
    assert by_name["milk"].methods == ("pot", "cup")
    assert by_name["guests"].type is tuple
    assert (by_name["water"].type, by_name["water"].optional) == (float, True)
    assert {option.kind for option in options(Tea)} == {Tea}


def test_own_knobs_come_first_and_one_declared_again_keeps_the_rest_of_its_meaning() -> None:
    found = options(IcedTea)
    assert [option.name for option in found][:3] == ["ice", "minutes", "sugar"]
    assert (found[1].default, found[1].high, found[1].low, found[1].help) == (8, 60, 1, "How long it draws.")
    assert IcedTea(minutes=60).minutes == 60
    assert names(Tea) < names(IcedTea)


@pytest.mark.parametrize(
    ("given", "message", "remedy"),
    [
        ({"minutes": 1.5}, "The number of minutes is 1.5.", "Set it to a whole number from 1 to 20."),
        ({"minutes": "3"}, "The number of minutes is '3'.", "Set it to a whole number from 1 to 20."),
        ({"minutes": True}, "The number of minutes is True.", "Set it to a whole number from 1 to 20."),
        ({"minutes": None}, "The number of minutes is None.", "Set it to a whole number from 1 to 20."),
        ({"minutes": [3]}, "The number of minutes is [3].", "Set it to a whole number from 1 to 20."),
        ({"minutes": float("nan")}, "The number of minutes is nan.", "Set it to a number from 1 to 20."),
        ({"minutes": 21}, "The number of minutes is 21.", "Set it to a number from 1 to 20."),
        ({"sugar": "much"}, "The share of sugar is 'much'.", "Set it to a number from 0.0 to 0.5."),
        ({"sugar": False}, "The share of sugar is False.", "Set it to a number from 0.0 to 0.5."),
        ({"sugar": float("nan")}, "The share of sugar is nan.", "Set it to a number from 0.0 to 0.5."),
        ({"water": float("inf")}, "The amount of water is inf.", "Set it to a number of at least 0.1."),
        ({"kind": "red"}, "The kind of tea is 'red'.", "Set it to one of: green, black."),
        ({"kind": {}}, "The kind of tea is {}.", "Set it to one of: green, black."),
        ({"milk": 1}, "The choice of milk is 1.", "Set it to true or false."),
        ({"milk": {}}, "The choice of milk is {}.", "Set it to true or false."),
        ({"guests": "Ann"}, "The list of guests is 'Ann'.", "Set it to a list of texts."),
        ({"guests": [1]}, "The list of guests is [1].", "Set it to a list of texts."),
        ({"toast": 5}, "The toast is 5.", "Set it to a text."),
    ],
)
def test_what_a_knob_does_not_take_is_refused(given: dict[str, Any], message: str, remedy: str) -> None:
    with pytest.raises(UserError) as caught:
        Tea(**given)
    assert (caught.value.message, caught.value.remedy) == (message, remedy)


def test_a_whole_number_may_come_as_a_float_and_a_list_for_a_tuple() -> None:
    tea = Tea(minutes=4.0, sugar=0, guests=["Ann"])  # type: ignore[arg-type]
    assert (tea.minutes, tea.sugar, tea.guests, tea.water) == (4, 0.0, ("Ann",), None)
    assert (type(tea.minutes), type(tea.sugar)) == (int, float)


@pytest.mark.parametrize(
    "changes", [{"epochs": 1.5}, {"rank": 1.5}, {"packing": {}}, {"rank": "16"}, {"batch_size": True}]
)
def test_tuning_refuses_what_is_of_another_type(changes: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"^The .* is .*\. Set it to"):
        settings_from(**changes)


def test_names_that_are_not_known_are_refused_and_none_leaves_the_default() -> None:
    assert known({"minutes": 2, "ice": None, "cake": "yes"}, IcedTea, also=("cake",)) == {
        "minutes": 2, "cake": "yes",
    }  # fmt: skip
    assert known(None, Tea) == {}
    with pytest.raises(UserError, match=r"no setting 'ice' of tea\. Use: guests, kind, method"):
        known({"ice": 1}, Tea, of="tea")


@pytest.mark.parametrize("kind", KINDS)
def test_every_default_can_be_used_and_every_knob_says_what_it_does(kind: type[Knobs]) -> None:
    methods = next((option.choices for option in options(kind) if option.name == "method"), ())
    for option in options(kind):
        if option.name != "data":  # it has none
            assert option.checked(option.default) == option.default, option.name
        assert option.help.endswith("."), option.name
        assert option.what, option.name
        assert set(option.only) <= set(methods), option.name


STORED: dict[str, tuple[Callable[[dict[str, Any]], Any], dict[str, Any]]] = {
    "tune": (TuneSettings.from_stored, {
        "method": "lora", "epochs": 5, "learning_rate": 0.001, "schedule": "linear", "warmup_steps": 0,
        "batch_size": 4, "accumulation": 1, "max_length": 1024, "packing": False, "rank": 8, "alpha": 32,
        "dropout": 0.0, "targets": "all-linear", "parts": "last:8", "precision": "auto", "early_stopping": 0,
        "sampled_answers": 2, "report_to": "none", "seed": 42,
    }),
    "reward": (RewardSettings.from_stored, {
        "epochs": 4, "learning_rate": 0.0005, "head_learning_rate": 0.002, "batch_size": 8, "rank": 8,
        "alpha": 32, "dropout": 0.0, "max_length": 512, "held_out_share": 0.25, "models": ["base"],
        "seed": 42,
    }),
    "evaluate": (EvaluationSettings.from_stored, {
        "against": "base", "questions": ["Why?"], "votes": False, "prompts": 40, "rules": ["short"],
        "held_out_reward": None, "max_new_tokens": 48, "max_prompt_tokens": 512, "batch": 20,
        "precision": "auto", "held_out_share": 0.25, "votes_seed": 42,
    }),
    "dpo": (stored_align_settings, {
        "method": "dpo", "beta": 0.1, "sft_weight": 0.3, "epochs": 2, "learning_rate": 0.0005,
        "batch_size": 4, "max_length": 512, "rank": 8, "alpha": 32, "warmup": 0.1, "precision": "auto",
        "sampled_answers": 2, "held_out_share": 0.25, "models": [], "seed": 42, "questions": [],
        "held_out_reward": None, "compared_prompts": 40, "votes_seed": 42,
    }),
    "ppo": (stored_align_settings, {
        "method": "ppo", "steps": 30, "prompts_per_batch": 16, "samples_per_prompt": 1, "max_new_tokens": 48,
        "max_prompt_tokens": 512, "temperature": 1.0, "learning_rate": 0.0002, "value_learning_rate": 0.001,
        "kl_coefficient": 0.15, "kl_target": None, "kl_budget": 20.0, "kl_stop": 0.1, "gamma": 1.0,
        "lam": 0.95, "clip": 0.2, "value_clip": 0.2, "epochs": 2, "minibatch": 8, "entropy_coefficient": 0.0,
        "missing_end_penalty": 1.0, "rank": 8, "alpha": 32, "sampled_answers": 2, "precision": "auto",
        "seed": 42, "questions": ["Why?"], "held_out_reward": "taste", "compared_prompts": 40,
        "held_out_share": 0.25, "votes_seed": 42,
    }),
}  # fmt: skip


@pytest.mark.parametrize("kind", STORED)
def test_settings_stored_by_another_version_are_read(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    read, stored = STORED[kind]
    found = read(stored).as_dict()
    assert {name: found[name] for name in stored} == {
        name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
    }
    for name in stored.keys() - {"method"}:
        read({key: value for key, value in stored.items() if key != name})
    assert read({**stored, "gone": 1}).as_dict() == found
    assert "gone" in caplog.text


def test_a_knob_that_is_added_is_on_the_command_line_in_the_page_in_the_endpoint_and_in_the_docs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    @dataclass(frozen=True)
    class More(TuneSettings):
        """With one knob more."""

        patience: int = knob(7, "amount of patience", "How long one waits.", 0, 9)

    # What the documentation is made from.
    (added,) = [option for option in options(More) if option.name not in names(TuneSettings)]
    assert (added.name, added.help, added.default, added.label) == (
        "patience", "How long one waits.", 7, "Patience",
    )  # fmt: skip

    # The command line.
    got: dict[str, Any] = {}

    @with_knobs(More, default="the recipe's")
    def command(**knobs: Any) -> None:
        got.update(knobs)

    app = typer.Typer()
    app.command()(command)
    assert CliRunner().invoke(app, ["--patience", "8"]).exit_code == 0
    assert (got["patience"], got["epochs"]) == (8, None)
    assert "How long one waits." in " ".join(CliRunner().invoke(app, ["--help"]).stdout.split())

    # The page: an input, and its value by name.
    with gr.Blocks():
        fields = inputs.build("tune", More)
    assert isinstance(fields["patience"], gr.Number)
    assert (fields["patience"].value, fields["patience"].elem_id) == (7, "tune-patience")
    values = {field: field.value for field in fields.values()} | {fields["patience"]: 5}
    assert More(**inputs.given(fields, values)).patience == 5

    # The endpoint, and what it refuses.
    monkeypatch.setattr("ftdemo.tuning.settings.TuneSettings", More)
    from ftdemo.tuning.settings import known_settings

    assert known_settings({"patience": 3, "start_from": "mine"}) == {"patience": 3, "parent": "mine"}
    with pytest.raises(UserError, match="amount of patience is 10"):
        More(**known_settings({"patience": 10}))
    with pytest.raises(UserError, match="no setting 'patients'"):
        known_settings({"patients": 1})


def test_inputs_are_grouped_and_a_number_that_is_off_stays_off() -> None:
    with gr.Blocks() as page:
        fields = inputs.build("tea", Tea, leave_out=("toast",), slides={"minutes": (1, 10)})
    headings = [block.value for block in page.blocks.values() if isinstance(block, gr.Markdown)]
    assert headings == ["Taste"]
    kinds = {name: type(field) for name, field in fields.items()}
    assert kinds == {
        "minutes": gr.Slider, "kind": gr.Dropdown, "method": gr.Dropdown, "water": gr.Number,
        "milk": gr.Checkbox, "guests": gr.Dropdown, "sugar": gr.Number,
    }  # fmt: skip
    shown = {field: field.value for field in fields.values()}
    # An empty number is 0 on the page.
    given = inputs.given(fields, {**shown, fields["water"]: 0})
    assert given["water"] is None
    assert Tea(**given) == Tea()
    assert inputs.given(fields, {**shown, fields["water"]: 0.5, fields["sugar"]: 0})["water"] == 0.5
