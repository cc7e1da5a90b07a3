"""The reward models there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ftdemo.errors import NotFoundError
from ftdemo.store.named import NamedFamily
from ftdemo.store.rows import from_row, now


@dataclass(frozen=True)
class RewardModel:
    """A model that says how much people would like an answer.

    Args:
        base_model: the base model it stands on, as it was named then.
        folder: where its files lie, relative to the folder of reward models.
        job_id: the job that made it, if it is still known.
    """

    id: int
    name: str
    base_model: str
    folder: str
    job_id: int | None
    created_at: str


class RewardModels(NamedFamily[RewardModel]):
    """The table `reward_models`."""

    table = "reward_models"
    kind = "reward model"
    query = "select own.* from reward_models as own"

    def add(self, name: str, *, base_model: str, folder: str, job_id: int) -> RewardModel:
        """Save a new reward model's row.

        Raises:
            InvalidNameError: there is a reward model of that name.
        """
        with self._store.transaction():
            self.refuse_taken(name)
            self._table("reward_models").insert(
                {
                    "name": name,
                    "base_model": base_model,
                    "folder": folder,
                    "job_id": job_id,
                    "created_at": now(),
                }
            )
        return self.get(name)

    def _read(self, row: Mapping[str, Any]) -> RewardModel:
        return from_row(RewardModel, row)

    def _none_of_that_name(self, name: str, names: list[str]) -> NotFoundError:
        there_are = ", ".join(names) or "none yet"
        return NotFoundError(f"There is no reward model named {name!r}.", f"There are: {there_are}.")
