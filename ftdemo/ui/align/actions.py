"""What the tab Align does: reward models and alignments are started, and what came of them is shown."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from ftdemo.aligning.figures import AlignFigures
from ftdemo.aligning.settings import BY_REWARD, align_settings, kind_of, unlike_defaults
from ftdemo.evaluation.figures import EvaluationFigures
from ftdemo.feedback.training_data import fitting_method
from ftdemo.knobs import options
from ftdemo.names import BASE
from ftdemo.rewards.figures import RewardFigures
from ftdemo.store.jobs import EVALUATE, REWARD, Job
from ftdemo.studio import Studio
from ftdemo.ui import html
from ftdemo.ui.align import evaluation_html, reward_html
from ftdemo.ui.align.look import NO_REWARD_MODEL, NO_VOTES, TYPED, VOTED, WHEN_SCORED, WHEN_VOTED
from ftdemo.ui.chat.actions import duel
from ftdemo.ui.choices import NONE, offer_anew
from ftdemo.ui.feedback import html as feedback_html
from ftdemo.ui.polling import revision

Values = Mapping[str, Any]
"""What stands in a group of inputs, by name."""
Update = dict[str, Any]


def show(studio: Studio) -> tuple[str, str, Update]:
    """What there is to learn from, the rounds so far, and the offer to let people choose in the last one."""
    _, summary = studio.feedback.training_data()
    rounds = studio.rounds()
    offered = gr.update(visible=bool(rounds))
    if rounds:
        offered["value"] = f"Let people choose, blind: {rounds[-1].model} or {rounds[-1].parent}"
    data = html.empty(NO_VOTES)
    if summary.prompts:
        fit = fitting_method(summary, bool(studio.reward_models.names()))
        data = feedback_html.training_data(summary, fit)
    return data, evaluation_html.rounds(rounds), offered


def to_chat(studio: Studio) -> tuple[Update, Update]:
    """Go to the chat, where one chooses between the last round's model and its start."""
    last = studio.rounds()[-1]
    return {"tabs": gr.Tabs(selected="chat")}, duel(last.parent, last.model)


def results(job: Job) -> str:
    """What a job of these kinds tells when it has ended."""
    if job.kind == REWARD:
        return reward_html.sheet(RewardFigures.of(job), job.model_name)
    compared = EvaluationFigures.of(job) if job.kind == EVALUATE else AlignFigures.of(job).evaluation
    return evaluation_html.comparison(compared) if compared else ""


def train_reward_model(studio: Studio, asked: Values, knobs: Values) -> tuple[int, str, str]:
    """Start to train a reward model; the job is shown, and the field of its name is empty again."""
    return studio.train_reward_model(asked["name"], **knobs).id, "", revision(studio)


def reward_choices(studio: Studio, present: str | None) -> tuple[Update, Update]:
    """The reward models, and the models whose votes one can learn from."""
    return offer_anew(studio.reward_models.names(), present), gr.update(choices=studio.models.names())


def show_reward_model(studio: Studio, name: str | None) -> tuple[str, Update]:
    """The sheet of the chosen reward model, and whether there is one to remove."""
    if not name:
        return html.empty(NO_REWARD_MODEL), gr.update(visible=False)
    figures = RewardFigures.read(studio.reward_models.describe(name)["metrics"])
    return reward_html.sheet(figures, name), gr.update(visible=True)


def remove_reward_model(studio: Studio, name: str) -> str:
    """Remove the chosen reward model."""
    studio.reward_models.remove(name)
    return revision(studio)


def choices(
    studio: Studio, parent: str, reward: str | None, watched: str, source: str
) -> tuple[Update, Update, Update, Update, Update]:
    """The models, the reward models, and where questions can come from."""
    models, rewards = studio.models.names(), studio.reward_models.names()
    sources = [VOTED, *(saved.name for saved in studio.samples.all()), TYPED]
    return (
        offer_anew(models, parent, BASE),
        offer_anew(rewards, reward, first=NONE),
        offer_anew(rewards, watched, "", first=NONE),
        offer_anew(sources, source, VOTED),
        gr.update(choices=models),
    )


def fitting(method: str) -> tuple[Update, ...]:
    """What a method needs of the form is visible, and its own defaults stand in it.

    Returns:
        Updates by name: of the form's blocks, of the knobs of votes, and of those of the policy.
    """
    scored, kind = method in BY_REWARD, kind_of(method)
    defaults, own = align_settings(method).as_dict(), unlike_defaults(kind)
    changed: Update = {}
    for option in options(kind):
        change: Update = {"visible": method in option.methods} if option.only else {}
        if option.name in own:
            change["value"] = defaults[option.name]
        if change:
            changed[option.name] = gr.update(**change)
    visible = dict.fromkeys(WHEN_SCORED, scored) | dict.fromkeys(WHEN_VOTED, not scored)
    blocks = {name: gr.update(visible=on) for name, on in visible.items()}
    return (blocks, {}, changed) if scored else (blocks, changed, {})


def start(
    studio: Studio, asked: Values, of_all: Values, of_votes: Values, of_policy: Values
) -> tuple[int, str, str]:
    """Start to align; the job is shown, and the field of its name is empty again."""
    scored, source = asked["method"] in BY_REWARD, asked["source"]
    settings = {**of_all, **(of_policy if scored else of_votes)}
    if scored and source == TYPED:
        lines = (line.strip() for line in str(asked["typed"] or "").splitlines())
        settings["questions"] = [line for line in lines if line]
    job = studio.align(
        asked["name"],
        asked["method"],
        asked["parent"],
        reward=asked["reward"] or None,
        held_out_reward=asked["held_out_reward"] or None,
        samples=source if scored and source not in (VOTED, TYPED) else None,
        **settings,
    )
    return job.id, "", revision(studio)
