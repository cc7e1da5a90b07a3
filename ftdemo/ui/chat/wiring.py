"""What is wired to what in the tab Chat & vote."""

from typing import Any

import gradio as gr

from ftdemo.studio import Studio
from ftdemo.ui import knobs
from ftdemo.ui.chat import actions
from ftdemo.ui.chat.look import TWO, Conversation, Wanted
from ftdemo.ui.events import QUIET, at_last, handler
from ftdemo.ui.polling import Changes

AT_ONCE: Any = {**QUIET, "queue": False}
"""For what does not wait for anything that is being generated, such as a vote."""


def build(studio: Studio, demo: gr.Blocks, changes: Changes, memory: gr.BrowserState) -> knobs.Inputs:
    """Add the tab to the page; `memory` keeps the conversation and the voter in the browser.

    Returns:
        The inputs that say who answers, by name, for other tabs to set.
    """
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            chat = Conversation()
        with gr.Column(scale=1, min_width=280):
            wanted = Wanted(studio.settings.max_answer_tokens)
    _wire_wanted(studio, changes, wanted)
    _wire_asking(studio, memory, chat, wanted)
    _wire_votes(studio, memory, chat, wanted)
    seen = [memory, wanted.reward]
    wanted.reward.change(handler(actions.score, studio), seen, chat.view, **QUIET)
    demo.load(handler(actions.show, studio), seen, [memory, chat.view], **QUIET)
    return wanted.asked


def _wire_wanted(studio: Studio, changes: Changes, wanted: Wanted) -> None:
    lists = [wanted.model, wanted.against, wanted.reward]
    changes.revision.change(handler(actions.choices, studio), lists, lists, **QUIET)
    wanted.count.change(lambda count: gr.update(visible=count == TWO), wanted.count, wanted.against, **QUIET)
    wanted.reward.change(
        lambda name: gr.update(visible=bool(name), value=1), wanted.reward, wanted.tries, **QUIET
    )


def _wire_asking(studio: Studio, memory: gr.BrowserState, chat: Conversation, wanted: Wanted) -> None:
    outputs = [chat.view, chat.now, memory, chat.question, chat.editing]
    both = [chat.ask, chat.stop]
    known: knobs.Inputs = {"memory": memory}
    typed: knobs.Inputs = {"question": chat.question, "editing": chat.editing}
    for triggers, action, own in (
        ([chat.ask.click, chat.question.submit], actions.answer, known | typed),
        ([chat.view.retry], actions.again, known),
    ):
        groups = [own, wanted.asked, wanted.generation]
        inputs: set[Any] = {field for group in groups for field in group.values()}
        asking = gr.on(triggers, lambda: actions.buttons(True), None, both, **QUIET)
        answering = asking.then(handler(action, studio, inputs=groups), inputs, outputs, **QUIET)
        at_last(answering, lambda: actions.buttons(False), both)
    chat.stop.click(handler(actions.cancel, studio), None, None, queue=False, api_visibility="private")


def _wire_votes(studio: Studio, memory: gr.BrowserState, chat: Conversation, wanted: Wanted) -> None:
    why, seen = chat.why, [memory, wanted.reward]
    filling: Any = {
        "fn": handler(actions.fill, studio),
        "inputs": [why.message, memory],
        "outputs": [why.group, why.about, why.reasons, why.comment, why.better, why.sample],
        **AT_ONCE,
    }
    labelling: Any = {"fn": actions.label, "inputs": chat.editing, "outputs": chat.ask, **AT_ONCE}
    chat.clear.click(
        actions.new, memory, [memory, chat.view, chat.now, chat.question, chat.editing, why.message], **QUIET
    ).then(**labelling).then(**filling)
    chat.view.undo(handler(actions.take_back, studio), seen, [chat.view, chat.question], **AT_ONCE)
    chat.view.select(handler(actions.choose, studio), seen, chat.view, **AT_ONCE)
    chat.view.like(handler(actions.vote, studio), seen, [chat.view, why.message], **AT_ONCE).then(**filling)
    chat.view.edit(
        handler(actions.edit, studio), memory, [chat.question, chat.editing, why.message], **AT_ONCE
    ).then(**filling).then(**labelling)
    said = [why.message, why.reasons, why.comment, why.better, why.sample, memory]
    kept = gr.on([why.save.click], handler(actions.explain, studio), said, why.message, **AT_ONCE)
    kept.then(**filling).then(handler(actions.redraw, studio), seen, chat.view, **AT_ONCE)
    why.close.click(lambda: gr.update(visible=False), None, why.group, **AT_ONCE)
