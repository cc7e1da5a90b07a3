"""Aligning, as it is asked for: what fits the votes, what is refused, what is practised and compared on."""

from collections.abc import Callable

import pytest

from ftdemo.aligning.prompts import practice_prompts, prompts_to_compare, votes_of
from ftdemo.aligning.settings import align_settings
from ftdemo.errors import NotFoundError, UserError
from ftdemo.settings import Settings
from ftdemo.store.jobs import Job
from ftdemo.store.lineage import Lineage
from ftdemo.studio import Studio
from tests.unit.cli.test_commands import Cli

pytestmark = pytest.mark.usefixtures("workers")


def choose(studio: Studio, questions: int) -> None:
    for number in range(questions):
        sides = [
            studio.feedback.add(f"What is {number}?", text, "base").id for text in ("Short.", "A long one.")
        ]
        studio.feedback.choose("left", "voter", answers=(sides[0], sides[1]))


def thumb(studio: Studio, questions: int) -> None:
    for number in range(questions):
        answer = studio.feedback.add(f"Why is {number}?", "Because.", "base")
        studio.feedback.vote("up" if number % 2 else "down", "voter", answer_id=answer.id)


@pytest.fixture
def reward(studio: Studio, settings: Settings, add_job: Callable[..., Job]) -> str:
    studio.store.reward_models.add(
        "taste", base_model=settings.base_model, folder="job-9", job_id=add_job("taste").id
    )
    return "taste"


def test_the_method_that_fits_the_votes_is_taken(studio: Studio) -> None:
    with pytest.raises(UserError, match="no votes to learn from"):
        studio.align("early")
    choose(studio, 16)
    assert studio.align("by pairs").settings["method"] == "dpo"
    thumb(studio, 40)
    assert studio.align("by thumbs").settings["method"] == "kto"


def test_a_method_has_its_own_defaults_which_give_way() -> None:
    assert align_settings("dpo").as_dict()["epochs"] == 2
    assert align_settings("kto").as_dict()["epochs"] == 1
    assert align_settings("kto", epochs=2).as_dict()["epochs"] == 2
    assert align_settings("rloo").as_dict()["samples_per_prompt"] == 4
    kept = align_settings("kto", batch_size=5).as_dict()
    assert align_settings(**kept).as_dict() == kept


def test_too_few_votes_are_refused_with_what_to_do(studio: Studio) -> None:
    choose(studio, 4)
    with pytest.raises(UserError, match="3 pairs of answers to learn from; DPO needs at least 8") as refused:
        studio.align("m", "dpo")
    assert "KTO" in refused.value.remedy
    with pytest.raises(UserError, match=r"KTO needs at least 4 of each") as refused:
        studio.align("m", "kto")
    assert studio.jobs.all() == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"method": "grpo"}, "method"),
        ({"method": "dpo", "clip": 0.1}, "There is no setting 'clip' of dpo"),
        ({"method": "dpo", "beta": 0}, "beta"),
        ({"method": "ppo"}, "PPO learns from a reward model, and none is named"),
        ({"method": "ppo", "reward": "none"}, "no reward model named 'none'"),
        ({"method": "dpo", "parent": "nobody"}, "no model named 'nobody'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_a_sentence(studio: Studio, given: dict[str, object], sentence: str) -> None:
    choose(studio, 16)
    with pytest.raises(UserError, match=sentence):
        studio.align("m", **given)  # type: ignore[arg-type]


def test_ppo_needs_questions(studio: Studio, reward: str) -> None:
    with pytest.raises(UserError, match="2 questions to practise on; at least 4"):
        studio.align("m", "ppo", reward=reward, questions=["Why?", "How?"])
    job = studio.align("m", "ppo", reward=reward, questions=["Why?", "How?", "Who?", "When?"])
    assert (job.kind, job.reward_model, job.settings["questions"]) == (
        "align",
        "taste",
        ["Why?", "How?", "Who?", "When?"],
    )


def test_a_reward_model_of_another_base_is_refused(
    studio: Studio, add_job: Callable[..., Job], reward: str
) -> None:
    studio.store.reward_models.add(
        "other", base_model="some/base", folder="job-8", job_id=add_job("o").id
    )  # fmt: skip
    choose(studio, 16)
    with pytest.raises(UserError, match="'other' stands on some/base"):
        studio.align("m", "dpo", reward="other")
    with pytest.raises(NotFoundError):
        studio.align("m", "dpo", reward="none")


def test_what_is_compared_on_was_not_learned_from(studio: Studio) -> None:
    choose(studio, 24)
    thumb(studio, 12)
    settings = align_settings("ppo", compared_prompts=5)
    practised = {prompt[-1]["content"] for prompt in practice_prompts(studio.store, settings, Lineage())}
    compared = {prompt[-1]["content"] for prompt in prompts_to_compare(studio.store, settings, Lineage())}
    assert len(compared) == 5
    assert not practised & compared
    data = votes_of(studio.store, align_settings("dpo"))
    assert {pair.prompt[-1]["content"] for pair in data.pairs} <= practised
    assert prompts_to_compare(studio.store, align_settings("dpo", compared_prompts=0), Lineage()) == []


def test_on_the_command_line(tmp_path_factory: pytest.TempPathFactory) -> None:
    cli = Cli(tmp_path_factory.mktemp("cli") / "data")
    assert cli.json("rounds") == {"rounds": []}
    assert "no votes to learn from" in cli.error("align", "liked")
    for number in range(16):
        cli.json("feedback", "add", f"What is {number}?", "Yes.", "--vote", "up", "--voter", "a")
        cli.json("feedback", "add", f"What is {number}?", "No, and more.", "--vote", "down", "--voter", "a")
    job = cli.json("align", "liked", "--epochs", "1", "--beta", "0.2")["job"]
    assert (job["kind"], job["settings"]["method"], job["settings"]["epochs"]) == ("align", "dpo", 1)
    assert job["settings"]["beta"] == 0.2
