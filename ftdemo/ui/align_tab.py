"""Align: what the votes hold, a reward model learned from them, and a model that learns from both."""

import gradio as gr

from ftdemo.feedback.training_data import fitting_method
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from ftdemo.ui import feedback_html, html, job_view, reward_form, reward_html
from ftdemo.ui.events import QUIET, shown
from ftdemo.ui.polling import Changes

NO_VOTES = "No votes yet. Give some answers a thumb in the tab Chat & vote, or choose between two."
NO_JOB = "No job yet. Train a reward model on the votes: it runs in a process of its own."
KINDS = ("reward", "align", "evaluate")


def build(studio: Studio, changes: Changes, tab: gr.Tab) -> None:
    """Add the tab's components and events; what there is to learn from is read when the tab is opened."""
    shown_job = gr.State(None)
    with gr.Row():
        with gr.Column(scale=1, min_width=320):
            gr.Markdown("### 1. What people said")
            data = gr.HTML(html.empty(NO_VOTES), elem_id="align-data", padding=False)
            gr.Markdown("### 2. A reward model: how much would people like an answer?")
            reward_form.build(studio, changes, shown_job)
        with gr.Column(scale=1, min_width=320):
            job_view.build(studio, changes, shown_job, "align", KINDS, NO_JOB, results)

    @shown
    def show() -> str:
        _, summary = studio.feedback.training_data()
        if not summary.prompts:
            return html.empty(NO_VOTES)
        fit = fitting_method(summary, bool(studio.reward_models.names()))
        return feedback_html.training_data(summary, fit)

    gr.on([tab.select, changes.revision.change], show, None, data, **QUIET)


def results(job: Job) -> str:
    """What a job of these kinds tells when it has ended."""
    return reward_html.sheet(job.metrics, job.model_name) if job.kind == "reward" else ""
