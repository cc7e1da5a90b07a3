"""Compare: one question, every side's answer at once, each side with its own history."""

from collections.abc import Iterator

import gradio as gr

from ftdemo.chat.room import COMPARE, MAX_SIDES
from ftdemo.engines import GenerationSettings
from ftdemo.knobs import known
from ftdemo.names import BASE
from ftdemo.studio import Studio
from ftdemo.ui import html, knobs
from ftdemo.ui.chat.settings import generation_inputs
from ftdemo.ui.compare import keep_answer
from ftdemo.ui.events import QUIET, at_last, shown
from ftdemo.ui.polling import Changes, paced

EMPTY = "Choose the models, type a question and press Ask: the answers appear side by side."


def build(studio: Studio, demo: gr.Blocks, changes: Changes, memory: gr.BrowserState) -> None:
    """Add the tab's components and events; `memory` keeps the conversation's id in the browser."""
    models = gr.Dropdown(
        [BASE],
        value=[BASE],
        multiselect=True,
        max_choices=MAX_SIDES,
        label="Side by side",
        elem_id="compare-models",
    )
    view = gr.HTML(html.empty(EMPTY), elem_id="compare-view")
    with gr.Row(elem_classes="ft-line"):
        question = gr.Textbox(
            show_label=False,
            placeholder="Ask something",
            scale=6,
            min_width=260,
            max_lines=6,
            elem_id="compare-question",
        )
        ask = gr.Button("Ask", variant="primary", scale=1, min_width=90, elem_id="compare-ask")
        stop = gr.Button("Stop", interactive=False, scale=1, min_width=90, elem_id="compare-stop")
        clear = gr.Button("New conversation", scale=1, min_width=220, elem_id="compare-clear")
    with gr.Accordion("Generation settings (the same for every side)", open=False):
        of_answers = generation_inputs(studio, "compare")

    keep_answer.build(studio, changes, memory)

    @shown
    def answer(
        values: knobs.Values, request: gr.Request
    ) -> Iterator[tuple[object, object, object]]:  # fmt: skip
        known_here = values[memory]
        history = studio.chat.turns(known_here.get("conversation"))
        growing = studio.chat.compare(
            values[question],
            values[models],
            GenerationSettings(**known(knobs.given(of_answers, values), GenerationSettings)),
            known_here["conversation"] if history else None,
            session=str(request.session_hash),
        )
        for turn in paced(growing):
            yield html.turns([*history, turn]), {"conversation": turn.conversation_id}, ""

    def buttons(answering: bool) -> tuple[dict[str, object], dict[str, object]]:
        return gr.update(interactive=not answering), gr.update(interactive=answering)

    @shown
    def cancel(request: gr.Request) -> None:
        studio.cancel(str(request.session_hash), COMPARE)

    @shown
    def show(known: dict[str, int]) -> str:
        history = studio.chat.turns(known.get("conversation"))
        return html.turns(history) if history else html.empty(EMPTY)

    @shown
    def choices(present: list[str]) -> dict[str, object]:
        names = studio.models.names()
        kept = [name for name in present if name in names] or [BASE]
        # The newest model joins by itself while nothing was chosen yet.
        value = [BASE, names[-1]] if kept == [BASE] and len(names) > 1 else kept
        return gr.update(choices=names, value=value)

    inputs = {question, models, memory, *of_answers.values()}
    # One question at a time: the next would be asked before this turn is part of the history.
    asking = gr.on([ask.click, question.submit], lambda: buttons(True), None, [ask, stop], **QUIET)
    answering = asking.then(answer, inputs, [view, memory, question], **QUIET)
    at_last(answering, lambda: buttons(False), [ask, stop])
    stop.click(cancel, None, None, queue=False, api_visibility="private")
    clear.click(lambda: ({}, html.empty(EMPTY)), None, [memory, view], api_visibility="private")
    demo.load(show, memory, view, **QUIET)
    changes.revision.change(choices, models, models, **QUIET)
