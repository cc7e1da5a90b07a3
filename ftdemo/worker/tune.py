"""The job that tunes a model on a sample set."""

from ftdemo.errors import UserError
from ftdemo.store.jobs import Status
from ftdemo.tuning.settings import TuneSettings
from ftdemo.worker.context import JobContext


def tune(context: JobContext) -> Status:
    """Train, save and enter the tuned model."""
    base, parent = context.base, context.parent
    context.load_torch()
    from ftdemo.tuning.run import SftData, make_run, run_sft

    job, settings = context.job, context.settings
    if job.sample_set_name is None:
        raise UserError(f"Job {job.id} names no sample set.", "Start it again with one.")
    data = SftData(context.samples("train"), context.samples("held_out"))
    context.reporter.phase("loading the model and the samples")
    knobs = TuneSettings.from_stored(job.settings)
    run = make_run(base, data, knobs, context.folder, context.reporter, parent, settings.token_cache)
    context.stop_if_asked()
    context.store.jobs.update(job.id, metrics=run_sft(run, context.folder, context.reporter).as_dict())
    return context.finish(settings.tuned_models, run.prepared.save, context.register_tuned)
