"""Values and names of kinds that nobody should give: each is told in a sentence."""

from collections.abc import Callable
from typing import Any

import pytest

from ftdemo.aligning.settings import align_settings
from ftdemo.errors import InvalidNameError, NotFoundError, UserError
from ftdemo.evaluation.settings import EvaluationSettings
from ftdemo.knobs import known
from ftdemo.names import check_name
from ftdemo.rewards.settings import RewardSettings
from ftdemo.settings import settings_from_environment
from ftdemo.store.jobs import Job
from ftdemo.store.samples import Sample
from ftdemo.studio import Studio
from ftdemo.tuning.settings import TuneSettings, known_settings

ANY = pytest.param(object(), id="an object")
NO_NAMES = [[], ["facts"], {"name": "facts"}, 5.5, True, ANY, b"facts", "\ud800", 2**70]


@pytest.mark.parametrize("number", [10**400, -(10**400), 10**5000], ids=["huge", "huge below", "unprintable"])
@pytest.mark.parametrize(
    "make",
    [
        lambda number: TuneSettings(epochs=number),
        lambda number: TuneSettings(learning_rate=number),
        lambda number: RewardSettings(batch_size=number),
        lambda number: EvaluationSettings(prompts=number),
        lambda number: align_settings("dpo", beta=number),
        lambda number: align_settings("ppo", steps=number),
    ],
)
def test_a_number_that_no_float_can_hold(make: Callable[[int], object], number: int) -> None:
    with pytest.raises(UserError, match="is a number too large to be told"):
        make(number)


@pytest.mark.parametrize("name", [5, None, *NO_NAMES[:-2]])
def test_a_new_name_that_is_no_text(name: object) -> None:
    with pytest.raises(InvalidNameError, match="which is no text"):
        check_name("tuned model", name)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NO_NAMES, ids=repr)
def test_nothing_is_found_by_what_is_no_name(studio: Studio, name: object) -> None:
    studio.samples.create("facts", [Sample("q", "a")])
    lookups: list[Callable[..., object]] = [
        studio.models.get, studio.samples.get, studio.reward_models.get, studio.store.conversations.get,
    ]  # fmt: skip
    for look_up in lookups:
        with pytest.raises(NotFoundError):
            look_up(name)


@pytest.mark.parametrize("number", [[], {}, 1.5, None, ANY, "\ud800", 2**70], ids=repr)
def test_no_job_is_found_by_what_is_no_number(studio: Studio, number: object, workers: list[Job]) -> None:
    studio.jobs.submit("tune", "m", {})
    with pytest.raises(NotFoundError):
        studio.jobs.get(number)  # type: ignore[arg-type]


@pytest.mark.parametrize("recipe", [[], ["balanced"], {}, None, 5], ids=repr)
def test_a_recipe_that_is_no_text(studio: Studio, recipe: object) -> None:
    with pytest.raises(UserError, match="There is no recipe"):
        studio.tune("m", "facts", recipe)  # type: ignore[arg-type]


@pytest.mark.parametrize("questions", ["Who?", {"Who?": 1}, 5, True], ids=repr)
def test_one_question_is_not_taken_for_as_many_as_it_has_letters(studio: Studio, questions: object) -> None:
    with pytest.raises(UserError, match="The list of questions is"):
        studio.evaluate("base", questions=questions)


@pytest.mark.parametrize("given", [[], ["epochs"], "epochs", 5, [["epochs", 3]]], ids=repr)
def test_settings_that_are_none_by_name(given: Any) -> None:
    with pytest.raises(UserError, match="The settings are"):
        known(given, RewardSettings)
    with pytest.raises(UserError, match="The settings are"):
        known_settings(given)


def test_half_a_character_is_no_text() -> None:
    with pytest.raises(UserError, match="The list of questions is"):
        EvaluationSettings(questions=("Who?", "\ud800"))
    with pytest.raises(UserError, match="The held-out reward model is"):
        EvaluationSettings(held_out_reward="\ud800")


def test_a_data_folder_in_nobodys_home() -> None:
    with pytest.raises(UserError, match="There is no home folder"):
        settings_from_environment({"FTDEMO_DATA": "~nobody_of_that_name/data"})
    with pytest.raises(UserError, match="There is no home folder"):
        settings_from_environment({}, data="~nobody_of_that_name/data")
