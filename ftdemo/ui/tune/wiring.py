"""What is wired to what in the tab Tune."""

from typing import Any

import gradio as gr

from ftdemo.store.jobs import TUNE
from ftdemo.studio import Studio
from ftdemo.ui.events import QUIET, handler
from ftdemo.ui.job import wiring as job
from ftdemo.ui.job.actions import Shown
from ftdemo.ui.polling import Changes
from ftdemo.ui.tune import actions
from ftdemo.ui.tune.look import NO_JOB, Form, Runs


def build(studio: Studio, changes: Changes) -> None:
    """Add the tab to the page."""
    shown_job = gr.State(None)
    with gr.Row():
        with gr.Column(scale=1, min_width=300):
            form = Form()
        with gr.Column(scale=1, min_width=300):
            job.build(studio, changes, shown_job, "tune", Shown((TUNE,), NO_JOB))
    runs = Runs()

    lists = [form.samples, form.parent]
    changes.revision.change(handler(actions.lists, studio), lists, lists, **QUIET)
    # `input`, not `change`: filling in a former run's settings must not bring the recipe's back.
    gr.on(
        [form.recipe.input, form.method.input], handler(actions.apply_recipe, outputs=[form.knobs]),
        [form.recipe, form.method], list(form.knobs.values()), **QUIET,
    )  # fmt: skip
    everything: set[Any] = set(form.inputs.values())
    gr.on(
        [component.change for component in everything],
        handler(actions.tell_cost, studio, inputs=[form.inputs]),
        everything, form.estimate, trigger_mode="always_last", **QUIET,
    )  # fmt: skip
    form.measure.click(
        handler(actions.measure_cost, studio, inputs=[form.inputs]),
        everything, form.estimate, api_visibility="private",
    )  # fmt: skip
    form.start.click(
        handler(actions.begin, studio, inputs=[{"name": form.name, **form.inputs}]),
        {form.name, *everything}, [shown_job, form.name, changes.revision], api_visibility="private",
    )  # fmt: skip

    changes.revision.change(handler(actions.list_runs, studio), None, [runs.table, runs.chosen], **QUIET)
    runs.table.select(handler(actions.choose), None, shown_job, **QUIET)
    runs.again.click(
        handler(actions.use, studio, outputs=[form.inputs]), shown_job, list(form.inputs.values()), **QUIET
    )
    runs.remove.click(handler(actions.remove, studio), shown_job, [shown_job, changes.revision], **QUIET)
    runs.chosen.change(handler(actions.compare, studio), runs.chosen, [runs.plot, runs.told], **QUIET)
