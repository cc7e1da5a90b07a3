"""Rounds of voting and alignment: which model learned from which votes, and what came of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ftdemo.aligning.figures import AlignFigures, PreferenceFigures
from ftdemo.aligning.settings import BY_REWARD, METHODS
from ftdemo.evaluation.duel import WinRate
from ftdemo.feedback.figures import choices_between
from ftdemo.names import BASE
from ftdemo.rewards.figures import RewardFigures
from ftdemo.store import Store
from ftdemo.store.feedback import Choice
from ftdemo.store.models import TunedModel


@dataclass(frozen=True)
class Round:
    """A model that learned from votes.

    Args:
        round: 1 for a model aligned from one that was not, 2 for one aligned from that, …
        model: its name.
        parent: the model it learned on from.
        method: 'dpo', 'kto', 'ppo' or 'rloo'.
        votes: pairs and thumbs that it, or the reward model it learned from, was trained with.
        reward_accuracy: the share of held-out votes that this reward model foresaw, from 0 to 1.
        win_rate: how often its answers were better than its parent's, by the reward model.
        interval: the 95 % interval of that.
        people: how often people who saw both, blind, chose its answer over its parent's.
    """

    round: int
    model: str
    parent: str
    method: str
    votes: int | None
    reward_accuracy: float | None
    win_rate: float | None
    interval: tuple[float, float] | None
    people: WinRate | None

    def as_dict(self) -> dict[str, Any]:
        """As it is printed and served, where its parent is called its start."""
        return {"start" if name == "parent" else name: value for name, value in asdict(self).items()}


def rounds(store: Store) -> list[Round]:
    """Every model there is that learned from votes, in the order in which they were made."""
    number: dict[int, int] = {}
    line = []
    made_by = {answer.id: answer.model_version for answer in store.feedback.answers()}
    choices = store.feedback.standing(Choice)
    for model in store.models.all():
        job = store.jobs.find(model.job_id)
        if model.method not in METHODS:
            continue
        number[model.id] = number.get(model.parent_id or 0, 0) + 1
        reward = store.reward_models.by_id(model.reward_id)
        judged = store.jobs.find(reward.job_id) if reward else None
        reward_figures = RewardFigures.of(judged) if judged else None
        by_reward = model.method in BY_REWARD
        votes = (
            reward_figures.votes
            if reward_figures and by_reward
            else (PreferenceFigures.of(job).votes if job else None)
        )
        compared = AlignFigures.of(job).evaluation if job else None
        rate = compared.first_rate if compared else None
        line.append(
            Round(
                number[model.id], model.name, model.parent_model or BASE, model.method, votes or None,
                reward_figures.accuracy if reward_figures else None,
                rate.rate if rate else None,
                rate.interval if rate else None,
                _people(choices_between(made_by, choices, model.folder, _version(store, model))),
            )
        )  # fmt: skip
    return line


def _version(store: Store, model: TunedModel) -> str:
    """What the answers of a model's parent name as their version; nothing if the parent is gone."""
    if model.parent_id is None and model.parent_model is None:
        return model.base_model
    parent = store.models.by_id(model.parent_id)
    return parent.folder if parent else ""


def _people(chosen: Mapping[str, int]) -> WinRate | None:
    rate = WinRate(chosen["wins"], chosen["ties"] + chosen["both_bad"], chosen["losses"])
    return rate if rate.comparisons else None
