"""The job that trains a reward model on the votes."""

from pathlib import Path

from ftdemo.feedback.training_data import preference_data
from ftdemo.rewards.settings import RewardSettings
from ftdemo.store.feedback import FeedbackFilter
from ftdemo.store.jobs import Status
from ftdemo.worker.context import JobContext
from ftdemo.worker.kept import keep_votes


def train_reward(context: JobContext) -> Status:
    """Train, save and enter the reward model."""
    base, store = context.base, context.store
    context.load_torch()
    from ftdemo.rewards.run import train_reward_model

    context.reporter.phase("loading the model and the votes")
    knobs = RewardSettings.from_stored(context.job.settings)
    wanted = FeedbackFilter(models=knobs.models)
    data, _ = preference_data(store, wanted, held_out=knobs.held_out_share, seed=knobs.seed)
    data = keep_votes(data, context.folder)
    context.stop_if_asked()
    run = train_reward_model(base, data, knobs, context.folder, context.reporter)
    store.jobs.update(context.job.id, metrics=run.figures.as_dict())

    def register(folder: Path) -> None:
        name = context.free_name({model.name for model in store.reward_models.all()})
        store.reward_models.add(
            name, base_model=context.job.base_model, folder=folder.name, job_id=context.job.id
        )

    return context.finish(
        context.settings.reward_models,
        lambda folder: run.network.save(folder, run.mean, run.std),
        register,
    )
