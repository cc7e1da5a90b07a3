"""What a job looks like while it runs and when it has ended: card, curves, answers, sheet and log."""

from typing import Literal

import gradio as gr

from ftdemo.jobs import curves
from ftdemo.ui import html
from ftdemo.ui.job import plots


class Look:
    """The view's components, added to the page.

    Args:
        prefix: begins the ids of its elements.
        nothing: what to say while there is no job.
    """

    def __init__(self, prefix: str, nothing: str) -> None:
        self.card = gr.HTML(html.empty(nothing), elem_id=f"{prefix}-job")
        with gr.Row():
            self.stop_keep = _button("Stop and keep", f"{prefix}-stop")
            self.pause = _button("Pause", f"{prefix}-pause")
            self.resume = _button("Resume", f"{prefix}-resume")
            self.stop_discard = _button("Stop and discard", f"{prefix}-discard", "stop")
        self.measure = gr.Dropdown(
            list(curves.MEASURES), value="loss", label="Curve", elem_id=f"{prefix}-measure-shown"
        )
        self.plot = gr.LinePlot(
            value=plots.table([], plots.COLOURS), x="step", y="value", color="curve", height=240,
            x_title="optimizer step", y_title="loss (nats a token)", color_title=" ",
            color_map=plots.COLOURS, elem_id=f"{prefix}-plot",
        )  # fmt: skip
        self.result = gr.HTML("", elem_id=f"{prefix}-result", padding=False)
        self.answers = gr.HTML("", elem_id=f"{prefix}-answers", padding=False)
        with gr.Accordion("Run sheet", open=False, elem_id=f"{prefix}-sheet"):
            self.sheet = gr.HTML("", padding=False)
        with gr.Accordion("Log of the worker", open=False, elem_id=f"{prefix}-log"):
            self.log = gr.Textbox(show_label=False, container=False, lines=8, max_lines=16, interactive=False)


def _button(label: str, elem_id: str, variant: Literal["secondary", "stop"] = "secondary") -> gr.Button:
    return gr.Button(
        label, size="sm", min_width=90, variant=variant, interactive=False, elem_id=elem_id
    )  # fmt: skip
