"""What an answer is scored by in PPO: a reward model here; any other kind of reward is another `Scorer`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

from ftdemo.aligning.ppo.model import PpoModel, RewardName
from ftdemo.language.sampling import Completion

Scorer = Callable[[Sequence[Completion]], Tensor]
"""From answers to their rewards, of shape (answers,); what a job may ask for is in `aligning/planning.py`."""


def by_reward_model(model: PpoModel, name: RewardName, end: int) -> Scorer:
    """Score by one of a run's reward models.

    Args:
        model: holds them.
        name: which one.
        end: the token that stands at an answer's end, where the score is read.
    """

    def score(rollouts: Sequence[Completion]) -> Tensor:
        return model.score(name, [rollout.to_be_scored(end) for rollout in rollouts])

    return score
