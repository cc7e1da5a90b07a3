"""How an open page learns what has changed: it asks the store once a second.

Nothing about a job lives in the page. Two values are kept per page: what lists there are (`revision`) and how
far the latest job is (`job_mark`); a tab listens to the one it depends on, and is redrawn when it changed.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import gradio as gr

from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from ftdemo.ui.events import QUIET, handler
from ftdemo.ui.job.html import status_line

POLL_S = 1.0
REDRAW_S = 0.2
"""Seconds between two drawings of growing answers: the browser draws with the same cores that generate."""


@dataclass(frozen=True)
class Changes:
    """What the tabs listen to.

    Args:
        revision: changes when a sample set, a tuned model or a job comes, goes or ends.
        job_mark: changes when the latest job moves.
    """

    revision: gr.State
    job_mark: gr.State


def add_status_line(studio: Studio) -> gr.HTML:
    """The line at the top of the page."""
    return gr.HTML(_status(studio), elem_id="status", padding=False)


def start_polling(studio: Studio, demo: gr.Blocks, status: gr.HTML, changes: Changes) -> None:
    """Ask the store at once, and then once a second; to be called when all tabs are built."""

    poll = handler(_poll, studio)
    outputs = [status, changes.revision, changes.job_mark]
    timer = gr.Timer(POLL_S)
    timer.tick(poll, None, outputs, **QUIET)
    demo.load(poll, None, outputs, **QUIET)


def revision(studio: Studio) -> str:
    """A text that changes with the lists of sample sets, models and jobs."""
    sets = [(saved.id, saved.name, saved.version) for saved in studio.samples.all()]
    models = [(model.id, model.name) for model in studio.models.all()]
    rewards = studio.reward_models.names()
    jobs = [(job.id, job.status) for job in studio.jobs.all()]
    return repr((sets, models, rewards, jobs))


def job_mark(job: Job | None) -> str:
    """A text that changes when a job moves."""
    return "" if job is None else repr((job.id, job.status, job.phase, job.step, job.memory_bytes))


def _poll(studio: Studio) -> tuple[str, str, str]:
    return _status(studio), revision(studio), job_mark(studio.jobs.latest())


def _status(studio: Studio) -> str:
    status = studio.status()
    return status_line(status.base_model, status.engine, status.job)


Growing = TypeVar("Growing")


def paced(turns: Iterator[Growing]) -> Iterator[Growing]:
    """Pass on a growing turn, or a conversation with one, a few times a second, and its end always."""
    drawn = 0.0
    last: Growing | None = None
    for last in turns:
        if time.monotonic() - drawn >= REDRAW_S:
            drawn = time.monotonic()
            yield last
    if last is not None:
        yield last
