"""Align: what the votes hold, a reward model learned from them, and a model that learns from both."""

from typing import Any

import gradio as gr

from ftdemo.aligning.figures import AlignFigures
from ftdemo.evaluation.figures import EvaluationFigures
from ftdemo.feedback.training_data import fitting_method
from ftdemo.rewards.figures import RewardFigures
from ftdemo.store.jobs import ALIGN, EVALUATE, REWARD, Job
from ftdemo.studio import Studio
from ftdemo.ui import html
from ftdemo.ui.align import evaluation_html, reward_form, reward_html
from ftdemo.ui.align import form as align_form
from ftdemo.ui.chat import settings as chat_settings
from ftdemo.ui.events import QUIET, shown
from ftdemo.ui.feedback import html as feedback_html
from ftdemo.ui.polling import Changes
from ftdemo.ui.tune import job_view

NO_VOTES = "No votes yet. Give some answers a thumb in the tab Chat & vote, or choose between two."
NO_JOB = "No job yet. Train a reward model on the votes: it runs in a process of its own."
KINDS = (REWARD, ALIGN, EVALUATE)


def build(studio: Studio, changes: Changes, tab: gr.Tab, tabs: gr.Tabs, chat: chat_settings.Wanted) -> None:
    """Add the tab's components and events; what there is to learn from is read when the tab is opened.

    Args:
        studio: the app.
        changes: what the page listens to.
        tab: this tab.
        tabs: all of them.
        chat: the inputs of the tab where people choose between two models.
    """
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
            offer = gr.Button(visible=False, elem_id="align-offer")

    @shown
    def show() -> tuple[str, str, object]:
        _, summary = studio.feedback.training_data()
        rounds = studio.rounds()
        drawn = evaluation_html.rounds(rounds)
        asked = gr.update(visible=bool(rounds))
        if rounds:
            asked["value"] = f"Let people choose, blind: {rounds[-1].model} or {rounds[-1].parent}"
        if not summary.prompts:
            return html.empty(NO_VOTES), drawn, asked
        fit = fitting_method(summary, bool(studio.reward_models.names()))
        return feedback_html.training_data(summary, fit), drawn, asked

    @shown
    def to_chat() -> dict[Any, object]:
        last = studio.rounds()[-1]
        return {tabs: gr.Tabs(selected="chat"), **chat.duel(last.parent, last.model)}

    gr.on([tab.select, changes.revision.change], show, None, [data, line, offer], **QUIET)
    offer.click(to_chat, None, [tabs, *chat.components], **QUIET)


def results(job: Job) -> str:
    """What a job of these kinds tells when it has ended."""
    if job.kind == REWARD:
        return reward_html.sheet(RewardFigures.of(job), job.model_name)
    compared = EvaluationFigures.of(job) if job.kind == EVALUATE else AlignFigures.of(job).evaluation
    return evaluation_html.comparison(compared) if compared else ""
