"""The tuned models: rows in the store, files in the data folder."""

import json
import shutil
from pathlib import Path
from typing import Any

from ftdemo.errors import NotFoundError, UserError
from ftdemo.models.progress import folder_size
from ftdemo.names import BASE, check_name
from ftdemo.store import Store
from ftdemo.store.jobs import EVALUATE
from ftdemo.store.models import TunedModel
from ftdemo.weights.gguf_cache import GgufCache
from ftdemo.weights.tuned_files import ADAPTER_CONFIG, TunedFiles, tuned_files


class ModelRegistry:
    """Tuned models by name.

    Args:
        store: where their rows are.
        folder: where their files are.
        cache: files made from theirs, which go when a model goes.
    """

    def __init__(self, store: Store, folder: Path, cache: GgufCache) -> None:
        self._store = store
        self._folder = folder
        self._cache = cache

    def all(self) -> list[TunedModel]:
        """Every tuned model, oldest first; the base model is not among them."""
        return self._store.models.all()

    def names(self) -> list[str]:
        """What may be asked: 'base' first, then the tuned models."""
        return [BASE, *(model.name for model in self.all())]

    def get(self, name: str) -> TunedModel:
        """One tuned model; raises NotFoundError."""
        return self._store.models.get(name)

    def files(self, model: TunedModel) -> TunedFiles:
        """A tuned model's files.

        Raises:
            NotFoundError: the row is there but the files are gone.
        """
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
        files = self.files(model)
        adapter = _adapter_config(files)
        job = self._store.jobs.get(model.job_id) if model.job_id is not None else None
        return {
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
        """Delete a tuned model and its files; raises NotFoundError."""
        model = self.get(name)
        self._store.models.remove(name)
        shutil.rmtree(self._folder / model.folder, ignore_errors=True)
        self._cache.forget(model.folder)


def _adapter_config(files: TunedFiles) -> dict[str, Any]:
    if not files.has_adapter:
        return {}
    config = json.loads((files.folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    return config if isinstance(config, dict) else {}
