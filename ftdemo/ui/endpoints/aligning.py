"""Endpoints: learning from votes, and comparing what came of it."""

from dataclasses import asdict
from typing import Any

from ftdemo.aligning.ppo.settings import PpoSettings
from ftdemo.aligning.preference.settings import PreferenceSettings
from ftdemo.aligning.settings import AlignSettings
from ftdemo.evaluation.settings import EvaluationSettings
from ftdemo.knobs import known
from ftdemo.names import BASE
from ftdemo.rewards.settings import RewardSettings
from ftdemo.studio import Studio


def train_reward_model(studio: Studio, name: str, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """Queue a job that trains a reward model on the votes; settings are those unlike the usual ones."""
    return {"job": asdict(studio.train_reward_model(name, **known(settings, RewardSettings)))}


def reward_models(studio: Studio) -> dict[str, Any]:
    """The reward models, each with its sheet."""
    return {"reward_models": [studio.reward_models.describe(name) for name in studio.reward_models.names()]}


def align(
    studio: Studio,
    name: str,
    method: str | None = None,
    parent: str = BASE,
    reward: str | None = None,
    questions: list[str] | None = None,
    settings: dict[str, Any] | None = None,
    start: str = "",
) -> dict[str, Any]:
    """Queue a job that learns from the votes: 'dpo', 'kto', or by a reward model 'ppo' or 'rloo'.

    `start` is what `parent` was called once.
    """
    knobs = known(settings, AlignSettings, PreferenceSettings, PpoSettings, also=("samples",))
    of_settings = knobs.pop("method", None)
    method = method or of_settings
    knobs |= {"questions": questions} if questions else {}
    return {"job": asdict(studio.align(name, method, start or parent or BASE, reward=reward, **knobs))}


def rounds(studio: Studio) -> dict[str, Any]:
    """The models that learned from votes, and what came of each."""
    return {"rounds": [one.as_dict() for one in studio.rounds()]}


def evaluate(
    studio: Studio,
    model: str,
    against: str | None = None,
    reward: str | None = None,
    questions: list[str] | None = None,
    settings: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Queue a job that compares a model with another on prompts; /job tells what it found."""
    knobs = known(settings, EvaluationSettings, also=("samples",))
    of_settings = knobs.pop("against", None)
    against = against or of_settings
    knobs |= {"questions": questions} if questions else {}
    return {"job": asdict(studio.evaluate(model, against, reward, **knobs))}
