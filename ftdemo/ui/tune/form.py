"""The left side of the Tune tab: what to learn from, how, and what it would cost."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

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
    """The inputs of a run, for those who fill them: `values` in the order of `components`."""

    components: list[gr.components.Component]
    names: list[str]

    def values(self, job: Job) -> list[Any]:
        """What the inputs show for a job that is to be done again."""
        known = {**TuneSettings().as_dict(), **job.settings}
        top = [job.sample_set_name, job.parent_model or BASE, known["method"]]
        return [*top, *(known[name] for name in self.names)]


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
    start_from = gr.Dropdown([BASE], value=BASE, label="Start from", elem_id="tune-start-from")
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
        inputs = knobs.build(RECIPES[DEFAULT_RECIPE].settings())
    estimate = gr.HTML(html.empty(NOT_YET), elem_id="tune-estimate", padding=False)
    with gr.Row():
        measure = gr.Button("Measure the time", elem_id="tune-measure")
        start = gr.Button("Start tuning", variant="primary", elem_id="tune-start")
    names = list(inputs)
    settings = [samples, start_from, method, *inputs.values()]

    def asked(
        sample_set: str | None, parent: str, chosen: str, *values: object
    ) -> tuple[str, dict[str, Any]]:
        changed: dict[str, Any] = dict(zip(names, values, strict=True))
        return sample_set or "", {"parent": parent, "method": chosen, **changed}

    @shown
    def lists(present: str | None, parent: str | None) -> tuple[dict[str, object], dict[str, object]]:
        sets = [saved.name for saved in studio.samples.all() if saved.train]
        models = studio.models.names()
        value = present if present in sets else (sets[-1] if sets else None)
        return (
            gr.update(choices=sets, value=value),
            gr.update(choices=models, value=parent if parent in models else BASE),
        )

    @shown
    def tell_cost(*values: object) -> str:
        sample_set, changed = asked(*values)  # type: ignore[arg-type]
        if not sample_set:
            return html.empty(NOT_YET)
        try:
            return tuning_html.estimate_card(studio.estimate(sample_set, **changed))
        except UserError as error:  # while somebody types, a toast for each letter would be too much
            return html.empty(str(error))

    @shown
    def measure_cost(*values: object) -> str:
        sample_set, changed = asked(*values)  # type: ignore[arg-type]
        return tuning_html.estimate_card(studio.estimate(sample_set, measure=True, **changed))

    @shown
    def begin(model_name: str, *values: object) -> tuple[int, str, str]:
        sample_set, changed = asked(*values)  # type: ignore[arg-type]
        return studio.tune(model_name, sample_set, **changed).id, "", revision(studio)

    @shown
    def apply_recipe(recipe_name: str, chosen: str) -> list[Any]:
        defaults = RECIPES[recipe_name].settings(chosen)
        return [getattr(defaults, knob) for knob in names]

    changes.revision.change(lists, [samples, start_from], [samples, start_from], **QUIET)
    # `input`, not `change`: filling in a former run's settings must not bring the recipe's back.
    gr.on([recipe.input, method.input], apply_recipe, [recipe, method], list(inputs.values()), **QUIET)
    gr.on(
        [component.change for component in settings],  # type: ignore[attr-defined]
        tell_cost, settings, estimate, trigger_mode="always_last", **QUIET,
    )  # fmt: skip
    measure.click(measure_cost, settings, estimate, api_visibility="private")
    start.click(
        begin, [name, *settings], [shown_job, name, changes.revision], api_visibility="private"
    )  # fmt: skip
    return Form(settings, names)
