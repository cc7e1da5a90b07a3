"""From what somebody asks for to a job that trains a reward model. No torch is imported here."""

from typing import Any

from ftdemo.errors import UserError
from ftdemo.feedback.training_data import preference_data
from ftdemo.jobs import JobQueue
from ftdemo.knobs import known
from ftdemo.names import check_name
from ftdemo.rewards.settings import RewardSettings
from ftdemo.store import Store
from ftdemo.store.feedback import FeedbackFilter
from ftdemo.store.jobs import REWARD, Job

FEWEST_TO_LEARN_FROM = 12
FEWEST_HELD_OUT = 4


def submit_reward_job(store: Store, jobs: JobQueue, name: str, **changes: Any) -> Job:
    """Queue a job that trains a reward model on the votes there are.

    Args:
        store: where the votes are.
        jobs: the queue.
        name: the reward model's name to be.
        **changes: knobs of `RewardSettings`; None leaves the default.

    Raises:
        UserError: the name or a setting cannot be used, or there are too few votes.
    """
    settings = RewardSettings(**known(changes, RewardSettings))
    name = check_name("reward model", name)
    store.reward_models.refuse_taken(name)
    data, _ = preference_data(
        store,
        FeedbackFilter(models=settings.models),
        held_out=settings.held_out_share,
        seed=settings.seed,
    )
    data = data.counted_once()
    learned = len(data.pairs) + len(data.rated)
    held_out = len(data.held_out_pairs) + len(data.held_out_rated)
    if learned < FEWEST_TO_LEARN_FROM or held_out < FEWEST_HELD_OUT:
        missing = max(FEWEST_TO_LEARN_FROM - learned, 0) + max(FEWEST_HELD_OUT - held_out, 0)
        raise UserError(
            f"There are {learned} votes to learn from and {held_out} held out to measure with; a reward "
            f"model needs at least {FEWEST_TO_LEARN_FROM} and {FEWEST_HELD_OUT}.",
            f"Collect about {missing} more votes, on several questions: no question is both learned from and "
            "measured with.",
        )
    return jobs.submit(REWARD, name, settings.as_dict())
