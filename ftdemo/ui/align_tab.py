"""Align: what the votes hold, a reward model learned from them, and a model that learns from both."""

from dataclasses import asdict

import gradio as gr

from ftdemo.feedback.training_data import fitting_method
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from ftdemo.ui import align_form, evaluation_html, feedback_html, html, job_view, reward_form, reward_html
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
            gr.Markdown("### 3. A model that answers as people like")
            align_form.build(studio, changes, shown_job)
        with gr.Column(scale=1, min_width=320):
            job_view.build(studio, changes, shown_job, "align", KINDS, NO_JOB, results)
            line = gr.HTML("", elem_id="align-rounds", padding=False)

    @shown
    def show() -> tuple[str, str]:
        _, summary = studio.feedback.training_data()
        line_of_rounds = evaluation_html.rounds([asdict(one) for one in studio.rounds()])
        if not summary.prompts:
            return html.empty(NO_VOTES), line_of_rounds
        fit = fitting_method(summary, bool(studio.reward_models.names()))
        return feedback_html.training_data(summary, fit), line_of_rounds

    gr.on([tab.select, changes.revision.change], show, None, [data, line], **QUIET)


def results(job: Job) -> str:
    """What a job of these kinds tells when it has ended."""
    if job.kind == "reward":
        return reward_html.sheet(job.metrics, job.model_name)
    return evaluation_html.comparison(job.metrics.get("evaluation") or job.metrics)
