"""The right side of Chat & vote: who answers, how, and which reward model looks on."""

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr

from ftdemo.chat.dialogue import MOST_TRIES, ChatSettings
from ftdemo.engines import GenerationSettings
from ftdemo.names import BASE
from ftdemo.studio import Studio
from ftdemo.ui.events import QUIET, shown
from ftdemo.ui.polling import Changes

ONE, TWO = "one", "two"
SAME = ""
"""In place of a model's name: the same model once more."""


@dataclass(frozen=True)
class Wanted:
    """The inputs, in the order in which `read` takes their values.

    Args:
        components: all of them.
        reward: the reward model among them.
        duel: those that say whose two answers are to be chosen between, in the order of `duel`'s result.
    """

    components: Sequence[gr.components.Component]
    reward: gr.Dropdown
    duel: Sequence[gr.components.Component]


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
        most = studio.settings.max_answer_tokens
        tokens = gr.Slider(
            1, most, value=min(160, most), step=1, label="Most new tokens", elem_id="chat-tokens"
        )
        temperature = gr.Slider(
            0, 2, value=0.7, step=0.05, label="Temperature (0: always the likeliest token)",
            elem_id="chat-temperature",
        )  # fmt: skip
        top_p = gr.Slider(0.05, 1, value=0.95, step=0.05, label="Top-p")
        seed = gr.Number(0, label="Seed", precision=0, elem_id="chat-seed")

    @shown
    def choices(present: str, second: str, scored_by: str) -> tuple[object, ...]:
        names = studio.models.names()
        rewards = studio.reward_models.names()
        others = [("the same model, sampled again", SAME), *((name, name) for name in names)]
        return (
            gr.update(choices=names, value=present if present in names else BASE),
            gr.update(choices=others, value=second if second in names else SAME),
            gr.update(
                choices=[("none", ""), *((name, name) for name in rewards)],
                value=scored_by if scored_by in rewards else "",
            ),
        )

    lists = [model, against, reward]
    changes.revision.change(choices, lists, lists, **QUIET)
    count.change(lambda n: gr.update(visible=n == TWO), count, against, **QUIET)
    reward.change(lambda name: gr.update(visible=bool(name), value=1), reward, tries, **QUIET)
    inputs = [model, count, against, reward, tries, system, tokens, temperature, top_p, seed]
    return Wanted(inputs, reward, [model, count, against])


def duel(model: str, other: str) -> tuple[str, str, dict[str, object]]:
    """Values for the inputs that let one choose between two models, blind."""
    return model, TWO, gr.update(value=other, visible=True)


def read(studio: Studio, values: tuple[object, ...]) -> ChatSettings:
    """The settings that the inputs' values make.

    Raises:
        UserError: they contradict each other.
    """
    model, count, against, reward, tries, system, tokens, temperature, top_p, seed = values
    return ChatSettings(
        str(model),
        GenerationSettings(int(str(tokens)), float(str(temperature)), float(str(top_p)), int(str(seed))),
        str(system or ""),
        (str(against or "") or str(model)) if count == TWO else None,
        int(str(tries)),
        str(reward or "") or None,
    )
