"""The process that runs one job: `python -m ftdemo.training.worker JOB`.

It is started by the queue, reports through the store and outlives the web process. Whatever goes wrong ends
in the job's row: as a sentence if a person can mend it, else under an id that its log has the traceback of.
"""

import errno
import logging
import secrets
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil

from ftdemo.errors import UserError
from ftdemo.jobs import JobQueue
from ftdemo.models import ensure_base_model
from ftdemo.names import first_free_name
from ftdemo.settings import Settings, settings_from_environment
from ftdemo.store import Store
from ftdemo.store.jobs import Job, Status
from ftdemo.store.rows import now
from ftdemo.training.checkpoints import remove_checkpoints
from ftdemo.training.recipes import TuneSettings
from ftdemo.training.reporter import Reporter

log = logging.getLogger("ftdemo.worker")
REPORT_EVERY_S = 0.5


class StopAskedError(Exception):
    """The job was asked to stop before it had learned anything."""


def run_job(job_id: int, settings: Settings) -> None:
    """Run one job to its end, whatever that end is, and start the next."""
    store = Store(settings.database)
    reporter = Reporter(store, job_id)
    reporter.begin()
    end: dict[str, str | None] = {"error_message": None, "error_remedy": None}
    try:
        status = _tune(store.jobs.get(job_id), settings, reporter)
    except StopAskedError:
        status = "stopped"
    except BaseException as error:
        log.exception("job %s failed", job_id)
        status = "failed"
        message, remedy = _explain(error, settings)
        end = {"error_message": message, "error_remedy": remedy}
    reporter.end()
    store.jobs.update(job_id, status=status, phase="", seconds_left=None, finished_at=now(), **end)
    JobQueue(store, settings).refresh()


def _tune(job: Job, settings: Settings, reporter: Reporter) -> Status:
    store = reporter.store
    last_report = 0.0

    def report_fetch(progress: object) -> None:
        nonlocal last_report
        if reporter.stop_request is not None:
            raise StopAskedError
        if time.monotonic() - last_report > REPORT_EVERY_S:
            last_report = time.monotonic()
            reporter.phase(str(progress))

    base = ensure_base_model(replace(settings, base_model=job.base_model), report_fetch)
    reporter.phase("loading torch and trl")
    import torch

    from ftdemo.training.sft import SftData, run_sft

    torch.set_num_threads(settings.training_threads)
    if job.sample_set_name is None:
        raise UserError(f"Job {job.id} names no sample set.", "Start it again with one.")
    set_id = store.sample_sets.get(job.sample_set_name).id
    data = SftData(
        list(store.sample_sets.samples(set_id, "train", job.sample_set_version)),
        list(store.sample_sets.samples(set_id, "held_out", job.sample_set_version)),
    )
    reporter.phase("preparing the samples")
    folder = settings.job_folders / str(job.id)
    model, figures = run_sft(base, data, TuneSettings(**job.settings), folder, reporter)
    asked = reporter.stop_request
    store.jobs.update(job.id, metrics=figures)
    if asked != "discard":
        reporter.phase("saving the model")
        _save(model, job, base.name, settings.tuned_models, store)
    remove_checkpoints(folder)
    return "stopped" if asked else "finished"


def _save(model: "object", job: Job, base_name: str, tuned_models: Path, store: Store) -> None:
    """Write the adapter, then its row; a folder of the final name is always whole."""
    folder = tuned_models / f"job-{job.id}"
    partial = tuned_models / f"job-{job.id}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    model.save_pretrained(partial)  # type: ignore[attr-defined]
    # PEFT's README is a form that nobody filled in, with a path of this machine.
    (partial / "README.md").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)
    # Somebody may have given another model this name since the job was submitted.
    name = first_free_name(job.model_name, {model.name for model in store.models.all()})
    store.models.add(
        name,
        base_model=base_name,
        method=str(job.settings["method"]),
        folder=folder.name,
        job_id=job.id,
        sample_set_name=job.sample_set_name,
        sample_set_version=job.sample_set_version,
    )
    if name != job.model_name:
        store.jobs.update(job.id, model_name=name)


def _explain(error: BaseException, settings: Settings) -> tuple[str, str]:
    """What went wrong and what to do, in a sentence each."""
    if isinstance(error, UserError):
        return error.message, error.remedy
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"The disk of {settings.data} is full.", "Free some space, then resume the job."
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return "The job ran out of memory.", "Choose a smaller batch size or max length, and start it again."
    error_id = secrets.token_hex(4)
    log.error("error id %s", error_id)
    return (
        f"The job failed by a fault in this program ({type(error).__name__}, id {error_id}).",
        "Look up that id in the job's log, and report it.",
    )


def _give_way() -> None:
    """Lower this process's priority: the page and the chat come first."""
    process = psutil.Process()
    process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if psutil.WINDOWS else 10)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    _give_way()
    run_job(int(sys.argv[1]), settings_from_environment())
