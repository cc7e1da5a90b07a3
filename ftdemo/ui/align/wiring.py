"""What is wired to what in the tab Align."""

from typing import Any

import gradio as gr

from ftdemo.store.jobs import ALIGN, EVALUATE, REWARD
from ftdemo.studio import Studio
from ftdemo.ui import knobs
from ftdemo.ui.align import actions
from ftdemo.ui.align.look import NO_JOB, TYPED, AlignForm, RewardForm, Rounds, Votes
from ftdemo.ui.events import QUIET, handler
from ftdemo.ui.job import wiring as job
from ftdemo.ui.job.actions import Shown
from ftdemo.ui.polling import Changes

SHOWN = Shown((REWARD, ALIGN, EVALUATE), NO_JOB, actions.results)


def build(studio: Studio, changes: Changes, tab: gr.Tab, tabs: gr.Tabs, chat: knobs.Inputs) -> None:
    """Add the tab to the page; what there is to learn from is read when the tab is opened.

    Args:
        studio: the app.
        changes: what the page listens to.
        tab: this tab.
        tabs: all of them.
        chat: the inputs of the tab where people choose between two models, by name.
    """
    shown_job = gr.State(None)
    with gr.Row():
        with gr.Column(scale=1, min_width=320):
            votes, reward, form = Votes(), RewardForm(), AlignForm()
        with gr.Column(scale=1, min_width=320):
            job.build(studio, changes, shown_job, "align", SHOWN)
            rounds = Rounds()
    gr.on(
        [tab.select, changes.revision.change], handler(actions.show, studio),
        None, [votes.data, rounds.line, rounds.offer], **QUIET,
    )  # fmt: skip
    rounds.offer.click(
        handler(actions.to_chat, studio, outputs=[{"tabs": tabs}, chat]),
        None,
        [tabs, *chat.values()],
        **QUIET,
    )
    _wire_reward(studio, changes, shown_job, reward)
    _wire_form(studio, changes, shown_job, form)


def _wire_reward(studio: Studio, changes: Changes, shown_job: gr.State, form: RewardForm) -> None:
    groups: list[knobs.Inputs] = [{"name": form.name}, form.knobs]
    form.train.click(
        handler(actions.train_reward_model, studio, inputs=groups), {form.name, *form.knobs.values()},
        [shown_job, form.name, changes.revision], api_visibility="private",
    )  # fmt: skip
    changes.revision.change(
        handler(actions.reward_choices, studio), form.chosen, [form.chosen, form.knobs["models"]], **QUIET
    )
    form.chosen.change(
        handler(actions.show_reward_model, studio), form.chosen, [form.sheet, form.remove], **QUIET
    )
    form.remove.click(handler(actions.remove_reward_model, studio), form.chosen, changes.revision, **QUIET)


def _wire_form(studio: Studio, changes: Changes, shown_job: gr.State, form: AlignForm) -> None:
    lists = [form.parent, form.reward, form.watched, form.source]
    changes.revision.change(
        handler(actions.choices, studio), lists, [*lists, form.of_votes["models"]], **QUIET
    )
    fitted = [form.blocks, form.of_votes, form.of_policy]
    form.method.change(
        handler(actions.fitting, outputs=fitted), form.method,
        [field for group in fitted for field in group.values()], **QUIET,
    )  # fmt: skip
    form.source.change(lambda source: gr.update(visible=source == TYPED), form.source, form.typed, **QUIET)
    groups = [form.asked, form.of_all, form.of_votes, form.of_policy]
    inputs: set[Any] = {field for group in groups for field in group.values()}
    form.begin.click(
        handler(actions.start, studio, inputs=groups), inputs, [shown_job, form.name, changes.revision],
        api_visibility="private",
    )  # fmt: skip
