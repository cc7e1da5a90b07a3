"""What a run was: everything needed to tell it from another, or to do it again."""

from collections.abc import Sequence
from typing import Any

from ftdemo.store.figures import RunFigures
from ftdemo.store.jobs import Job


def run_sheet(job: Job) -> dict[str, Any]:
    """A run in one flat table: where it started, its settings, and its figures once it has some.

    Libraries are named with their versions, such as 'torch version'.
    """
    sheet: dict[str, Any] = {
        "job": job.id,
        "model": job.model_name,
        "status": job.status,
        "base_model": job.base_model,
        "parent": job.parent_model,
        "sample_set": job.sample_set_name,
        "sample_set_version": job.sample_set_version,
        "started_at": job.started_at,
        **job.settings,
    }
    figures = RunFigures.of(job)
    known = {name: value for name, value in vars(figures).items() if name in job.metrics}
    return {
        **sheet,
        **{name: value for name, value in known.items() if name not in ("versions", "warnings")},
        **{f"{name} version": number for name, number in figures.versions.items()},
    }


def compare_runs(jobs: Sequence[Job]) -> dict[str, list[Any]]:
    """Side by side, what differs between runs: for each name of the run sheet, the value of each run."""
    sheets = [run_sheet(job) for job in jobs]
    names = list(dict.fromkeys(name for sheet in sheets for name in sheet))
    rows = {name: [sheet.get(name) for sheet in sheets] for name in names}
    always = {"job", "model"}
    return {
        name: values
        for name, values in rows.items()
        if name in always or any(value != values[0] for value in values[1:])
    }
