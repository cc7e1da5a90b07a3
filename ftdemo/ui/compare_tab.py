"""Compare: one question, every side's answer at once, each side with its own history."""

import time
from collections.abc import Iterator

import gradio as gr

from ftdemo.engines import GenerationSettings
from ftdemo.engines.comparison import MAX_SIDES, Turn
from ftdemo.names import BASE
from ftdemo.studio import Studio
from ftdemo.ui import html
from ftdemo.ui.events import QUIET, shown
from ftdemo.ui.polling import Changes

EMPTY = "Choose the models, type a question and press Ask: the answers appear side by side."
REDRAW_S = 0.2
"""Seconds between two drawings of growing answers: the browser draws with the same cores that generate."""


def build(studio: Studio, demo: gr.Blocks, changes: Changes) -> None:
    """Add the tab's components and events."""
    models = gr.Dropdown(
        [BASE],
        value=[BASE],
        multiselect=True,
        max_choices=MAX_SIDES,
        label="Side by side",
        elem_id="compare-models",
    )
    conversation_id = gr.BrowserState(None, storage_key="ftdemo-compare", secret="ftdemo")
    view = gr.HTML(html.empty(EMPTY), elem_id="compare-view")
    with gr.Row():
        question = gr.Textbox(
            show_label=False, placeholder="Ask something", scale=6, max_lines=6, elem_id="compare-question"
        )
        ask = gr.Button("Ask", variant="primary", scale=1, min_width=90, elem_id="compare-ask")
        stop = gr.Button("Stop", scale=1, min_width=90, elem_id="compare-stop")
        clear = gr.Button("New conversation", scale=1, min_width=90, elem_id="compare-clear")
    with gr.Accordion("Generation settings (the same for every side)", open=False), gr.Row():
        most = studio.settings.max_answer_tokens
        max_new_tokens = gr.Slider(1, most, value=min(160, most), step=1, label="Most new tokens")
        temperature = gr.Slider(0, 2, value=0, step=0.05, label="Temperature (0: always the likeliest token)")
        top_p = gr.Slider(0.05, 1, value=1, step=0.05, label="Top-p")
        seed = gr.Number(0, label="Seed", precision=0)

    @shown
    def answer(
        text: str, sides: list[str], tokens: int, heat: float, nucleus: float, start: int,
        known: int | None, request: gr.Request,
    ) -> Iterator[tuple[object, object, object]]:  # fmt: skip
        history = studio.conversation(known)
        generation = GenerationSettings(int(tokens), heat, nucleus, int(start))
        growing = studio.compare(
            text, sides, generation, known if history else None, session=str(request.session_hash)
        )
        for turn in paced(growing):
            yield html.turns([*history, turn]), turn.conversation_id, ""

    @shown
    def cancel(request: gr.Request) -> None:
        studio.cancel(str(request.session_hash))

    @shown
    def show(known: int | None) -> str:
        history = studio.conversation(known)
        return html.turns(history) if history else html.empty(EMPTY)

    @shown
    def choices(present: list[str]) -> dict[str, object]:
        names = studio.models.names()
        kept = [name for name in present if name in names] or [BASE]
        # The newest model joins by itself while nothing was chosen yet.
        value = [BASE, names[-1]] if kept == [BASE] and len(names) > 1 else kept
        return gr.update(choices=names, value=value)

    inputs = [question, models, max_new_tokens, temperature, top_p, seed, conversation_id]
    gr.on(
        [ask.click, question.submit], answer, inputs, [view, conversation_id, question],
        **QUIET,
    )  # fmt: skip
    stop.click(cancel, None, None, queue=False, api_visibility="private")
    clear.click(lambda: (None, html.empty(EMPTY)), None, [conversation_id, view], api_visibility="private")
    demo.load(show, conversation_id, view, **QUIET)
    changes.revision.change(choices, models, models, **QUIET)


def paced(turns: Iterator[Turn]) -> Iterator[Turn]:
    """Pass on a growing turn a few times a second, and its end always."""
    drawn = 0.0
    last = None
    for last in turns:
        if time.monotonic() - drawn >= REDRAW_S:
            drawn = time.monotonic()
            yield last
    if last is not None:
        yield last
