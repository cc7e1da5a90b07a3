"""The job that aligns a model with votes, and then compares it with its start."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ftdemo.aligning.figures import AlignFigures
from ftdemo.aligning.prompts import practice_prompts, prompts_to_compare, votes_of
from ftdemo.aligning.settings import BY_REWARD, AlignSettings, stored_align_settings
from ftdemo.evaluation.prompts import Prompt
from ftdemo.evaluation.settings import EvaluationSettings
from ftdemo.jobs.reporter import Reporter
from ftdemo.models import BaseModel
from ftdemo.names import BASE
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.jobs import Job, Status
from ftdemo.weights.tuned_files import TunedFiles, tuned_files
from ftdemo.worker.context import (
    base_model_of,
    end_run,
    load_torch,
    parent_files,
    register_tuned,
    stop_if_asked,
)

log = logging.getLogger("ftdemo.worker")
PROMPTS_FILE = "prompts.json"

Trained = tuple[AlignFigures, Callable[[Path], None]]
"""The figures of a run, and what saves its model into a new folder."""


def align(job: Job, settings: Settings, reporter: Reporter) -> Status:
    """Learn, save the model, and compare it with its start."""
    store = reporter.store
    base = base_model_of(job, settings, reporter)
    parent = parent_files(job, settings, store)
    load_torch(settings, reporter)
    reporter.phase("loading the model and the votes")
    wanted = stored_align_settings(job.settings)
    learn = _from_reward_model if job.settings["method"] in BY_REWARD else _from_votes
    figures, save = learn(job, base, parent, wanted, settings, reporter)
    store.jobs.update(job.id, metrics=figures.as_dict())
    saved: list[Path] = []

    def register(folder: Path) -> None:
        register_tuned(folder, job, base.name, store)
        saved.append(folder)

    status = end_run(job, settings, reporter, settings.tuned_models, save, register)
    if status == "finished" and saved:
        del save, learn  # they hold the trained model: one is enough in memory
        _compare(job, base, parent, tuned_files(saved[0]), wanted, settings, reporter, figures)
    return status


def _from_votes(
    job: Job,
    base: BaseModel,
    parent: TunedFiles | None,
    wanted: AlignSettings,
    settings: Settings,
    reporter: Reporter,
) -> Trained:
    from ftdemo.aligning.preference.run import make_preference_run, run_preference
    from ftdemo.aligning.preference.settings import PreferenceSettings
    from ftdemo.rewards.run import keep_votes

    assert isinstance(wanted.knobs, PreferenceSettings)
    folder = settings.job_folders / str(job.id)
    data = keep_votes(votes_of(reporter.store, wanted), folder)
    stop_if_asked(reporter)
    run = make_preference_run(base, data, wanted.knobs, folder, reporter, parent)
    stop_if_asked(reporter)
    return run_preference(run, folder, reporter), run.prepared.save


def _from_reward_model(
    job: Job,
    base: BaseModel,
    parent: TunedFiles | None,
    wanted: AlignSettings,
    settings: Settings,
    reporter: Reporter,
) -> Trained:
    from ftdemo.aligning.ppo.preparing import make_ppo_run
    from ftdemo.aligning.ppo.saving import save_policy
    from ftdemo.aligning.ppo.settings import PpoSettings
    from ftdemo.aligning.ppo.trainer import run_ppo

    assert isinstance(wanted.knobs, PpoSettings)
    store, folder = reporter.store, settings.job_folders / str(job.id)
    reward = _reward(store, settings, job.reward_model)
    assert reward is not None
    prompts = _kept(
        folder, lambda: practice_prompts(store, wanted, job.sample_set_name, job.sample_set_version)
    )
    stop_if_asked(reporter)
    watched = _reward(store, settings, wanted.held_out_reward)
    run = make_ppo_run(base, prompts, wanted.knobs, reward, watched, parent)
    stop_if_asked(reporter)
    return run_ppo(run, folder, reporter), lambda target: save_policy(run, target)


def _compare(
    job: Job,
    base: BaseModel,
    start: TunedFiles | None,
    aligned: TunedFiles | None,
    wanted: AlignSettings,
    settings: Settings,
    reporter: Reporter,
    figures: AlignFigures,
) -> None:
    """Let the start and the aligned model answer prompts that nothing was learned from."""
    from ftdemo.evaluation.course import EvaluationStoppedError
    from ftdemo.evaluation.measuring import measure

    store = reporter.store
    prompts = prompts_to_compare(store, wanted, job.sample_set_name, job.sample_set_version)
    if not prompts:
        return
    reporter.phase("comparing with the model it started from")
    try:
        found = measure(
            base,
            start,
            aligned,
            prompts,
            EvaluationSettings(prompts=max(1, wanted.compared_prompts)),
            _reward(store, settings, job.reward_model),
            _reward(store, settings, wanted.held_out_reward),
            reporter,
            names=(job.parent_model or BASE, store.jobs.get(job.id).model_name),
            counted=False,
        )
    except EvaluationStoppedError:
        log.info("the comparison was stopped; the model is saved")
        return
    store.jobs.update(job.id, metrics=replace(figures, evaluation=found).as_dict())


def _kept(folder: Path, choose: Callable[[], list[Prompt]]) -> list[Prompt]:
    """The prompts that a job began with, if it has begun, else those chosen now, which are kept."""
    file = folder / PROMPTS_FILE
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".partial")
        partial.write_text(json.dumps(choose(), ensure_ascii=False), encoding="utf-8")
        partial.replace(file)
    return [tuple(prompt) for prompt in json.loads(file.read_text(encoding="utf-8"))]


def _reward(store: Store, settings: Settings, name: str | None) -> Path | None:
    """The folder of a reward model, if one is named."""
    return settings.reward_models / store.reward_models.get(name).folder if name is not None else None
