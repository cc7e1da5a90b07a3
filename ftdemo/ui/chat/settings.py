"""The right side of Chat & vote: who answers, how, and which reward model looks on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from ftdemo.chat.dialogue import MOST_TRIES, ChatSettings
from ftdemo.engines import GenerationSettings
from ftdemo.knobs import known, names
from ftdemo.names import BASE
from ftdemo.studio import Studio
from ftdemo.ui import knobs
from ftdemo.ui.events import QUIET, shown
from ftdemo.ui.polling import Changes

ONE, TWO = "one", "two"
SAME = ""
"""In place of a model's name: the same model once more."""


@dataclass(frozen=True)
class Wanted:
    """The inputs.

    Args:
        inputs: by name: the knobs of `GenerationSettings`, and what else makes `ChatSettings`.
        reward: among them, which reward model looks on.
    """

    inputs: knobs.Inputs
    reward: gr.Dropdown

    @property
    def components(self) -> list[Component]:
        """All of the inputs, in the order in which `read` takes their values."""
        return list(self.inputs.values())

    def read(self, values: Sequence[Any]) -> ChatSettings:
        """The settings that the values of the inputs make.

        Raises:
            UserError: one cannot be used, or they contradict each other.
        """
        given = dict(zip(self.inputs, values, strict=True))
        generation = {name: given[name] for name in names(GenerationSettings)}
        return ChatSettings(
            given["model"],
            GenerationSettings(**known(generation, GenerationSettings)),
            given["system"] or "",
            (given["against"] or given["model"]) if given["count"] == TWO else None,
            int(given["tries"]),
            given["reward"] or None,
        )

    def duel(self, model: str, other: str) -> dict[Component, object]:
        """What the inputs show that let one choose between two models, blind."""
        shown_now = {"model": model, "count": TWO, "against": gr.update(value=other, visible=True)}
        return {self.inputs[name]: value for name, value in shown_now.items()}


def build(studio: Studio, changes: Changes) -> Wanted:
    """Add the inputs to the page."""
    model = gr.Dropdown([BASE], value=BASE, label="Model", elem_id="chat-model")
    count = gr.Radio(
        [("One answer", ONE), ("Two, to choose between", TWO)], value=ONE, label="Answers",
        elem_id="chat-count",
    )  # fmt: skip
    against = gr.Dropdown(
        [("the same model, sampled again", SAME)], value=SAME, label="The second answer is by",
        visible=False, elem_id="chat-against",
        info="Who is A and who is B is left to chance, and told when you have chosen.",
    )  # fmt: skip
    reward = gr.Dropdown(
        [("none", "")], value="", label="Reward model", elem_id="chat-reward",
        info="Scores each answer, beside the thumbs. Train one on your votes in the tab Align.",
    )  # fmt: skip
    tries = gr.Slider(
        1, MOST_TRIES, value=1, step=1, label="Try several, show the one that scores highest",
        visible=False, elem_id="chat-tries",
    )  # fmt: skip
    with gr.Accordion("Generation settings", open=False, elem_id="chat-generation"):
        system = gr.Textbox(label="System prompt", lines=2, max_lines=6, elem_id="chat-system")
        generation = generation_inputs(studio, "chat", temperature=0.7, top_p=0.95)

    @shown
    def choices(present: str, second: str, scored_by: str) -> tuple[object, ...]:
        models = studio.models.names()
        rewards = studio.reward_models.names()
        others = [("the same model, sampled again", SAME), *((name, name) for name in models)]
        return (
            gr.update(choices=models, value=present if present in models else BASE),
            gr.update(choices=others, value=second if second in models else SAME),
            gr.update(
                choices=[("none", ""), *((name, name) for name in rewards)],
                value=scored_by if scored_by in rewards else "",
            ),
        )

    lists = [model, against, reward]
    changes.revision.change(choices, lists, lists, **QUIET)
    count.change(lambda n: gr.update(visible=n == TWO), count, against, **QUIET)
    reward.change(lambda name: gr.update(visible=bool(name), value=1), reward, tries, **QUIET)
    who: knobs.Inputs = {"model": model, "count": count, "against": against, "reward": reward, "tries": tries}
    return Wanted({**who, "system": system, **generation}, reward)


def generation_inputs(studio: Studio, prefix: str, **values: Any) -> knobs.Inputs:
    """Add the inputs of `GenerationSettings` to the page.

    Args:
        studio: the app, which says how long an answer may be.
        prefix: begins the ids of the inputs.
        **values: what they show at first, where that is not the knob's default.
    """
    most = studio.settings.max_answer_tokens
    values = {"max_new_tokens": min(GenerationSettings.max_new_tokens, most), **values}
    slides = {"max_new_tokens": (1, most), "temperature": (0, 2), "top_p": (0.05, 1)}
    return knobs.build(prefix, GenerationSettings, values=values, slides=slides)
