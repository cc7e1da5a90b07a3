"""The job that evaluates a model, as its worker runs it."""

from dataclasses import replace
from pathlib import Path

from ftdemo.errors import UserError
from ftdemo.evaluation.course import EvaluationStoppedError
from ftdemo.evaluation.measuring import measure
from ftdemo.evaluation.planning import evaluation_prompts
from ftdemo.evaluation.settings import EvaluationSettings
from ftdemo.jobs.reporter import Reporter
from ftdemo.models.base import BaseModel
from ftdemo.models.registry import ModelRegistry
from ftdemo.names import BASE
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.jobs import Job, Status
from ftdemo.weights.gguf_cache import GgufCache
from ftdemo.weights.tuned_files import TunedFiles


def run_evaluation(job: Job, base: BaseModel, settings: Settings, reporter: Reporter) -> Status:
    """Compare the job's model with the other one and save the figures with the job.

    Args:
        job: names the model, and in its settings the other.
        base: the base model, which is on this machine.
        settings: tell where models lie.
        reporter: hears how far it is.

    Returns:
        How the job ends. One that is stopped leaves no figures; resumed, it starts again.

    Raises:
        UserError: a model is gone, or stands on another base.
    """
    store, knobs = reporter.store, EvaluationSettings.from_stored(job.settings)
    prompts, sources = evaluation_prompts(store, knobs, job.sample_set_name, job.sample_set_version)
    try:
        figures = measure(
            base,
            _tuned(store, settings, job, knobs.against),
            _tuned(store, settings, job, job.model_name),
            prompts,
            knobs,
            _reward(store, settings, job, job.reward_model),
            _reward(store, settings, job, knobs.held_out_reward),
            reporter,
            names=(knobs.against, job.model_name),
        )
    except EvaluationStoppedError:
        if reporter.interrupted:
            return "interrupted"
        return "paused" if reporter.stop_request == "pause" else "stopped"
    store.jobs.update(job.id, metrics=replace(figures, prompts_from=tuple(sources)).as_dict())
    return "finished"


def _tuned(store: Store, settings: Settings, job: Job, name: str) -> TunedFiles | None:
    """The files of a tuned model; None for the base model."""
    if name == BASE:
        return None
    registry = ModelRegistry(store, settings.tuned_models, GgufCache(settings.gguf))
    model = registry.get(name)
    _refuse_other_base(name, model.base_model, job)
    return registry.files(model)


def _reward(store: Store, settings: Settings, job: Job, name: str | None) -> Path | None:
    """The folder of a reward model, if one is named."""
    if name is None:
        return None
    model = store.reward_models.get(name)
    _refuse_other_base(name, model.base_model, job)
    return settings.reward_models / model.folder


def _refuse_other_base(name: str, base_model: str, job: Job) -> None:
    if base_model != job.base_model:
        raise UserError(
            f"The model {name!r} stands on {base_model}; this job is about {job.base_model}.",
            f"Start with FTDEMO_BASE_MODEL={base_model} to evaluate it.",
        )
