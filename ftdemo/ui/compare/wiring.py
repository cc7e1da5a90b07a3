"""What is wired to what in the tab Compare."""

from typing import Any

import gradio as gr

from ftdemo.studio import Studio
from ftdemo.ui import html, knobs
from ftdemo.ui.chat.actions import buttons
from ftdemo.ui.compare import actions
from ftdemo.ui.compare.look import EMPTY, Keep, Sides
from ftdemo.ui.events import QUIET, at_last, handler
from ftdemo.ui.polling import Changes


def build(studio: Studio, demo: gr.Blocks, changes: Changes, memory: gr.BrowserState) -> None:
    """Add the tab to the page; `memory` keeps the conversation's id in the browser."""
    sides, keep = Sides(studio.settings.max_answer_tokens), Keep()
    asked: knobs.Inputs = {"question": sides.question, "models": sides.models, "memory": memory}
    inputs: set[Any] = {*asked.values(), *sides.generation.values()}
    both = [sides.ask, sides.stop]
    # One question at a time: the next would be asked before this turn is part of the history.
    asking = gr.on([sides.ask.click, sides.question.submit], lambda: buttons(True), None, both, **QUIET)
    answering = asking.then(
        handler(actions.answer, studio, inputs=[asked, sides.generation]),
        inputs, [sides.view, memory, sides.question], **QUIET,
    )  # fmt: skip
    at_last(answering, lambda: buttons(False), both)
    sides.stop.click(handler(actions.cancel, studio), None, None, queue=False, api_visibility="private")
    sides.clear.click(lambda: ({}, html.empty(EMPTY)), None, [memory, sides.view], api_visibility="private")
    demo.load(handler(actions.show, studio), memory, sides.view, **QUIET)
    changes.revision.change(handler(actions.choices, studio), sides.models, sides.models, **QUIET)

    keep.take.click(handler(actions.last_answer, studio), memory, [keep.question, keep.answer], **QUIET)
    keep.keep.click(
        handler(actions.keep, studio), [keep.target, keep.question, keep.answer],
        [keep.told, changes.revision], **QUIET,
    )  # fmt: skip
    changes.revision.change(handler(actions.targets, studio), None, keep.target, **QUIET)
