"""Tune: choose samples and a method, start a job, watch it, compare it with others."""

import gradio as gr

from ftdemo.store.jobs import TUNE
from ftdemo.studio import Studio
from ftdemo.ui.polling import Changes
from ftdemo.ui.tune import form as tune_form
from ftdemo.ui.tune import job_view, runs

NO_JOB = "No job yet. Choose samples, name the model and press Start: it trains in a process of its own."


def build(studio: Studio, changes: Changes) -> None:
    """Add the tab's components and events."""
    shown_job = gr.State(None)
    with gr.Row():
        with gr.Column(scale=1, min_width=300):
            form = tune_form.build(studio, changes, shown_job)
        with gr.Column(scale=1, min_width=300):
            job_view.build(studio, changes, shown_job, "tune", (TUNE,), NO_JOB)
    runs.build(studio, changes, shown_job, form)
