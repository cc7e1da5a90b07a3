"""In the Align tab: train a reward model on the votes, and look at the sheets of those there are."""

import gradio as gr

from ftdemo.rewards.figures import RewardFigures
from ftdemo.rewards.settings import RewardSettings
from ftdemo.studio import Studio
from ftdemo.ui import html, knobs
from ftdemo.ui.align import reward_html
from ftdemo.ui.events import QUIET, shown
from ftdemo.ui.polling import Changes, revision

NO_REWARD_MODEL = "No reward model yet. Vote on some answers, then train one: its sheet is shown here."


def build(studio: Studio, changes: Changes, shown_job: gr.State) -> None:
    """Add the components and events; a job that is started becomes the shown one."""
    with gr.Row():
        name = gr.Textbox(
            label="Name of the reward model", placeholder="for example: taste", max_lines=1, scale=3,
            min_width=180, elem_id="reward-name",
        )  # fmt: skip
        train = gr.Button(
            "Train on the votes", variant="primary", scale=1, min_width=160, elem_id="reward-train"
        )
    with gr.Accordion("Advanced", open=False, elem_id="reward-advanced"):
        inputs = knobs.build("reward", RewardSettings)
        knobs.explain(RewardSettings)
    chosen = gr.Dropdown([], label="Reward models", elem_id="reward-chosen")
    sheet = gr.HTML(html.empty(NO_REWARD_MODEL), elem_id="reward-sheet", padding=False)
    remove = gr.Button("Remove this reward model", size="sm", visible=False, elem_id="reward-remove")

    @shown
    def begin(values: knobs.Values) -> tuple[int, str, str]:
        job = studio.train_reward_model(values[name], **knobs.given(inputs, values))
        return job.id, "", revision(studio)

    @shown
    def choices(present: str | None) -> tuple[dict[str, object], dict[str, object]]:
        names = studio.reward_models.names()
        newest = names[-1] if names else None
        value = present if present in names else newest
        return gr.update(choices=names, value=value), gr.update(choices=studio.models.names())

    @shown
    def show(wanted: str | None) -> tuple[str, dict[str, object]]:
        if not wanted:
            return html.empty(NO_REWARD_MODEL), gr.update(visible=False)
        described = studio.reward_models.describe(wanted)
        return reward_html.sheet(RewardFigures.read(described["metrics"]), wanted), gr.update(visible=True)

    @shown
    def delete(wanted: str) -> str:
        studio.reward_models.remove(wanted)
        return revision(studio)

    train.click(
        begin, {name, *inputs.values()}, [shown_job, name, changes.revision], api_visibility="private"
    )
    changes.revision.change(choices, chosen, [chosen, inputs["models"]], **QUIET)
    chosen.change(show, chosen, [sheet, remove], **QUIET)
    remove.click(delete, chosen, changes.revision, **QUIET)
