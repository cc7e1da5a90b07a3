"""The job that trains a reward model on the votes."""

from pathlib import Path

from ftdemo.feedback.training_data import preference_data
from ftdemo.jobs.reporter import Reporter
from ftdemo.rewards.settings import RewardSettings
from ftdemo.settings import Settings
from ftdemo.store.feedback import FeedbackFilter
from ftdemo.store.jobs import Job, Status
from ftdemo.worker.context import base_model_of, end_run, free_name, load_torch, stop_if_asked


def train_reward(job: Job, settings: Settings, reporter: Reporter) -> Status:
    """Train, save and enter the reward model."""
    store = reporter.store
    base = base_model_of(job, settings, reporter)
    load_torch(settings, reporter)
    from ftdemo.rewards.run import keep_votes, train_reward_model

    reporter.phase("loading the model and the votes")
    folder = settings.job_folders / str(job.id)
    knobs = RewardSettings.from_stored(job.settings)
    wanted = FeedbackFilter(models=knobs.models)
    data, _ = preference_data(store, wanted, held_out=knobs.held_out_share, seed=knobs.seed)
    data = keep_votes(data, folder)
    stop_if_asked(reporter)
    run = train_reward_model(base, data, knobs, folder, reporter)
    store.jobs.update(job.id, metrics=run.figures.as_dict())

    def register(folder: Path) -> None:
        name = free_name(job, {model.name for model in store.reward_models.all()}, store)
        store.reward_models.add(name, base_model=base.name, folder=folder.name, job_id=job.id)

    return end_run(
        job,
        settings,
        reporter,
        settings.reward_models,
        lambda folder: run.network.save(folder, run.mean, run.std),
        register,
    )
