"""What can be done with a job that is shown: it is drawn, stopped, paused and gone on with."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import gradio as gr

from ftdemo.jobs import curves
from ftdemo.jobs.sheet import run_sheet
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from ftdemo.ui import html
from ftdemo.ui.job import html as job_html
from ftdemo.ui.job import plots
from ftdemo.ui.polling import revision

LOG_SHOWN = 4000
"""Characters of a worker's log, its last."""


@dataclass(frozen=True)
class Shown:
    """Which jobs a tab shows, and how.

    Args:
        kinds: which jobs count for the latest.
        nothing: what to say while there is no job.
        results: HTML of what only these kinds of job tell when they have ended.
    """

    kinds: Collection[str]
    nothing: str
    results: Callable[[Job], str] = lambda job: ""


def show(studio: Studio, view: Shown, job_id: int | None, drawn: str) -> tuple[object, ...]:
    """Draw the chosen job, or the latest one; `drawn` is the curve that is looked at."""
    story = studio.jobs.story(job_id, view.kinds)
    if story is None:
        off = [gr.update(interactive=False)] * 4
        return html.empty(view.nothing), gr.skip(), gr.skip(), *off, "", "", "", ""
    job, going = story.job, not story.job.ended
    resumable = job.status in ("paused", "interrupted", "failed")
    can_be_drawn = curves.measures(story.metrics)
    drawn = drawn if drawn in can_be_drawn else can_be_drawn[0]
    points = curves.of_job(story.metrics, drawn)
    return (
        job_html.job_card(job),
        gr.LinePlot(value=plots.table(points, plots.COLOURS), y_title=curves.title(drawn, job.kind)),
        gr.update(choices=can_be_drawn, value=drawn),
        *[gr.update(interactive=on) for on in (going, going, resumable, going)],
        view.results(job),
        job_html.answers(story.answers),
        job_html.sheet(run_sheet(job)),
        story.log[-LOG_SHOWN:],
    )


def do(studio: Studio, view: Shown, action: str, job_id: int | None) -> str:
    """Do one of 'keep', 'discard', 'pause' and 'resume' with the job that is shown."""
    job = studio.jobs.shown(job_id, view.kinds)
    if job is not None:
        jobs = studio.jobs
        {
            "keep": lambda: jobs.stop(job.id, keep=True),
            "discard": lambda: jobs.stop(job.id, keep=False),
            "pause": lambda: jobs.pause(job.id),
            "resume": lambda: jobs.resume(job.id),
        }[action]()
    return revision(studio)
