"""What is wired to what in the tab Feedback."""

from typing import Any

import gradio as gr

from ftdemo.studio import Studio
from ftdemo.ui.events import QUIET, handler
from ftdemo.ui.feedback import actions
from ftdemo.ui.feedback.look import Look


def build(studio: Studio, tab: gr.Tab) -> None:
    """Add the tab to the page; the lists are read when the tab is opened."""
    look = Look()
    show, filters = handler(actions.show, studio), [look.text, look.model, look.vote, look.since]
    listed = [look.summary, look.model, look.heading, look.table, look.page]
    opened = [look.answer, look.details, look.edit, look.voter, look.thumb, look.comment, look.better]
    again: Any = {"fn": show, "inputs": [*filters, look.page], "outputs": listed, **QUIET}
    # A filter that is set while the list still comes must not be lost.
    gr.on(
        [tab.select, look.text.submit, look.model.input, look.vote.input, look.since.submit],
        show, filters, listed, trigger_mode="always_last", **QUIET,
    )  # fmt: skip
    look.refresh.click(**again)
    for button, step in ((look.back, -1), (look.forward, 1)):
        button.click(lambda *seen, step=step: show(*seen, step), [*filters, look.page], listed, **QUIET)
    look.table.select(handler(actions.choose, studio), None, opened, **QUIET)
    look.voter.input(
        handler(actions.said_by, studio), [look.answer, look.voter], [look.thumb, look.comment, look.better],
        **QUIET,
    )  # fmt: skip
    said = [look.answer, look.voter, look.thumb, look.comment, look.better]
    look.save.click(handler(actions.save, studio), said, opened, **QUIET).success(**again)
    look.remove.click(
        handler(actions.delete, studio), look.answer, [look.answer, look.details, look.edit], **QUIET
    ).success(**again)
    look.export.click(
        handler(actions.download, studio), [*filters, look.form, look.ending], look.exported,
        api_visibility="private",
    ).success(None, None, None, js="() => document.querySelector('#feedback-exported').click()")  # fmt: skip
    look.incoming.upload(handler(actions.bring, studio), look.incoming, look.imported, **QUIET).success(
        **again
    )
