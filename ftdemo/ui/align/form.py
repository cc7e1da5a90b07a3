"""In the Align tab: which method, from which model, against which reward model, on which questions."""

from typing import Any

import gradio as gr
from gradio.components import Component

from ftdemo.aligning.ppo.settings import PpoSettings
from ftdemo.aligning.preference.settings import PreferenceSettings
from ftdemo.aligning.settings import BY_REWARD, AlignSettings, align_settings, kind_of
from ftdemo.knobs import Kind, names, options
from ftdemo.names import BASE
from ftdemo.studio import Studio
from ftdemo.ui import knobs
from ftdemo.ui.events import QUIET, shown
from ftdemo.ui.polling import Changes, revision

METHODS = {
    "dpo": ("DPO", "from pairs of answers: makes the better one likelier. Fast, and steady."),
    "kto": ("KTO", "from single thumbs: makes liked answers likelier and disliked ones less likely."),
    "ppo": (
        "PPO",
        "against a reward model: tries answers, and makes likelier what scores well.",
    ),
    "rloo": ("RLOO", "as PPO, but each answer is compared with others to its question."),
}
VOTED, TYPED = "those that people voted on", "typed below"
APART = ("questions", "held_out_reward")
"""What of an alignment has an input of its own kind."""


def build(studio: Studio, changes: Changes, shown_job: gr.State) -> None:
    """Add the components and events; a job that is started becomes the shown one."""
    method = gr.Radio(
        [(f"{title}: {when}", name) for name, (title, when) in METHODS.items()], value="dpo",
        label="Method", elem_id="align-method",
    )  # fmt: skip
    with gr.Row():
        parent = gr.Dropdown([BASE], value=BASE, label="Start from", min_width=140, elem_id="align-parent")
        name = gr.Textbox(
            label="Name of the aligned model", placeholder="for example: liked", max_lines=1, min_width=180,
            elem_id="align-name",
        )  # fmt: skip
    with gr.Row():
        reward = gr.Dropdown(
            [("none", "")], value="", label="Reward model", min_width=140, elem_id="align-reward",
            info="PPO and RLOO learn from it; it judges the result of all.",
        )  # fmt: skip
        watched = gr.Dropdown(
            [("none", "")], value="", label="Another one, only to watch", min_width=140,
            info="One that nothing is learned from sees whether the first is gamed.", elem_id="align-watched",
        )  # fmt: skip
    with gr.Column(visible=False) as practice:
        source = gr.Dropdown(
            [VOTED, TYPED], value=VOTED, label="Questions to practise on", elem_id="align-source"
        )
        typed = gr.Textbox(label="One question a line", lines=4, visible=False, elem_id="align-typed")
    with gr.Accordion("Advanced", open=False, elem_id="align-advanced"):
        with gr.Column(visible=True) as for_votes:
            of_votes = knobs.build(
                "align", PreferenceSettings, values=align_settings("dpo").as_dict(),
                leave_out=("method", *names(AlignSettings)),
            )  # fmt: skip
        with gr.Column(visible=False) as for_policy:
            of_policy = knobs.build("align-ppo", PpoSettings, leave_out=("method",))
        of_all = knobs.build("align", AlignSettings, leave_out=APART)
        apart = ("method", *APART)
        votes_told = knobs.explain(PreferenceSettings, AlignSettings, leave_out=apart)
        policy_told = knobs.explain(PpoSettings, AlignSettings, leave_out=apart, visible=False)
    begin = gr.Button("Start aligning", variant="primary", elem_id="align-begin")

    @shown
    def start(values: knobs.Values) -> tuple[int, str, str]:
        scored = values[method] in BY_REWARD
        settings = knobs.given({**of_all, **(of_policy if scored else of_votes)}, values)
        asked = values[source]
        if scored and asked == TYPED:
            lines = (line.strip() for line in str(values[typed] or "").splitlines())
            settings["questions"] = [line for line in lines if line]
        job = studio.align(
            values[name],
            values[method],
            values[parent],
            reward=values[reward] or None,
            held_out_reward=values[watched] or None,
            samples=asked if scored and asked not in (VOTED, TYPED) else None,
            **settings,
        )
        return job.id, "", revision(studio)

    @shown
    def choices(present: str, judge: str | None, other: str, asked: str) -> dict[Component, object]:
        models, rewards = studio.models.names(), studio.reward_models.names()
        sources = [VOTED, *(saved.name for saved in studio.samples.all()), TYPED]
        newest = rewards[-1] if rewards else ""
        named = [("none", ""), *((name, name) for name in rewards)]
        return {
            parent: gr.update(choices=models, value=present if present in models else BASE),
            reward: gr.update(choices=named, value=judge if judge in rewards else newest),
            watched: gr.update(choices=named, value=other if other in rewards else ""),
            source: gr.update(choices=sources, value=asked if asked in sources else VOTED),
            of_votes["models"]: gr.update(choices=models),
        }

    @shown
    def fitting(by: str) -> dict[Any, object]:
        scored, kind = by in BY_REWARD, kind_of(by)
        fields, defaults, own = of_policy if scored else of_votes, align_settings(by).as_dict(), _own(kind)
        updates: dict[Any, object] = {
            block: gr.update(visible=on)
            for on, blocks in ((scored, when_scored), (not scored, (for_votes, votes_told)))
            for block in blocks
        }
        for option in options(kind):
            change: dict[str, Any] = {"visible": by in option.methods} if option.only else {}
            if option.name in own:
                change["value"] = defaults[option.name]
            if change:
                updates[fields[option.name]] = gr.update(**change)
        return updates

    when_scored = (practice, for_policy, policy_told)
    lists = [parent, reward, watched, source]
    changes.revision.change(choices, lists, [*lists, of_votes["models"]], **QUIET)
    method.change(
        fitting, method,
        [*when_scored, for_votes, votes_told, *of_votes.values(), *of_policy.values()], **QUIET,
    )  # fmt: skip
    source.change(lambda asked: gr.update(visible=asked == TYPED), source, typed, **QUIET)
    asked_for: set[Any] = {name, method, parent, reward, watched, source, typed}
    inputs = asked_for.union(of_all.values(), of_votes.values(), of_policy.values())
    begin.click(start, inputs, [shown_job, name, changes.revision], api_visibility="private")


def _own(kind: Kind) -> set[str]:
    """The knobs of a class of settings whose default is not the same for each of its methods."""
    first, *others = [align_settings(method).as_dict() for method in METHODS if kind_of(method) is kind]
    return {name for name in names(kind) - {"method"} if any(one[name] != first[name] for one in others)}
