"""The tuned models there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ftdemo.errors import NotFoundError
from ftdemo.names import BASE
from ftdemo.store.lineage import PRESENT_NAMES, Lineage, named_now
from ftdemo.store.named import NamedFamily
from ftdemo.store.rows import from_row, now


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


class TunedModels(NamedFamily[TunedModel]):
    """The table `tuned_models`."""

    table = "tuned_models"
    kind = "tuned model"
    free_it = "rename or remove that model first"
    query = f"select own.*, {PRESENT_NAMES} from tuned_models as own"

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

    def _read(self, row: Mapping[str, Any]) -> TunedModel:
        return from_row(TunedModel, row, **named_now(row))

    def _none_of_that_name(self, name: str, names: list[str]) -> NotFoundError:
        if name == BASE:
            tuned = f"The tuned models are: {', '.join(names)}." if names else "There is no tuned one yet."
            return NotFoundError(
                f"The model {BASE!r} is the untouched base model, which cannot be renamed or removed.",
                tuned,
            )
        there_are = ", ".join([BASE, *names])
        return NotFoundError(f"There is no model named {name!r}.", f"The models there are: {there_are}.")
