"""What all kinds of jobs have in common: the base model, the parent, how they stop, the finished model."""

import gc
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ftdemo.jobs.reporter import Reporter
from ftdemo.models import BaseModel, ModelRegistry, ensure_base_model
from ftdemo.names import first_free_name
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.jobs import Job, Status
from ftdemo.training.checkpoints import remove_checkpoints
from ftdemo.weights.gguf_cache import GgufCache
from ftdemo.weights.tuned_files import TunedFiles

REPORT_EVERY_S = 0.5


class StopAskedError(Exception):
    """The job was asked to stop before it had learned anything."""


def base_model_of(job: Job, settings: Settings, reporter: Reporter) -> BaseModel:
    """The base model of a job, fetched if it is not there."""
    last_report = 0.0

    def report_fetch(progress: object) -> None:
        nonlocal last_report
        stop_if_asked(reporter)
        if time.monotonic() - last_report > REPORT_EVERY_S:
            last_report = time.monotonic()
            reporter.phase(str(progress))

    return ensure_base_model(replace(settings, base_model=job.base_model), report_fetch)


def parent_files(job: Job, settings: Settings, store: Store) -> TunedFiles | None:
    """The files of the tuned model that a job continues from, or None for the base model."""
    if job.parent_model is None:
        return None
    registry = ModelRegistry(store, settings.tuned_models, GgufCache(settings.gguf))
    return registry.files(store.models.get(job.parent_model))


def load_torch(settings: Settings, reporter: Reporter) -> None:
    """Import what takes seconds, and set the number of threads."""
    reporter.phase("loading torch and transformers")
    import torch
    from transformers.utils import logging as transformers_logging

    import ftdemo.tuning.run  # noqa: F401

    gc.freeze()
    gc.enable()
    transformers_logging.disable_progress_bar()  # the log is a file
    torch.set_num_threads(settings.training_threads)


def stop_if_asked(reporter: Reporter) -> None:
    """Raise StopAskedError if the job was asked to stop."""
    if reporter.stop_request is not None:
        raise StopAskedError


def stopped(reporter: Reporter) -> Status:
    """The status of a job that ends because it was asked to."""
    if reporter.interrupted:
        return "interrupted"
    return "paused" if reporter.stop_request == "pause" else "stopped"


def end_run(
    job: Job, settings: Settings, reporter: Reporter, models: Path, save: Callable[[Path], None],
    register: Callable[[Path], None],
) -> Status:  # fmt: skip
    """Save the model of a run that has ended, unless it is to go on later or nobody wants the model.

    Args:
        job: the job.
        settings: name the job's folder.
        reporter: knows what was asked of the job.
        models: the folder in which the model gets its own.
        save: writes the model into a new folder.
        register: enters the model's row, given the folder it has in the end.
    """
    asked = reporter.stop_request
    if asked == "pause":
        return stopped(reporter)
    if asked != "discard":
        reporter.phase("saving the model")
        partial = models / f"job-{job.id}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        save(partial)
        # A folder has its final name only when it is whole.
        folder = partial.with_suffix("")
        shutil.rmtree(folder, ignore_errors=True)
        partial.replace(folder)
        register(folder)
    remove_checkpoints(settings.job_folders / str(job.id))
    return "stopped" if asked else "finished"


def free_name(job: Job, taken: set[str], store: Store) -> str:
    """The name that a job's model gets: somebody may have given the wanted one to another meanwhile."""
    name = first_free_name(job.model_name, taken)
    if name != job.model_name:
        store.jobs.update(job.id, model_name=name)
    return name


def register_tuned(folder: Path, job: Job, base_name: str, store: Store) -> None:
    """Give a tuned model its row."""
    store.models.add(
        free_name(job, {model.name for model in store.models.all()}, store),
        base_model=base_name,
        method=str(job.settings["method"]),
        folder=folder.name,
        job_id=job.id,
        sample_set_name=job.sample_set_name,
        sample_set_version=job.sample_set_version,
        parent_model=job.parent_model,
        reward_model=job.reward_model,
    )
