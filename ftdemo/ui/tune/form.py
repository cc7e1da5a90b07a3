"""The left side of the Tune tab: what to learn from, how, and what it would cost."""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from ftdemo.errors import UserError
from ftdemo.names import BASE
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from ftdemo.tuning.methods import METHODS, unavailable
from ftdemo.tuning.recipes import DEFAULT_RECIPE, RECIPES
from ftdemo.tuning.settings import TuneSettings
from ftdemo.ui import html, knobs
from ftdemo.ui.events import QUIET, shown
from ftdemo.ui.polling import Changes, revision
from ftdemo.ui.tune import html as tuning_html

NOT_YET = "Choose samples to see what a run would cost."


@dataclass(frozen=True)
class Form:
    """The inputs of a run by name, for those who fill them."""

    inputs: knobs.Inputs

    def filled(self, job: Job) -> dict[Component, Any]:
        """What the inputs show for a job that is to be done again."""
        known = {**TuneSettings().as_dict(), **job.settings}
        known |= {"samples": job.sample_set_name, "parent": job.parent_model or BASE}
        return {field: known[name] for name, field in self.inputs.items()}


def build(studio: Studio, changes: Changes, shown_job: gr.State) -> Form:
    """Add the form to the page; a job that is started becomes the shown one."""
    methods = [(info.title, info.name) for info in METHODS.values() if unavailable(info.name) is None]
    samples = gr.Dropdown([], label="Samples to learn from", elem_id="tune-samples")
    name = gr.Textbox(
        label="Name of the tuned model",
        placeholder="for example: my-model",
        max_lines=1,
        elem_id="tune-name",
    )
    parent = gr.Dropdown([BASE], value=BASE, label="Start from", elem_id="tune-parent")
    method = gr.Radio(methods, value="lora", label="Method", elem_id="tune-method")
    if reasons := tuning_html.unavailable_methods():
        gr.HTML(reasons, elem_id="tune-unavailable", padding=False)
    with gr.Accordion("Which method when?", open=False):
        gr.HTML(tuning_html.methods(), elem_id="tune-methods", padding=False)
    recipe = gr.Radio(
        [(f"{r.name}: {r.when}", r.name) for r in RECIPES.values()],
        value=DEFAULT_RECIPE, label="Recipe", elem_id="tune-recipe",
    )  # fmt: skip
    with gr.Accordion("Advanced", open=False, elem_id="tune-advanced"):
        of_recipe = knobs.build(
            "tune", TuneSettings, values=RECIPES[DEFAULT_RECIPE].settings().as_dict(), leave_out=("method",)
        )
        knobs.explain(TuneSettings, leave_out=("method",))
    estimate = gr.HTML(html.empty(NOT_YET), elem_id="tune-estimate", padding=False)
    with gr.Row():
        measure = gr.Button("Measure the time", elem_id="tune-measure")
        start = gr.Button("Start tuning", variant="primary", elem_id="tune-start")
    form = Form({"samples": samples, "parent": parent, "method": method, **of_recipe})

    def asked(values: knobs.Values) -> tuple[str, dict[str, Any]]:
        """The sample set, and everything else of the run by name."""
        changes = knobs.given(form.inputs, values)
        return changes.pop("samples") or "", changes

    @shown
    def lists(present: str | None, continued: str | None) -> tuple[dict[str, object], dict[str, object]]:
        sets = [saved.name for saved in studio.samples.all() if saved.train]
        models = studio.models.names()
        value = present if present in sets else (sets[-1] if sets else None)
        return (
            gr.update(choices=sets, value=value),
            gr.update(choices=models, value=continued if continued in models else BASE),
        )

    @shown
    def tell_cost(values: knobs.Values) -> str:
        sample_set, changed = asked(values)
        if not sample_set:
            return html.empty(NOT_YET)
        try:
            return tuning_html.estimate_card(studio.estimate(sample_set, **changed))
        except UserError as error:  # while somebody types, a toast for each letter would be too much
            return html.empty(str(error))

    @shown
    def measure_cost(values: knobs.Values) -> str:
        sample_set, changed = asked(values)
        return tuning_html.estimate_card(studio.estimate(sample_set, measure=True, **changed))

    @shown
    def begin(values: knobs.Values) -> tuple[int, str, str]:
        sample_set, changed = asked(values)
        return studio.tune(values[name], sample_set, **changed).id, "", revision(studio)

    @shown
    def apply_recipe(recipe_name: str, chosen: str) -> dict[Component, Any]:
        defaults = RECIPES[recipe_name].settings(chosen)
        return {field: getattr(defaults, knob) for knob, field in of_recipe.items()}

    everything: set[Any] = set(form.inputs.values())
    changes.revision.change(lists, [samples, parent], [samples, parent], **QUIET)
    # `input`, not `change`: filling in a former run's settings must not bring the recipe's back.
    gr.on([recipe.input, method.input], apply_recipe, [recipe, method], list(of_recipe.values()), **QUIET)
    gr.on(
        [component.change for component in everything],
        tell_cost, everything, estimate, trigger_mode="always_last", **QUIET,
    )  # fmt: skip
    measure.click(measure_cost, everything, estimate, api_visibility="private")
    start.click(
        begin, {name, *everything}, [shown_job, name, changes.revision], api_visibility="private"
    )  # fmt: skip
    return form
