"""What is wired to what where a job is shown."""

import gradio as gr

from ftdemo.studio import Studio
from ftdemo.ui.events import QUIET, handler
from ftdemo.ui.job import actions
from ftdemo.ui.job.actions import Shown
from ftdemo.ui.job.look import Look
from ftdemo.ui.polling import Changes


def build(studio: Studio, changes: Changes, shown_job: gr.State, prefix: str, view: Shown) -> None:
    """Add the view of a job to the page.

    Args:
        studio: the app.
        changes: what the page listens to.
        shown_job: the number of the job that is shown, or None for the latest.
        prefix: begins the ids of its elements.
        view: which jobs are shown, and how.
    """
    look = Look(prefix, view.nothing)
    gr.on(
        [changes.job_mark.change, changes.revision.change, shown_job.change, look.measure.input],
        handler(actions.show, studio, view),
        [shown_job, look.measure],
        [
            look.card, look.plot, look.measure, look.stop_keep, look.pause, look.resume, look.stop_discard,
            look.result, look.answers, look.sheet, look.log,
        ],
        trigger_mode="always_last", **QUIET,
    )  # fmt: skip
    for button, action in (
        (look.stop_keep, "keep"), (look.stop_discard, "discard"), (look.pause, "pause"),
        (look.resume, "resume"),
    ):  # fmt: skip
        button.click(handler(actions.do, studio, view, action), shown_job, changes.revision, **QUIET)
