"""The reward models: rows in the store, files in the data folder."""

import shutil
from pathlib import Path
from typing import Any

from ftdemo.errors import NotFoundError
from ftdemo.models.progress import folder_size
from ftdemo.store import Store
from ftdemo.store.reward_models import RewardModel


class RewardRegistry:
    """Reward models by name.

    Args:
        store: where their rows are.
        folder: where their files are.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder

    def all(self) -> list[RewardModel]:
        """Every reward model, oldest first."""
        return self._store.reward_models.all()

    def names(self) -> list[str]:
        """Their names, oldest first."""
        return [model.name for model in self.all()]

    def folder(self, name: str) -> Path:
        """The folder of a reward model's files.

        Raises:
            NotFoundError: there is no such reward model, or its files are gone.
        """
        folder = self._folder / self._store.reward_models.get(name).folder
        if not folder.is_dir():
            raise NotFoundError(
                f"The files of the reward model {name!r} are gone from {folder}.",
                "Restore them, or remove the reward model and train it again.",
            )
        return folder

    def describe(self, name: str) -> dict[str, Any]:
        """A reward model with its sheet, the settings of the job that made it, and its size in bytes."""
        model = self._store.reward_models.get(name)
        job = self._store.jobs.get(model.job_id) if model.job_id is not None else None
        return {
            **vars(model),
            "bytes": folder_size(self.folder(name)),
            "settings": job.settings if job else {},
            "metrics": job.metrics if job else {},
        }

    def remove(self, name: str) -> None:
        """Delete a reward model and its files; raises NotFoundError."""
        model = self._store.reward_models.get(name)
        self._store.reward_models.remove(name)
        shutil.rmtree(self._folder / model.folder, ignore_errors=True)
