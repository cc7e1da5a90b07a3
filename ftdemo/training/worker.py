"""The process that runs one job: `python -m ftdemo.training.worker JOB`.

Called with `standby` in place of a number it imports what jobs need and then waits to be told which to run.

It is started by the queue, reports through the store and outlives the web process. Whatever goes wrong ends
in the job's row: as a sentence if a person can mend it, else under an id that its log has the traceback of.
"""

import gc
import logging
import os
import shutil
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil

from ftdemo.errors import UserError
from ftdemo.feedback.training_data import preference_data
from ftdemo.jobs import JobQueue
from ftdemo.jobs.process import STANDBY
from ftdemo.models import BaseModel, ModelRegistry, ensure_base_model
from ftdemo.models.gguf_cache import GgufCache
from ftdemo.models.tuned_files import TunedFiles
from ftdemo.names import first_free_name
from ftdemo.settings import Settings, settings_from_environment
from ftdemo.store import Store
from ftdemo.store.feedback import FeedbackFilter
from ftdemo.store.jobs import EVALUATE, Job, Status
from ftdemo.store.rows import now
from ftdemo.training.checkpoints import remove_checkpoints, remove_partial
from ftdemo.training.failures import explain
from ftdemo.training.recipes import TuneSettings
from ftdemo.training.reporter import Reporter
from ftdemo.training.reward.settings import RewardSettings

log = logging.getLogger("ftdemo.worker")
REPORT_EVERY_S = 0.5
STANDBY_IDLE_S = 900.0


class StopAskedError(Exception):
    """The job was asked to stop before it had learned anything."""


def run_job(job_id: int, settings: Settings) -> None:
    """Run one job to its end, whatever that end is, and start the next."""
    store = Store(settings.database)
    reporter = Reporter(store, job_id)
    # The system shuts down, or somebody ends the process by hand: a checkpoint first.
    signal.signal(signal.SIGTERM, lambda number, frame: reporter.interrupt())
    reporter.begin()
    end: dict[str, str | None] = {"error_message": None, "error_remedy": None}
    try:
        job = store.jobs.get(job_id)
        runners = {"reward": _train_reward, EVALUATE: _evaluate}
        status = runners.get(job.kind, _tune)(job, settings, reporter)
    except StopAskedError:
        status = _stopped(reporter)
    except BaseException as error:
        log.exception("job %s failed", job_id)
        status = "failed"
        message, remedy = explain(error, settings)
        end = {"error_message": message, "error_remedy": remedy}
        # On a full disk this makes room for saying so.
        remove_partial(settings.job_folders / str(job_id), settings.tuned_models, job_id)
    if status == "interrupted":
        end = {"error_message": "The worker was told to end.", "error_remedy": "Resume the job: it goes on."}
    reporter.end()
    store.jobs.update(job_id, status=status, phase="", seconds_left=None, finished_at=now(), **end)
    JobQueue(store, settings).refresh()


def _base_model(job: Job, settings: Settings, reporter: Reporter) -> BaseModel:
    """The base model of a job, fetched if it is not there."""
    last_report = 0.0

    def report_fetch(progress: object) -> None:
        nonlocal last_report
        if reporter.stop_request is not None:
            raise StopAskedError
        if time.monotonic() - last_report > REPORT_EVERY_S:
            last_report = time.monotonic()
            reporter.phase(str(progress))

    return ensure_base_model(replace(settings, base_model=job.base_model), report_fetch)


def _load_torch(settings: Settings, reporter: Reporter) -> None:
    """Import what takes seconds, and set the number of threads."""
    reporter.phase("loading torch and transformers")
    import torch
    from transformers.utils import logging as transformers_logging

    import ftdemo.training.sft  # noqa: F401

    gc.freeze()
    gc.enable()
    transformers_logging.disable_progress_bar()  # the log is a file
    torch.set_num_threads(settings.training_threads)


def _train_reward(job: Job, settings: Settings, reporter: Reporter) -> Status:
    store = reporter.store
    base = _base_model(job, settings, reporter)
    _load_torch(settings, reporter)
    from ftdemo.training.reward.run import keep_votes, train_reward_model

    reporter.phase("loading the model and the votes")
    folder = settings.job_folders / str(job.id)
    reward_settings = RewardSettings(**job.settings)
    wanted = FeedbackFilter(models=reward_settings.models)
    data, _ = preference_data(
        store, wanted, held_out=reward_settings.held_out_share, seed=reward_settings.seed
    )
    data = keep_votes(data, folder)
    if reporter.stop_request is not None:
        raise StopAskedError
    run = train_reward_model(base, data, reward_settings, folder, reporter)
    asked = reporter.stop_request
    store.jobs.update(job.id, metrics=run.figures)
    if asked == "pause":
        return _stopped(reporter)
    if asked != "discard":
        reporter.phase("saving the reward model")
        partial = settings.reward_models / f"job-{job.id}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        run.network.save(partial, run.mean, run.std)
        final = _whole(partial)
        name = first_free_name(job.model_name, {model.name for model in store.reward_models.all()})
        store.reward_models.add(name, base_model=base.name, folder=final.name, job_id=job.id)
    remove_checkpoints(folder)
    return "stopped" if asked else "finished"


def _evaluate(job: Job, settings: Settings, reporter: Reporter) -> Status:
    base = _base_model(job, settings, reporter)
    _load_torch(settings, reporter)
    from ftdemo.training.evaluation.job import run_evaluation

    return run_evaluation(job, base, settings, reporter)


def _tune(job: Job, settings: Settings, reporter: Reporter) -> Status:
    store = reporter.store
    base = _base_model(job, settings, reporter)
    parent = _parent_files(job, settings, store)
    _load_torch(settings, reporter)
    from ftdemo.training.saving import save_tuned
    from ftdemo.training.sft import SftData, make_run, run_sft

    if job.sample_set_name is None:
        raise UserError(f"Job {job.id} names no sample set.", "Start it again with one.")
    set_id = store.sample_sets.get(job.sample_set_name).id
    data = SftData(
        list(store.sample_sets.samples(set_id, "train", job.sample_set_version)),
        list(store.sample_sets.samples(set_id, "held_out", job.sample_set_version)),
    )
    reporter.phase("loading the model and the samples")
    folder = settings.job_folders / str(job.id)
    tune_settings = TuneSettings(**job.settings)
    run = make_run(base, data, tune_settings, folder, reporter, parent, settings.token_cache)
    if reporter.stop_request is not None:
        raise StopAskedError
    figures = run_sft(run, folder, reporter)
    asked = reporter.stop_request
    store.jobs.update(job.id, metrics=figures)
    if asked == "pause":
        return _stopped(reporter)
    if asked != "discard":
        reporter.phase("saving the model")
        partial = settings.tuned_models / f"job-{job.id}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        save_tuned(run.prepared, partial)
        _register(_whole(partial), job, base.name, store)
    remove_checkpoints(folder)
    return "stopped" if asked else "finished"


def _stopped(reporter: Reporter) -> Status:
    if reporter.interrupted:
        return "interrupted"
    return "paused" if reporter.stop_request == "pause" else "stopped"


def _parent_files(job: Job, settings: Settings, store: Store) -> TunedFiles | None:
    if job.parent_model is None:
        return None
    registry = ModelRegistry(store, settings.tuned_models, GgufCache(settings.gguf))
    return registry.files(store.models.get(job.parent_model))


def _whole(partial: Path) -> Path:
    """Give a saved model's folder its final name, under which a folder is always whole."""
    folder = partial.with_suffix("")
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)
    return folder


def _register(folder: Path, job: Job, base_name: str, store: Store) -> None:
    """Give a saved model its row."""
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
        parent_model=job.parent_model,
    )
    if name != job.model_name:
        store.jobs.update(job.id, model_name=name)


def _give_way() -> None:
    """Lower this process's priority: the page and the chat come first."""
    process = psutil.Process()
    process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if psutil.WINDOWS else 10)
    # Linux may share the processor among sessions first, and heeds `nice` only within one.
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text("10", encoding="ascii")


def _wait_for_job() -> int:
    """Import what jobs need, and return the number of the job that comes on standard input with its log file.

    The process ends if none comes for long, or if the one that started it is gone.
    """
    import ftdemo.training.saving
    import ftdemo.training.sft  # noqa: F401

    idle = threading.Timer(STANDBY_IDLE_S, os._exit, [0])
    idle.daemon = True
    idle.start()
    order = sys.stdin.readline().rstrip("\n")
    idle.cancel()
    if not order:
        sys.exit()
    job_id, log_path = order.split("\t", 1)
    with open(log_path, "ab") as job_log:  # noqa: PTH123 - its descriptor is what is wanted
        os.dup2(job_log.fileno(), sys.stdout.fileno())
        os.dup2(job_log.fileno(), sys.stderr.fileno())
    return int(job_id)


if __name__ == "__main__":
    # What is imported stays: looking for garbage in it again and again would cost a second.
    gc.disable()
    _give_way()
    chosen = _wait_for_job() if sys.argv[1] == STANDBY else int(sys.argv[1])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    run_job(chosen, settings_from_environment())
