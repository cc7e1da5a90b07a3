"""The run: step after step, reported, kept in checkpoints, and stopped when asked."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ftdemo.aligning.figures import PpoFigures
from ftdemo.aligning.ppo.checkpoint import RunProgress, load_checkpoint, save_checkpoint
from ftdemo.aligning.ppo.guards import Figures, budget_spent, warnings
from ftdemo.aligning.ppo.preparing import PpoRun, Prompt
from ftdemo.aligning.ppo.settings import PpoSettings
from ftdemo.aligning.ppo.step import collect, learn
from ftdemo.jobs.reporter import Reporter, Stopwatch
from ftdemo.language.sampling import sample
from ftdemo.machine.heap import give_back_memory
from ftdemo.store.jobs import JobMetric
from ftdemo.training.running import Running
from ftdemo.training.trained import put_back

MEASUREMENTS = 5
"""How often checkpoints are written and sample answers given during a run."""


def run_ppo(run: PpoRun, job_folder: Path, reporter: Reporter) -> PpoFigures:
    """Train to the end or until stopped, from the last checkpoint if the job has one.

    Args:
        run: what `make_ppo_run` made.
        job_folder: where checkpoints are.
        reporter: hears of every step.

    Returns:
        The figures of the run, the final ones of the model that is left; `warnings` are sentences for whoever
        started it.
    """
    learner, settings = run.learner, run.learner.settings
    progress = load_checkpoint(learner, job_folder)
    running = Running(job_folder, reporter)
    points = [point.figures for point in running.points() if point.figures]
    every = max(1, math.ceil(settings.steps / MEASUREMENTS))
    end: Figures | None = points[-1] if points else None
    spent: str | None = None
    stopwatch = Stopwatch(settings.steps, progress.step)
    reporter.phase("training")
    reporter.progress(progress.step, settings.steps, _epoch(run, progress.step), None)
    asked = reporter.stop_request
    if progress.step == 0 and asked is None:
        reporter.record_answers(0, sample_answers(run))
    while asked is None:
        step_began = time.monotonic()
        prompts = [prompt.ids for prompt in batch_of(run.prompts, settings, progress.step)]
        experience, figures = collect(learner, prompts)
        held = _hand_back(reporter)
        spent = budget_spent(figures, settings.kl_budget, progress.step)
        if spent:
            put_back(learner.model.trained(), progress.within)
            break
        progress.within, end = learner.model.copy_of_trained(), figures
        if progress.step == settings.steps:
            break  # this batch was only to see what the run ended with
        points.append(learn(learner, experience, figures))
        held = max(held, _hand_back(reporter))
        sampled = round(figures["answer_length"] * settings.answers_per_batch)
        progress.step += 1
        progress.tokens += sampled
        _report_step(run, progress, points, sampled / (time.monotonic() - step_began), held, reporter)
        reporter.progress(
            progress.step, settings.steps, _epoch(run, progress.step), stopwatch.seconds_left(progress.step)
        )
        asked = reporter.stop_request
        # After the last step the model itself is saved.
        due = progress.step % every == 0 and progress.step < settings.steps
        if asked == "pause" or due:
            running.keep_taken(save_checkpoint(learner, job_folder, progress))
        if due and asked is None:
            reporter.record_answers(progress.step, sample_answers(run))
    if asked is None:
        reporter.record_answers(progress.step, sample_answers(run))
    return _run_figures(run, running, points, end, spent, progress.tokens)


def batch_of(prompts: Sequence[Prompt], settings: PpoSettings, step: int) -> list[Prompt]:
    """The prompts of a step, counted from 0: each pass over all of them is in another order.

    Args:
        prompts: all there are.
        settings: how many belong to a batch, and the seed of the order.
        step: steps done before.
    """
    chosen = []
    first = step * settings.prompts_per_batch
    for place in range(first, first + settings.prompts_per_batch):
        number, within = divmod(place, len(prompts))
        order = list(range(len(prompts)))
        random.Random(f"{settings.seed}, pass {number}").shuffle(order)
        chosen.append(prompts[order[within]])
    return chosen


def sample_answers(run: PpoRun) -> list[tuple[str, str]]:
    """What the policy answers now to the first prompts, greedily: pairs of question and answer."""
    settings = run.learner.settings
    asked = run.prompts[: settings.sampled_answers]
    if not asked:
        return []
    with run.learner.model.sampling() as policy:
        answers = sample(
            policy,
            [prompt.ids for prompt in asked],
            end_tokens=run.learner.end_tokens,
            max_new_tokens=settings.max_new_tokens,
            temperature=0,
        )
    return [
        (prompt.question, run.tokeniser.decode(answer.answer).strip())
        for prompt, answer in zip(asked, answers, strict=True)
    ]


def _epoch(run: PpoRun, step: int) -> float:
    """Passes over the prompts."""
    return step * run.learner.settings.prompts_per_batch / len(run.prompts)


def _warn(reporter: Reporter, points: Sequence[Figures]) -> None:
    """Keep the warnings with the job, where they can be read while it runs."""
    jobs = reporter.store.jobs
    known = PpoFigures.of(jobs.get(reporter.job_id))
    found = tuple(warnings(points))
    if found != known.warnings:
        jobs.update(reporter.job_id, metrics=replace(known, warnings=found).as_dict())


def _hand_back(reporter: Reporter) -> int:
    """Hand back the memory that is free, and say how many bytes were held; see `give_back_memory`."""
    held = reporter.memory_bytes()
    give_back_memory()
    return held


def _report_step(
    run: PpoRun,
    progress: RunProgress,
    points: Sequence[Figures],
    tokens_per_second: float,
    held: int,
    reporter: Reporter,
) -> None:
    """Add the last step to the job's curves, and what it warns of."""
    figures = points[-1]
    reporter.record(
        JobMetric(
            reporter.job_id,
            progress.step,
            epoch=_epoch(run, progress.step),
            loss=figures["policy_loss"] + figures["value_loss"],
            learning_rate=run.learner.settings.learning_rate,
            tokens=progress.tokens,
            tokens_per_second=tokens_per_second,
            memory_bytes=held,
            figures=figures,
        )
    )
    _warn(reporter, points)


def _run_figures(
    run: PpoRun,
    running: Running,
    points: Sequence[Figures],
    end: Figures | None,
    spent: str | None,
    tokens: int,
) -> PpoFigures:
    """The figures of a run, as they are stored with its job."""
    model = run.learner.model
    figures = PpoFigures(
        prompts=len(run.prompts),
        dropped_prompts=run.dropped,
        warnings=(*warnings(points), *([spent] if spent else [])),
        trainable_parameters=sum(weight.numel() for weight in model.trained().values()),
    )
    ends: dict[str, Any] = {
        f"{when}_{name}": point[name]
        for when, point in (("first", points[0]), ("final", end))
        for name in ("reward", "score", "held_out_score", "kl", "answer_length")
        if name in point
    } if points and end else {}  # fmt: skip
    return running.complete(
        replace(figures, **ends),
        steps=len(points),
        tokens=tokens,
        device=run.device,
        bfloat16=model.bfloat16,
    )
