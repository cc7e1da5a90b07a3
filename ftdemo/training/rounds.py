"""Rounds of voting and alignment: which model learned from which votes, and what came of it."""

from dataclasses import dataclass

from ftdemo.names import BASE
from ftdemo.store import Store
from ftdemo.store.jobs import ALIGN


@dataclass(frozen=True)
class Round:
    """A model that learned from votes.

    Args:
        round: 1 for a model aligned from one that was not, 2 for one aligned from that, …
        model: its name.
        start: the model it learned on from.
        method: 'dpo', 'kto', 'ppo' or 'rloo'.
        votes: pairs and thumbs that it, or the reward model it learned from, was trained with.
        reward_accuracy: the share of held-out votes that this reward model foresaw, from 0 to 1.
        win_rate: how often its answers were better than its start's, by the reward model.
        interval: the 95 % interval of that.
    """

    round: int
    model: str
    start: str
    method: str
    votes: int | None
    reward_accuracy: float | None
    win_rate: float | None
    interval: tuple[float, float] | None


def rounds(store: Store) -> list[Round]:
    """Every model there is that learned from votes, in the order in which they were made."""
    number: dict[str, int] = {}
    line = []
    for model in store.models.all():
        job = store.jobs.get(model.job_id) if model.job_id is not None else None
        if job is None or job.kind != ALIGN:
            continue
        start = model.parent_model or BASE
        number[model.name] = number.get(start, 0) + 1
        reward = store.reward_models.find(model.reward_model) if model.reward_model else None
        judged = store.jobs.get(reward.job_id) if reward and reward.job_id is not None else None
        counted = judged.metrics if judged and model.method in ("ppo", "rloo") else job.metrics
        votes = counted.get("votes") or sum(int(counted.get(name, 0)) for name in ("pairs", "thumbs"))
        found = job.metrics.get("evaluation", {})
        rate = next(iter(found.get("win_rates", {}).values()), None)
        line.append(
            Round(
                number[model.name], model.name, start, model.method, votes or None,
                judged.metrics.get("accuracy") if judged else None,
                rate["rate"] if rate else None,
                (rate["interval"][0], rate["interval"][1]) if rate else None,
            )
        )  # fmt: skip
    return line
