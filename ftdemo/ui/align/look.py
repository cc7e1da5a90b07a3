"""What the tab Align looks like: what people said, the forms of its two jobs, and the rounds so far."""

import gradio as gr

from ftdemo.aligning.ppo.settings import PpoSettings
from ftdemo.aligning.preference.settings import PreferenceSettings
from ftdemo.aligning.settings import METHODS, AlignSettings, align_settings
from ftdemo.knobs import names
from ftdemo.names import BASE
from ftdemo.rewards.settings import RewardSettings
from ftdemo.ui import html, knobs
from ftdemo.ui.choices import NONE

VOTED, TYPED = "those that people voted on", "typed below"
APART = ("questions", "held_out_reward")
"""What of an alignment has an input of its own kind."""
WHEN_SCORED, WHEN_VOTED = ("practice", "for_policy", "policy_told"), ("for_votes", "votes_told")
"""Blocks of the form that belong to methods that learn from a reward model, or from votes."""
NO_VOTES = "No votes yet. Give some answers a thumb in the tab Chat & vote, or choose between two."
NO_REWARD_MODEL = "No reward model yet. Vote on some answers, then train one: its sheet is shown here."
NO_JOB = "No job yet. Train a reward model on the votes: it runs in a process of its own."


class Votes:
    """What there is to learn from, added to the page."""

    def __init__(self) -> None:
        gr.Markdown("### 1. What people said")
        self.data = gr.HTML(html.empty(NO_VOTES), elem_id="align-data", padding=False)


class RewardForm:
    """A reward model is trained, and those there are can be looked at; added to the page."""

    def __init__(self) -> None:
        gr.Markdown("### 2. A reward model: how much would people like an answer?")
        with gr.Row():
            self.name = gr.Textbox(
                label="Name of the reward model", placeholder="for example: taste", max_lines=1, scale=3,
                min_width=180, elem_id="reward-name",
            )  # fmt: skip
            self.train = gr.Button(
                "Train on the votes", variant="primary", scale=1, min_width=160, elem_id="reward-train"
            )
        with gr.Accordion("Advanced", open=False, elem_id="reward-advanced"):
            self.knobs = knobs.build("reward", RewardSettings)
            knobs.explain(RewardSettings)
        self.chosen = gr.Dropdown([], label="Reward models", elem_id="reward-chosen")
        self.sheet = gr.HTML(html.empty(NO_REWARD_MODEL), elem_id="reward-sheet", padding=False)
        self.remove = gr.Button("Remove this reward model", size="sm", visible=False, elem_id="reward-remove")


class AlignForm:
    """Which method, from which model, against which reward model, on which questions; added to the page."""

    def __init__(self) -> None:
        gr.Markdown("### 3. A model that answers as people like")
        self.method = gr.Radio(
            [(f"{title}: {when}", name) for name, (title, when) in METHODS.items()], value="dpo",
            label="Method", elem_id="align-method",
        )  # fmt: skip
        with gr.Row():
            self.parent = gr.Dropdown(
                [BASE], value=BASE, label="Start from", min_width=140, elem_id="align-parent"
            )
            self.name = gr.Textbox(
                label="Name of the aligned model", placeholder="for example: liked", max_lines=1,
                min_width=180, elem_id="align-name",
            )  # fmt: skip
        with gr.Row():
            self.reward = gr.Dropdown(
                NONE, value="", label="Reward model", min_width=140, elem_id="align-reward",
                info="PPO and RLOO learn from it; it judges the result of all.",
            )  # fmt: skip
            self.watched = gr.Dropdown(
                NONE, value="", label="Another one, only to watch", min_width=140, elem_id="align-watched",
                info="One that nothing is learned from sees whether the first is gamed.",
            )  # fmt: skip
        with gr.Column(visible=False) as self.practice:
            self.source = gr.Dropdown(
                [VOTED, TYPED], value=VOTED, label="Questions to practise on", elem_id="align-source"
            )
            self.typed = gr.Textbox(
                label="One question a line", lines=4, visible=False, elem_id="align-typed"
            )
        with gr.Accordion("Advanced", open=False, elem_id="align-advanced"):
            with gr.Column(visible=True) as self.for_votes:
                self.of_votes = knobs.build(
                    "align", PreferenceSettings, values=align_settings("dpo").as_dict(),
                    leave_out=("method", *names(AlignSettings)),
                )  # fmt: skip
            with gr.Column(visible=False) as self.for_policy:
                self.of_policy = knobs.build("align-ppo", PpoSettings, leave_out=("method",))
            self.of_all = knobs.build("align", AlignSettings, leave_out=APART)
            apart = ("method", *APART)
            self.votes_told = knobs.explain(PreferenceSettings, AlignSettings, leave_out=apart)
            self.policy_told = knobs.explain(PpoSettings, AlignSettings, leave_out=apart, visible=False)
        self.begin = gr.Button("Start aligning", variant="primary", elem_id="align-begin")
        self.asked: knobs.Inputs = {
            "name": self.name, "method": self.method, "parent": self.parent, "reward": self.reward,
            "held_out_reward": self.watched, "source": self.source, "typed": self.typed,
        }  # fmt: skip
        self.blocks: knobs.Outputs = {
            "practice": self.practice, "for_policy": self.for_policy, "policy_told": self.policy_told,
            "for_votes": self.for_votes, "votes_told": self.votes_told,
        }  # fmt: skip


class Rounds:
    """Round after round, and the offer to let people choose; added to the page."""

    def __init__(self) -> None:
        self.line = gr.HTML("", elem_id="align-rounds", padding=False)
        self.offer = gr.Button(visible=False, elem_id="align-offer")
