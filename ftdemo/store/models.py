"""The tuned models there are."""

from dataclasses import dataclass

from ftdemo.errors import InvalidNameError, NotFoundError
from ftdemo.store.rows import Family, from_row, now


@dataclass(frozen=True)
class TunedModel:
    """A model that a job made.

    Args:
        base_model: the base model it was tuned from, as it was named then.
        method: how it was tuned, such as 'lora'.
        folder: where its files lie, relative to the folder of tuned models.
        job_id: the job that made it, if it is still known.
        parent_model: the tuned model it was continued from, as it was named then; None for the base model.
        reward_model: the reward model it was aligned with, as it was named then, if one was used.
        sample_set_name: the set it was tuned on, as it was named then.
        sample_set_version: the version of that set.
    """

    id: int
    name: str
    base_model: str
    method: str
    folder: str
    job_id: int | None
    sample_set_name: str | None
    sample_set_version: int | None
    created_at: str
    parent_model: str | None = None
    reward_model: str | None = None


class TunedModels(Family):
    """The table `tuned_models`."""

    def add(
        self,
        name: str,
        *,
        base_model: str,
        method: str,
        folder: str,
        job_id: int,
        sample_set_name: str | None,
        sample_set_version: int | None = None,
        parent_model: str | None = None,
        reward_model: str | None = None,
    ) -> TunedModel:
        """Save a new model's row.

        Raises:
            InvalidNameError: there is a tuned model of that name.
        """
        with self._store.transaction():
            self.refuse_taken(name)
            self._table("tuned_models").insert(
                {
                    "name": name,
                    "base_model": base_model,
                    "method": method,
                    "folder": folder,
                    "job_id": job_id,
                    "sample_set_name": sample_set_name,
                    "sample_set_version": sample_set_version,
                    "parent_model": parent_model,
                    "reward_model": reward_model,
                    "created_at": now(),
                }
            )
        return self.get(name)

    def all(self) -> list[TunedModel]:
        """All tuned models, oldest first."""
        return [from_row(TunedModel, row) for row in self._table("tuned_models").rows_where(order_by="id")]

    def find(self, name: str) -> TunedModel | None:
        """The tuned model of that name, or None."""
        for row in self._table("tuned_models").rows_where("name = ?", [name]):
            return from_row(TunedModel, row)
        return None

    def get(self, name: str) -> TunedModel:
        """The tuned model of that name.

        Raises:
            NotFoundError: there is none; the remedy names those there are.
        """
        model = self.find(name)
        if model is None:
            names = ", ".join(["base", *(model.name for model in self.all())])
            raise NotFoundError(f"There is no model named {name!r}.", f"The models there are: {names}.")
        return model

    def rename(self, name: str, new_name: str) -> TunedModel:
        """Give a tuned model another name; its files stay where they are.

        Raises:
            NotFoundError: there is no model of the old name.
            InvalidNameError: there is one of the new name.
        """
        model = self.get(name)
        with self._store.transaction():
            if new_name != name:
                self.refuse_taken(new_name)
            self._table("tuned_models").update(model.id, {"name": new_name})
        return self.get(new_name)

    def remove(self, name: str) -> None:
        """Delete a model's row.

        Raises:
            NotFoundError: there is no such model.
        """
        self._table("tuned_models").delete(self.get(name).id)

    def refuse_taken(self, name: str) -> None:
        """Raise InvalidNameError if there is a tuned model of that name."""
        if self.find(name) is not None:
            raise InvalidNameError(
                f"There is a tuned model named {name!r} already.",
                "Choose another name, or rename or remove that model first.",
            )
