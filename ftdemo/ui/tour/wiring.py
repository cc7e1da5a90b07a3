"""What is wired to what in the guided tour."""

import gradio as gr

from ftdemo.studio import Studio
from ftdemo.ui.events import QUIET, handler
from ftdemo.ui.polling import Changes
from ftdemo.ui.tour import actions
from ftdemo.ui.tour.look import Look


def build(studio: Studio, demo: gr.Blocks, changes: Changes, progress: gr.BrowserState) -> None:
    """Add the tab to the page; `progress` keeps ids of what was done in the browser."""
    look = Look()
    for step, action, outputs in (
        ("before", actions.ask_base, [look.before, progress]),
        ("samples", actions.load, [look.samples, progress, changes.revision]),
        ("job", actions.tune, [look.job, progress, changes.revision]),
        ("after", actions.ask_tuned, [look.after, progress]),
    ):
        look.buttons[step].click(handler(action, studio), progress, outputs, **QUIET)
    look.ask_unrelated.click(
        handler(actions.ask_unrelated, studio), [look.question, progress], [look.unrelated, progress], **QUIET
    )
    changes.job_mark.change(handler(actions.job_moved, studio), progress, look.job, **QUIET)
    progress.change(handler(actions.point_to_next), progress, list(look.buttons.values()), **QUIET)
    seen = [look.before, look.after, look.samples, look.job, look.unrelated, progress]
    demo.load(handler(actions.restore, studio), progress, seen, **QUIET)
