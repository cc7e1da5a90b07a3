"""Models by name: the base model, and the tuned ones with rows in the store and files in the data folder."""

import json
import shutil
from pathlib import Path
from typing import Any

from ftdemo.errors import NotFoundError, UserError
from ftdemo.models.base import find_base_model
from ftdemo.models.progress import folder_size
from ftdemo.names import BASE, check_name
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.jobs import EVALUATE
from ftdemo.store.models import TunedModel
from ftdemo.store.needs import refuse_needed
from ftdemo.weights.gguf_cache import GgufCache
from ftdemo.weights.tuned_files import ADAPTER_CONFIG, TunedFiles, tuned_files


class Models:
    """Models by name: the base model, and those that were tuned from it.

    Args:
        store: where the tuned models' rows are.
        settings: name the base model and the folders of files.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._folder = settings.tuned_models

    def base_folder(self) -> Path | None:
        """The folder of the base model's files, or None if it is not on this machine."""
        found = find_base_model(self._settings)
        return found.folder if found else None

    def all(self) -> list[TunedModel]:
        """Every tuned model, oldest first; the base model is not among them."""
        return self._store.models.all()

    def names(self) -> list[str]:
        """What may be asked: 'base' first, then the tuned models."""
        return [BASE, *(model.name for model in self.all())]

    def get(self, name: str) -> TunedModel:
        """One tuned model; raises NotFoundError."""
        return self._store.models.get(name)

    def version(self, name: str) -> str | None:
        """Which model has a name now: the base model's own name, a tuned model's folder, or None."""
        if name == BASE:
            return self._settings.base_model
        tuned = self._store.models.find(name)
        return tuned.folder if tuned else None

    def files(self, name: str) -> TunedFiles | None:
        """The files of a tuned model that can be asked and trained here, or None for the base model.

        Raises:
            NotFoundError: there is no such model, or its files are gone.
            UserError: it was tuned from another base model.
        """
        return None if name == BASE else self.files_of(self.usable(self.get(name)))

    def usable(self, model: TunedModel) -> TunedModel:
        """Return a tuned model, or raise UserError if it was tuned from another base than the one here."""
        if model.base_model != self._settings.base_model:
            raise UserError(
                f"The model {model.name!r} was tuned from {model.base_model}; "
                f"the base model here is {self._settings.base_model}.",
                f"Start with FTDEMO_BASE_MODEL={model.base_model} to ask it.",
            )
        return model

    def files_of(self, model: TunedModel) -> TunedFiles:
        """A tuned model's files; raises NotFoundError if they are gone."""
        folder = self._folder / model.folder
        files = tuned_files(folder)
        if files is None:
            raise NotFoundError(
                f"The files of the model {model.name!r} are gone from {folder}.",
                "Restore them, or remove the model and tune it again.",
            )
        return files

    def describe(self, name: str) -> dict[str, Any]:
        """A tuned model with the settings of the job that made it, its size in bytes and its folder."""
        model = self.get(name)
        files = self.files_of(model)
        adapter = _adapter_config(files)
        job = self._store.jobs.find(model.job_id)
        return {
            "id": model.id,
            "name": model.name,
            **vars(model),
            "folder": str(files.folder),
            "bytes": folder_size(files.folder),
            "rank": adapter.get("r"),
            "target_modules": sorted(adapter.get("target_modules") or []),
            "settings": job.settings if job else {},
            "metrics": job.metrics if job else {},
        }

    def check_new_name(self, name: str) -> str:
        """Return a name for a model to come, cleaned.

        Raises:
            InvalidNameError: it cannot be used or is taken.
            UserError: a job that has not ended will make a model of that name.
        """
        name = check_name("tuned model", name)
        self._store.models.refuse_taken(name)
        for job in self._store.jobs.with_status("queued", "running"):
            if job.model_name == name and job.kind != EVALUATE:
                raise UserError(
                    f"Job {job.id} is about to make a model named {name!r}.",
                    "Choose another name, or stop that job first.",
                )
        return name

    def rename(self, name: str, new_name: str) -> TunedModel:
        """Give a tuned model another name; raises NotFoundError or InvalidNameError."""
        return self._store.models.rename(name, check_name("tuned model", new_name))

    def remove(self, name: str) -> None:
        """Delete a tuned model and its files.

        Raises:
            NotFoundError: there is no such model.
            UserError: a job that has not ended, or can be resumed, needs it.
        """
        with self._store.transaction():
            model = self.get(name)
            refuse_needed(self._store, f"the model {name!r}", model_id=model.id)
            self._store.models.remove(name)
        # Two models of a former version may lie in one folder.
        if all(other.folder != model.folder for other in self.all()):
            shutil.rmtree(self._folder / model.folder, ignore_errors=True)
            GgufCache(self._settings.gguf).forget(model.folder)


def _adapter_config(files: TunedFiles) -> dict[str, Any]:
    if not files.has_adapter:
        return {}
    config = json.loads((files.folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    return config if isinstance(config, dict) else {}
