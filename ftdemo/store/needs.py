"""What must not be removed: sets and models that a job still learns from, or would if it were resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftdemo.errors import UserError

if TYPE_CHECKING:
    from ftdemo.store.database import Store

STATE = {
    "queued": "is queued",
    "running": "is running",
    "paused": "is paused",
    "interrupted": "was interrupted and can be resumed",
    "failed": "has failed and can be resumed",
    "stopped": "was stopped and can be resumed",
}
"""The statuses in which a job needs what it learns from, in words."""
TO_COME = ("queued", "running")
"""Those in which it needs it even if it has made its model: an alignment compares it with its parent then."""

_NEEDING = f"""
    select id, model_name, status from jobs
    where status in ({", ".join("?" * len(STATE))})
        and (
            status in ({", ".join("?" * len(TO_COME))})
            or not exists (select 1 from tuned_models where job_id = jobs.id)
            and not exists (select 1 from reward_models where job_id = jobs.id)
        )
        and (sample_set_id = ? or parent_id = ? or model_id = ? or reward_id = ? or held_out_reward_id = ?)
    order by id limit 1
"""


def refuse_needed(
    store: Store,
    what: str,
    *,
    sample_set_id: int | None = None,
    model_id: int | None = None,
    reward_id: int | None = None,
) -> None:
    """Raise UserError if a job needs something that somebody wants to remove.

    Args:
        store: where the jobs are.
        what: the thing in words, such as "the sample set 'facts'".
        sample_set_id: the number of a set.
        model_id: the number of a tuned model.
        reward_id: the number of a reward model.
    """
    numbers = [sample_set_id, model_id, model_id, reward_id, reward_id]
    for job in store.database.query(_NEEDING, [*STATE, *TO_COME, *numbers]):
        remedy = "Wait until it ends, or stop it first."
        if job["status"] not in TO_COME:
            remedy = "Resume that job and let it end, or remove it first."
        raise UserError(
            f"Job {job['id']} ({job['model_name']}) {STATE[job['status']]}, and it needs {what}.", remedy
        )
