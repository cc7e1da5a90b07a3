"""A reward model of votes, on the real model: trained as a job, measured, used in the chat and by PPO."""

import pytest

from ftdemo.chat.dialogue import ChatSettings
from ftdemo.engines import GenerationSettings
from ftdemo.errors import UserError
from ftdemo.feedback.simulated import ShortAnswers
from ftdemo.models import ensure_base_model
from ftdemo.rewards.head import REWARD_HEAD
from ftdemo.rewards.scorer import RewardScorer
from ftdemo.settings import Settings
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from tests.benchmarks.simulated_votes import RULES, questions, recorded
from tests.benchmarks.simulated_votes import vote as random_votes

pytestmark = [pytest.mark.model, pytest.mark.slow]

SHORT = ("Yes, it is.", "No.", "It is blue.", "Ask a friend about it.")
LONG = (
    "There are many things to say about it, and most of them depend on where one stands, on what one has "
    "seen before, and on how much time there is to think about the matter in some depth.",
    "First one should consider the history of the question, which reaches back for many centuries, then its "
    "present form, and then what people who have worked on it for all of their lives have written.",
)


def vote(studio: Studio, questions: int) -> None:
    """A voter who likes short answers chooses between a short and a long one to each question."""
    rule = ShortAnswers()
    for number in range(questions):
        sides = [SHORT[number % len(SHORT)], LONG[number % len(LONG)]]
        if number % 2:
            sides.reverse()
        question = f"What do you say about the number {number}?"
        left, right = (studio.feedback.add(question, side, "base") for side in sides)
        studio.feedback.choose(rule.prefers(*sides), "voter", answers=(left.id, right.id))


def train(studio: Studio, name: str) -> Job:
    return studio.jobs.wait(studio.train_reward_model(name, epochs=2).id)


def test_too_few_votes_are_refused_with_how_many_more(model_settings: Settings) -> None:
    studio = Studio(model_settings)
    vote(studio, 5)
    with pytest.raises(UserError, match="needs at least 12 and 4") as refused:
        studio.train_reward_model("early")
    assert "more votes" in refused.value.remedy
    assert studio.jobs.all() == []


def test_a_job_learns_what_a_voter_prefers(model_settings: Settings) -> None:
    studio = Studio(model_settings)
    vote(studio, 40)
    job = train(studio, "likes short")
    assert job.status == "finished", job.error_message
    assert job.metrics["accuracy"] >= 0.85
    assert job.metrics["learned"]
    assert job.metrics["length_correlation"] < 0
    assert any(point.figures for point in studio.jobs.metrics(job.id))
    (model,) = studio.store.reward_models.all()
    assert (model.name, model.job_id) == ("likes short", job.id)
    assert (studio.settings.reward_models / model.folder / REWARD_HEAD).is_file()
    assert studio.models.names() == ["base"]
    with pytest.raises(UserError, match="already"):
        studio.train_reward_model("likes short")

    # In the chat it scores answers, and the best of several is the one it scores highest.
    prompt = [{"role": "user", "content": "What do you say about the number 77?"}]
    scorer = RewardScorer(ensure_base_model(studio.settings))
    short, long = scorer.scores(studio.reward_models.folder("likes short"), prompt, ["No.", LONG[0]])
    assert short > long
    generation = GenerationSettings(max_new_tokens=12, temperature=0.9)
    settings = ChatSettings(generation=generation, tries=3, reward="likes short")
    best = studio.chat.answer("What is bread?", settings)
    tried = studio.store.conversations.get(
        studio.store.conversations.message(best.message_id or 0).conversation_id or 0
    ).messages[1:]
    assert sorted(message.place for message in tried) == ["gone", "gone", "line"]
    asked = [{"role": "user", "content": "What is bread?"}]
    scores = scorer.scores(
        studio.reward_models.folder("likes short"), asked, [message.text for message in tried]
    )
    assert best.score == pytest.approx(max(scores), abs=1e-4)
    # PPO learns from it, in a job.
    aligned = studio.align(
        "policy", "ppo", reward="likes short", steps=2, prompts_per_batch=4, max_new_tokens=16,
        sampled_answers=0, compared_prompts=0,
    )  # fmt: skip
    done = studio.jobs.wait(aligned.id)
    assert done.status == "finished", done.error_message
    first, second = (point.figures or {} for point in studio.jobs.metrics(aligned.id))
    assert first["kl"] == 0 < second["kl"]
    assert "policy" in studio.models.names()

    studio.reward_models.remove("likes short")
    assert not (studio.settings.reward_models / model.folder).exists()


def test_votes_at_random_are_said_to_have_taught_nothing(model_settings: Settings) -> None:
    studio = Studio(model_settings)
    random_votes(studio, RULES["at random"], recorded(questions(True)), 40)
    job = studio.jobs.wait(studio.train_reward_model("nothing", epochs=1).id)
    assert job.status == "finished", job.error_message
    assert not job.metrics["learned"]
    assert "cannot be told from guessing" in job.metrics["verdict"]
