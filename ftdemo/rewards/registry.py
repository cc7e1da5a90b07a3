"""The reward models: rows in the store, files in the data folder."""

import shutil
from pathlib import Path
from typing import Any

from ftdemo.errors import NotFoundError, UserError
from ftdemo.models.progress import folder_size
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.needs import refuse_needed
from ftdemo.store.reward_models import RewardModel


class RewardRegistry:
    """Reward models by name.

    Args:
        store: where their rows are.
        settings: name the folder of their files and the base model; one of another base cannot be used.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._folder = settings.reward_models
        self._base_model = settings.base_model

    def all(self) -> list[RewardModel]:
        """Every reward model, oldest first."""
        return self._store.reward_models.all()

    def names(self) -> list[str]:
        """Their names, oldest first."""
        return [model.name for model in self.all()]

    def get(self, name: str) -> RewardModel:
        """A reward model that can be used here.

        Raises:
            NotFoundError: there is no such reward model.
            UserError: it stands on another base model.
        """
        return self.usable(self._store.reward_models.get(name))

    def usable(self, model: RewardModel) -> RewardModel:
        """Return a reward model, or raise UserError if it stands on another base model than the one here."""
        if model.base_model != self._base_model:
            raise UserError(
                f"The reward model {model.name!r} stands on {model.base_model}; "
                f"the base model here is {self._base_model}.",
                f"Start with FTDEMO_BASE_MODEL={model.base_model} to use it.",
            )
        return model

    def folder(self, name: str) -> Path:
        """The folder of the files of a reward model that can be used here.

        Raises:
            NotFoundError: there is no such reward model, or its files are gone.
            UserError: it stands on another base model.
        """
        return self.files(self.get(name))

    def files(self, model: RewardModel) -> Path:
        """The folder of a reward model's files; raises NotFoundError if they are gone."""
        folder = self._folder / model.folder
        if not folder.is_dir():
            raise NotFoundError(
                f"The files of the reward model {model.name!r} are gone from {folder}.",
                "Restore them, or remove the reward model and train it again.",
            )
        return folder

    def describe(self, name: str) -> dict[str, Any]:
        """A reward model with its sheet, the settings of the job that made it, and its size in bytes."""
        model = self._store.reward_models.get(name)
        job = self._store.jobs.find(model.job_id)
        return {
            **vars(model),
            "bytes": folder_size(self.files(model)),
            "settings": job.settings if job else {},
            "metrics": job.metrics if job else {},
        }

    def remove(self, name: str) -> None:
        """Delete a reward model and its files.

        Raises:
            NotFoundError: there is no such reward model.
            UserError: a job that has not ended, or can be resumed, needs it.
        """
        with self._store.transaction():
            model = self._store.reward_models.get(name)
            refuse_needed(self._store, f"the reward model {name!r}", reward_id=model.id)
            self._store.reward_models.remove(name)
        # Two of a former version may lie in one folder.
        if all(other.folder != model.folder for other in self.all()):
            shutil.rmtree(self._folder / model.folder, ignore_errors=True)
