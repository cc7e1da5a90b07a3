"""The job that aligns a model with votes, and then compares it with its parent."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ftdemo.aligning.figures import AlignFigures
from ftdemo.aligning.prompts import practice_prompts, prompts_to_compare, votes_of
from ftdemo.aligning.settings import BY_REWARD, AlignSettings, stored_align_settings
from ftdemo.evaluation.settings import EvaluationSettings
from ftdemo.store.jobs import Status
from ftdemo.weights.tuned_files import TunedFiles, tuned_files
from ftdemo.worker.context import JobContext
from ftdemo.worker.kept import keep_prompts, keep_votes

log = logging.getLogger("ftdemo.worker")

Trained = tuple[AlignFigures, Callable[[Path], None]]
"""The figures of a run, and what saves its model into a new folder."""


def align(context: JobContext) -> Status:
    """Learn, save the model, and compare it with its parent."""
    _ = context.base, context.parent  # what is missing is told before seconds are spent on imports
    context.load_torch()
    context.reporter.phase("loading the model and the votes")
    knobs = stored_align_settings(context.job.settings)
    learn = _from_reward_model if knobs.knobs.method in BY_REWARD else _from_votes
    figures, save = learn(context, knobs)
    context.store.jobs.update(context.job.id, metrics=figures.as_dict())
    saved: list[Path] = []

    def register(folder: Path) -> None:
        context.register_tuned(folder)
        saved.append(folder)

    status = context.finish(context.settings.tuned_models, save, register)
    if status == "finished" and saved:
        del save, learn  # they hold the trained model: one is enough in memory
        _compare(context, tuned_files(saved[0]), knobs, figures)
    return status


def _from_votes(context: JobContext, knobs: AlignSettings) -> Trained:
    from ftdemo.aligning.preference.run import make_preference_run, run_preference
    from ftdemo.aligning.preference.settings import PreferenceSettings

    assert isinstance(knobs.knobs, PreferenceSettings)
    folder, reporter = context.folder, context.reporter
    data = keep_votes(votes_of(context.store, knobs), folder)
    context.stop_if_asked()
    run = make_preference_run(context.base, data, knobs.knobs, folder, reporter, context.parent)
    context.stop_if_asked()
    return run_preference(run, folder, reporter), run.prepared.save


def _from_reward_model(context: JobContext, knobs: AlignSettings) -> Trained:
    from ftdemo.aligning.ppo.preparing import make_ppo_run
    from ftdemo.aligning.ppo.saving import save_policy
    from ftdemo.aligning.ppo.settings import PpoSettings
    from ftdemo.aligning.ppo.trainer import run_ppo

    assert isinstance(knobs.knobs, PpoSettings)
    reward = context.reward
    assert reward is not None
    prompts = keep_prompts(lambda: practice_prompts(context.store, knobs, context.job), context.folder)
    context.stop_if_asked()
    run = make_ppo_run(context.base, prompts, knobs.knobs, reward, context.held_out_reward, context.parent)
    context.stop_if_asked()
    return run_ppo(run, context.folder, context.reporter), lambda target: save_policy(run, target)


def _compare(
    context: JobContext, aligned: TunedFiles | None, knobs: AlignSettings, figures: AlignFigures
) -> None:
    """Let the parent and the aligned model answer prompts that nothing was learned from."""
    from ftdemo.evaluation.course import EvaluationStoppedError
    from ftdemo.evaluation.measuring import measure

    store, number = context.store, context.job.id
    prompts = prompts_to_compare(store, knobs, context.job)
    if not prompts:
        return
    context.reporter.phase("comparing with the model it started from")
    try:
        found = measure(
            context.base,
            context.parent,
            aligned,
            prompts,
            EvaluationSettings(prompts=max(1, knobs.compared_prompts)),
            context.reward,
            context.held_out_reward,
            context.reporter,
            names=(context.parent_name, store.jobs.get(number).model_name),
            counted=False,
        )
    except EvaluationStoppedError:
        log.info("the comparison was stopped; the model is saved")
        return
    store.jobs.update(number, metrics=replace(figures, evaluation=found).as_dict())
