"""The job that tunes a model on a sample set."""

from ftdemo.errors import UserError
from ftdemo.jobs.reporter import Reporter
from ftdemo.settings import Settings
from ftdemo.store.jobs import Job, Status
from ftdemo.tuning.settings import TuneSettings
from ftdemo.worker.context import (
    base_model_of,
    end_run,
    load_torch,
    parent_files,
    register_tuned,
    stop_if_asked,
)


def tune(job: Job, settings: Settings, reporter: Reporter) -> Status:
    """Train, save and enter the tuned model."""
    store = reporter.store
    base = base_model_of(job, settings, reporter)
    parent = parent_files(job, settings, store)
    load_torch(settings, reporter)
    from ftdemo.tuning.run import SftData, make_run, run_sft

    if job.sample_set_name is None:
        raise UserError(f"Job {job.id} names no sample set.", "Start it again with one.")
    set_id = store.sample_sets.get(job.sample_set_name).id
    data = SftData(
        list(store.sample_sets.samples(set_id, "train", job.sample_set_version)),
        list(store.sample_sets.samples(set_id, "held_out", job.sample_set_version)),
    )
    reporter.phase("loading the model and the samples")
    folder = settings.job_folders / str(job.id)
    tune_settings = TuneSettings.from_stored(job.settings)
    run = make_run(base, data, tune_settings, folder, reporter, parent, settings.token_cache)
    stop_if_asked(reporter)
    store.jobs.update(job.id, metrics=run_sft(run, folder, reporter).as_dict())
    return end_run(
        job,
        settings,
        reporter,
        settings.tuned_models,
        run.prepared.save,
        lambda folder: register_tuned(folder, job, base.name, store),
    )
