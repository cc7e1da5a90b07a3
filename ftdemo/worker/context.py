"""`JobContext`: what a job may ask for, whatever its kind, and how it ends."""

import gc
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ftdemo.errors import NotFoundError
from ftdemo.jobs.beginning import note_beginning
from ftdemo.jobs.reporter import Reporter
from ftdemo.models import BaseModel, Models, ensure_base_model
from ftdemo.models.folder import unused_folder
from ftdemo.names import BASE, first_free_name
from ftdemo.rewards.registry import RewardRegistry
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.jobs import Job, Status
from ftdemo.store.lineage import Origins, origins, samples_of
from ftdemo.store.models import TunedModel
from ftdemo.store.samples import Sample, Split
from ftdemo.training.checkpoints import partial_model, remove_checkpoints
from ftdemo.weights.tuned_files import TunedFiles

REPORT_EVERY_S = 0.5


class StopAskedError(Exception):
    """The job was asked to stop before it had learned anything."""


@dataclass(frozen=True)
class JobContext:
    """One job, as its worker sees it.

    All that the job learns from is looked up by number when it is first asked for; what is gone, or stands on
    another base model than the job, raises a UserError.

    Args:
        job: the job.
        settings: name the folders; their base model is the job's.
        reporter: hears how far it is, and knows what was asked of it.
    """

    job: Job
    settings: Settings
    reporter: Reporter

    @classmethod
    def begin(cls, job_id: int, settings: Settings, reporter: Reporter) -> "JobContext":
        """The context of a job that begins, or goes on with what it began with.

        Raises:
            NotFoundError: there is no such job.
            UserError: it would go on with something else.
        """
        job = reporter.store.jobs.get(job_id)
        context = cls(job, replace(settings, base_model=job.base_model), reporter)
        note_beginning(job, context.folder)
        return context

    @property
    def store(self) -> Store:
        """Where the job is."""
        return self.reporter.store

    @property
    def folder(self) -> Path:
        """The job's own folder: log, checkpoints, and what it learns from if that may change meanwhile."""
        return self.settings.job_folders / str(self.job.id)

    @cached_property
    def base(self) -> BaseModel:
        """The base model, fetched if it is not there."""
        last_report = 0.0

        def report_fetch(progress: object) -> None:
            nonlocal last_report
            self.stop_if_asked()
            if time.monotonic() - last_report > REPORT_EVERY_S:
                last_report = time.monotonic()
                self.reporter.phase(str(progress))

        return ensure_base_model(self.settings, report_fetch)

    @cached_property
    def parent(self) -> TunedFiles | None:
        """The files of the tuned model that it continues from; None for the base model."""
        return self._files(self._origins.parent)

    @property
    def parent_name(self) -> str:
        """What the parent is called."""
        return self._origins.parent.name if self._origins.parent else BASE

    @cached_property
    def evaluated(self) -> TunedFiles | None:
        """The files of the tuned model that it evaluates; None for the base model."""
        model = self.store.models.by_id(self.job.model_id)
        if model is None and self.job.model_name != BASE:
            raise NotFoundError(
                f"The tuned model {self.job.model_name!r} is not there any more.", "Evaluate one that is."
            )
        return self._files(model)

    @cached_property
    def reward(self) -> Path | None:
        """The folder of the reward model that it learns from or is judged by, if there is one."""
        found = self._origins.reward
        return self._rewards.files(self._rewards.usable(found)) if found else None

    @cached_property
    def held_out_reward(self) -> Path | None:
        """The folder of the reward model that is only watched, if there is one."""
        found, named = self._origins.held_out_reward, self.job.settings.get("held_out_reward")
        if found is None and named is not None:
            raise NotFoundError(
                f"The reward model {named!r} is not there any more.", "Start a new job with one that is."
            )
        return self._rewards.files(self._rewards.usable(found)) if found else None

    def samples(self, split: Split) -> list[Sample]:
        """The samples of its set, in the version that it began with; none if it has no set."""
        return samples_of(self.store, self.job, split)

    def stop_if_asked(self) -> None:
        """Raise StopAskedError if the job was asked to stop."""
        if self.reporter.stop_request is not None:
            raise StopAskedError

    def load_torch(self) -> None:
        """Import what takes seconds, and set the number of threads."""
        self.reporter.phase("loading torch and transformers")
        import torch
        from transformers.utils import logging as transformers_logging

        import ftdemo.tuning.run  # noqa: F401

        gc.freeze()
        gc.enable()
        # The log is a file.
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # untyped in transformers
        torch.set_num_threads(self.settings.training_threads)

    def finish(self, models: Path, save: Callable[[Path], None], register: Callable[[Path], None]) -> Status:
        """Save the model of a run that has ended, unless it is to go on later or nobody wants the model.

        Args:
            models: the folder in which the model gets its own.
            save: writes the model into a new folder.
            register: enters the model's row, given the folder it has in the end.
        """
        asked = self.reporter.stop_request
        if asked == "pause":
            return stopped(self.reporter)
        if asked != "discard":
            self.reporter.phase("saving the model")
            partial = partial_model(models, self.job.id)
            shutil.rmtree(partial, ignore_errors=True)
            save(partial)
            # A folder has its final name only when it is whole, and no name twice.
            folder = unused_folder(models)
            try:
                with self.store.transaction():
                    register(folder)
                    partial.replace(folder)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)  # no row names it
                raise
        remove_checkpoints(self.folder)
        return "stopped" if asked else "finished"

    def free_name(self, taken: set[str]) -> str:
        """The name that the job's model gets: somebody may have given the wanted one to another meanwhile."""
        name = first_free_name(self.job.model_name, taken)
        if name != self.job.model_name:
            self.store.jobs.update(self.job.id, model_name=name)
        return name

    def register_tuned(self, folder: Path) -> None:
        """Give a tuned model its row."""
        self.store.models.add(
            self.free_name({model.name for model in self.store.models.all()}),
            base_model=self.job.base_model,
            method=str(self.job.settings["method"]),
            folder=folder.name,
            job_id=self.job.id,
            lineage=self.job.lineage,
        )

    @cached_property
    def _origins(self) -> Origins:
        return origins(self.store, self.job)

    @cached_property
    def _rewards(self) -> RewardRegistry:
        return RewardRegistry(self.store, self.settings)

    def _files(self, model: TunedModel | None) -> TunedFiles | None:
        models = Models(self.store, self.settings)
        return models.files_of(models.usable(model)) if model else None


def stopped(reporter: Reporter) -> Status:
    """The status of a job that ends because it was asked to."""
    if reporter.interrupted:
        return "interrupted"
    return "paused" if reporter.stop_request == "pause" else "stopped"
