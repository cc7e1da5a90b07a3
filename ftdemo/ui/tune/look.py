"""What the tab Tune looks like: the form, the job beside it, and below them every run there was."""

import gradio as gr

from ftdemo.names import BASE
from ftdemo.tuning.methods import METHODS, unavailable
from ftdemo.tuning.recipes import DEFAULT_RECIPE, RECIPES
from ftdemo.tuning.settings import TuneSettings
from ftdemo.ui import html, knobs
from ftdemo.ui.job import plots
from ftdemo.ui.tune import html as tuning_html

NO_JOB = "No job yet. Choose samples, name the model and press Start: it trains in a process of its own."
NOT_YET = "Choose samples to see what a run would cost."
NOTHING_CHOSEN = (
    "Choose two or more jobs to see their held-out loss in one plot and what differs between them."
)
JOB_COLUMNS = ["Job", "Model", "Method", "Samples", "Status", "Steps", "Held-out loss", "Started"]


class Form:
    """What to learn from, how, and what it would cost, added to the page.

    `inputs` are those that a run is made of, by name; `knobs` those among them that a recipe sets.
    """

    def __init__(self) -> None:
        methods = [(info.title, info.name) for info in METHODS.values() if unavailable(info.name) is None]
        self.samples = gr.Dropdown([], label="Samples to learn from", elem_id="tune-samples")
        self.name = gr.Textbox(
            label="Name of the tuned model", placeholder="for example: my-model", max_lines=1,
            elem_id="tune-name",
        )  # fmt: skip
        self.parent = gr.Dropdown([BASE], value=BASE, label="Start from", elem_id="tune-parent")
        self.method = gr.Radio(methods, value="lora", label="Method", elem_id="tune-method")
        if reasons := tuning_html.unavailable_methods():
            gr.HTML(reasons, elem_id="tune-unavailable", padding=False)
        with gr.Accordion("Which method when?", open=False):
            gr.HTML(tuning_html.methods(), elem_id="tune-methods", padding=False)
        self.recipe = gr.Radio(
            [(f"{r.name}: {r.when}", r.name) for r in RECIPES.values()],
            value=DEFAULT_RECIPE, label="Recipe", elem_id="tune-recipe",
        )  # fmt: skip
        with gr.Accordion("Advanced", open=False, elem_id="tune-advanced"):
            self.knobs = knobs.build(
                "tune", TuneSettings, values=RECIPES[DEFAULT_RECIPE].settings().as_dict(),
                leave_out=("method",),
            )  # fmt: skip
            knobs.explain(TuneSettings, leave_out=("method",))
        self.estimate = gr.HTML(html.empty(NOT_YET), elem_id="tune-estimate", padding=False)
        with gr.Row():
            self.measure = gr.Button("Measure the time", elem_id="tune-measure")
            self.start = gr.Button("Start tuning", variant="primary", elem_id="tune-start")
        self.inputs: knobs.Inputs = {
            "samples": self.samples, "parent": self.parent, "method": self.method, **self.knobs,
        }  # fmt: skip


class Runs:
    """Every run: one to be done again or removed, several to be compared; added to the page."""

    def __init__(self) -> None:
        self.table = gr.Dataframe(
            headers=JOB_COLUMNS, interactive=False, label="Jobs (click one to see its curves)",
            elem_id="tune-jobs",
        )  # fmt: skip
        with gr.Row():
            self.again = gr.Button("Use this job's settings", size="sm", elem_id="tune-again")
            self.remove = gr.Button("Remove this job", size="sm", elem_id="tune-remove")
        with gr.Accordion("Compare runs", open=False, elem_id="tune-compare"):
            self.chosen = gr.Dropdown(
                [], multiselect=True, max_choices=len(plots.RUN_COLOURS), label="Jobs",
                elem_id="tune-compare-jobs",
            )  # fmt: skip
            self.plot = gr.LinePlot(
                value=plots.table([], plots.RUN_COLOURS), x="step", y="value", color="curve", height=260,
                visible=False, x_title="optimizer step", y_title="held-out loss (nats a token)",
                color_title=" ", color_map=plots.RUN_COLOURS, elem_id="tune-compare-plot",
            )  # fmt: skip
            self.told = gr.HTML(html.empty(NOTHING_CHOSEN), elem_id="tune-differences", padding=False)
