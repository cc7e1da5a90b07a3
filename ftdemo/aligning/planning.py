"""From what somebody asks for to a job that aligns a model. No torch is imported here."""

from typing import Any

from ftdemo.aligning.prompts import practice_prompts, votes_of
from ftdemo.aligning.settings import BY_REWARD, align_settings
from ftdemo.errors import UserError
from ftdemo.feedback.preferences import PreferenceData
from ftdemo.feedback.training_data import fitting_method, preference_data
from ftdemo.jobs import JobQueue
from ftdemo.models import Models
from ftdemo.names import BASE
from ftdemo.rewards.registry import RewardRegistry
from ftdemo.store import Store
from ftdemo.store.jobs import ALIGN, Job
from ftdemo.store.lineage import Lineage

FEWEST_PAIRS = 8
FEWEST_OF_EACH_THUMB = 4
FEWEST_PROMPTS = 4


def submit_align_job(
    store: Store,
    jobs: JobQueue,
    registry: Models,
    rewards: RewardRegistry,
    name: str,
    method: str | None = None,
    parent: str = BASE,
    reward: str | None = None,
    samples: str | None = None,
    **changes: Any,
) -> Job:
    """Queue a job that aligns a model with the votes there are.

    Args:
        store: where the votes are.
        jobs: the queue.
        registry: the tuned models.
        rewards: the reward models.
        name: the name of the model to be.
        method: 'dpo' from pairs, 'kto' from thumbs, 'ppo' or 'rloo' against a reward model; the one that fits
            the votes if None.
        parent: the model it learns on from, which is also the reference.
        reward: the reward model to learn from, or, with 'dpo' and 'kto', to judge the result.
        samples: a sample set whose questions 'ppo' and 'rloo' practise on.
        **changes: knobs of `AlignSettings` and of the method's settings; None leaves the default. Without
            `questions` and samples, 'ppo' and 'rloo' practise on what people voted on.

    Raises:
        UserError: a name or a setting cannot be used, or there are too few votes or questions.
    """
    tuned = None if parent == BASE else registry.usable(registry.get(parent))
    name = registry.check_new_name(name)
    if method is None:
        _, summary = preference_data(store)
        fit = fitting_method(summary, reward is not None)
        if fit is None:
            raise UserError("There are no votes to learn from.", "Vote on some answers first.")
        method = fit.method
    settings = align_settings(method, **changes)
    if reward is None and method in BY_REWARD:
        raise UserError(
            f"{method.upper()} learns from a reward model, and none is named.",
            "Choose one, or train one on the votes first.",
        )
    watched = settings.held_out_reward
    lineage = Lineage.of(
        samples=store.sample_sets.get(samples) if samples is not None and method in BY_REWARD else None,
        parent=tuned,
        reward=rewards.get(reward) if reward is not None else None,
        held_out_reward=rewards.get(watched) if watched is not None else None,
    )
    if method in BY_REWARD:
        found = len(practice_prompts(store, settings, lineage))
        if found < FEWEST_PROMPTS:
            raise UserError(
                f"There are {found} questions to practise on; at least {FEWEST_PROMPTS} are needed.",
                "Type some, choose a sample set, or vote on answers to more questions.",
            )
    else:
        _check_votes(method, votes_of(store, settings))
    return jobs.submit(ALIGN, name, settings.as_dict(), lineage)


def _check_votes(method: str, data: PreferenceData) -> None:
    if method == "dpo":
        if len(data.pairs) < FEWEST_PAIRS:
            raise UserError(
                f"There are {len(data.pairs)} pairs of answers to learn from; DPO needs at least "
                f"{FEWEST_PAIRS}.",
                "Choose between answers, correct some, or vote one up and another down; or use KTO.",
            )
        return
    up = len(data.pairs) + sum(one.liked for one in data.counted_once().rated)
    down = len(data.pairs) + sum(not one.liked for one in data.counted_once().rated)
    if min(up, down) < FEWEST_OF_EACH_THUMB:
        raise UserError(
            f"There are {up} liked and {down} disliked answers to learn from; KTO needs at least "
            f"{FEWEST_OF_EACH_THUMB} of each.",
            "Vote on more answers, those you dislike too.",
        )
