"""The tuned models there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ftdemo.errors import InvalidNameError, NotFoundError
from ftdemo.store.lineage import PRESENT_NAMES, Lineage, named_now
from ftdemo.store.rows import Family, from_row, now, sought


@dataclass(frozen=True)
class TunedModel(Lineage):
    """A model that a job made, with what it was made from.

    Args:
        base_model: the base model it was tuned from, as it was named then.
        method: how it was tuned, such as 'lora'.
        folder: where its files lie, relative to the folder of tuned models.
        job_id: the job that made it, if it is still known.
    """

    id: int
    name: str
    base_model: str
    method: str
    folder: str
    job_id: int | None
    created_at: str


_QUERY = f"select own.*, {PRESENT_NAMES} from tuned_models as own"


class TunedModels(Family):
    """The table `tuned_models`."""

    def add(
        self,
        name: str,
        *,
        base_model: str,
        method: str,
        folder: str,
        job_id: int | None,
        lineage: Lineage = Lineage(),  # noqa: B008 - it is frozen
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
                    "created_at": now(),
                    **vars(lineage),
                }
            )
        return self.get(name)

    def all(self) -> list[TunedModel]:
        """All tuned models, oldest first."""
        return [_model(row) for row in self._database.query(_QUERY + " order by own.id")]

    def find(self, name: str) -> TunedModel | None:
        """The tuned model of that name, or None."""
        return self._first("own.name = ?", name)

    def by_id(self, number: int | None) -> TunedModel | None:
        """The tuned model of that number, or None if it is gone."""
        return self._first("own.id = ?", number)

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
        with self._store.transaction():
            model = self.get(name)
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

    def _first(self, where: str, value: object) -> TunedModel | None:
        for row in self._database.query(f"{_QUERY} where {where}", [sought(value)]):
            return _model(row)
        return None


def _model(row: Mapping[str, Any]) -> TunedModel:
    return from_row(TunedModel, row, **named_now(row))
