"""The reward models there are."""

from dataclasses import dataclass

from ftdemo.errors import InvalidNameError, NotFoundError
from ftdemo.store.rows import Family, from_row, now, sought


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


class RewardModels(Family):
    """The table `reward_models`."""

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

    def all(self) -> list[RewardModel]:
        """All reward models, oldest first."""
        return [from_row(RewardModel, row) for row in self._table("reward_models").rows_where(order_by="id")]

    def find(self, name: str) -> RewardModel | None:
        """The reward model of that name, or None."""
        for row in self._table("reward_models").rows_where("name = ?", [sought(name)]):
            return from_row(RewardModel, row)
        return None

    def by_id(self, number: int | None) -> RewardModel | None:
        """The reward model of that number, or None if it is gone."""
        for row in self._table("reward_models").rows_where("id = ?", [sought(number)]):
            return from_row(RewardModel, row)
        return None

    def get(self, name: str) -> RewardModel:
        """The reward model of that name.

        Raises:
            NotFoundError: there is none; the remedy names those there are.
        """
        model = self.find(name)
        if model is None:
            names = ", ".join(model.name for model in self.all()) or "none yet"
            raise NotFoundError(f"There is no reward model named {name!r}.", f"There are: {names}.")
        return model

    def remove(self, name: str) -> None:
        """Delete a reward model's row.

        Raises:
            NotFoundError: there is no such reward model.
        """
        self._table("reward_models").delete(self.get(name).id)

    def refuse_taken(self, name: str) -> None:
        """Raise InvalidNameError if there is a reward model of that name."""
        if self.find(name) is not None:
            raise InvalidNameError(
                f"There is a reward model named {name!r} already.", "Choose another name, or remove it first."
            )
