"""Endpoints: tuning, and what becomes of jobs."""

from dataclasses import asdict
from typing import Any

from ftdemo.studio import Studio
from ftdemo.tuning.estimate import as_dict as estimate_as_dict
from ftdemo.tuning.recipes import DEFAULT_RECIPE
from ftdemo.tuning.settings import known_settings


def tune(
    studio: Studio,
    name: str,
    samples: str,
    recipe: str = DEFAULT_RECIPE,
    settings: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Queue a tuning job; settings are those unlike the recipe's, such as {"method": "full"}."""
    return {"job": asdict(studio.tune(name, samples, recipe, **known_settings(settings)))}


def estimate(
    studio: Studio, samples: str, recipe: str = DEFAULT_RECIPE, settings: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What a tuning job would cost."""
    found = studio.estimate(samples, recipe, measure=True, **known_settings(settings))
    return {"estimate": estimate_as_dict(found)}


def jobs(studio: Studio) -> dict[str, Any]:
    """Every job."""
    return {"jobs": [asdict(job) for job in studio.jobs.all()]}


def job(studio: Studio, job_id: int) -> dict[str, Any]:
    """One job with its curves."""
    metrics = [asdict(point) for point in studio.jobs.metrics(job_id)]
    answers = [asdict(answer) for answer in studio.jobs.answers(job_id)]
    return {"job": asdict(studio.jobs.get(job_id)), "curves": metrics, "answers": answers}


def stop_job(studio: Studio, job_id: int, keep: bool = True) -> dict[str, Any]:
    """Stop a job; what it learned is kept as the model, or discarded."""
    return {"job": asdict(studio.jobs.stop(job_id, keep))}


def pause_job(studio: Studio, job_id: int) -> dict[str, Any]:
    """Stop a job with a checkpoint, to be resumed later."""
    return {"job": asdict(studio.jobs.pause(job_id))}


def resume_job(studio: Studio, job_id: int) -> dict[str, Any]:
    """Go on with a job from its last checkpoint."""
    return {"job": asdict(studio.jobs.resume(job_id))}
