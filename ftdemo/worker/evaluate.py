"""The job that compares a model with another."""

from dataclasses import replace

from ftdemo.evaluation.planning import evaluation_prompts
from ftdemo.evaluation.settings import EvaluationSettings
from ftdemo.store.jobs import Status
from ftdemo.worker.context import JobContext, stopped


def evaluate(context: JobContext) -> Status:
    """Let both models answer, measure, and save the figures with the job.

    One that is stopped leaves no figures; resumed, it starts again.

    Raises:
        UserError: a model is gone, or stands on another base.
    """
    base = context.base
    context.load_torch()
    from ftdemo.evaluation.course import EvaluationStoppedError
    from ftdemo.evaluation.measuring import measure

    job, store = context.job, context.store
    knobs = EvaluationSettings.from_stored(job.settings)
    prompts, sources = evaluation_prompts(store, knobs, job)
    try:
        figures = measure(
            base,
            context.parent,
            context.evaluated,
            prompts,
            knobs,
            context.reward,
            context.held_out_reward,
            context.reporter,
            names=(context.parent_name, job.model_name),
        )
    except EvaluationStoppedError:
        return stopped(context.reporter)
    store.jobs.update(job.id, metrics=replace(figures, prompts_from=tuple(sources)).as_dict())
    return "finished"
