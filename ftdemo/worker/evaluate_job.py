"""The job that compares a model with another."""

from ftdemo.jobs.reporter import Reporter
from ftdemo.settings import Settings
from ftdemo.store.jobs import Job, Status
from ftdemo.worker.context import base_model_of, load_torch


def evaluate(job: Job, settings: Settings, reporter: Reporter) -> Status:
    """Let both models answer, and measure."""
    base = base_model_of(job, settings, reporter)
    load_torch(settings, reporter)
    from ftdemo.worker.evaluate import run_evaluation

    return run_evaluation(job, base, settings, reporter)
