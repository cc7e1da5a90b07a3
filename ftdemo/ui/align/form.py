"""In the Align tab: which method, from which model, against which reward model, on which questions."""

from typing import Any

import gradio as gr

from ftdemo.aligning.settings import BY_REWARD, AlignSettings, align_settings
from ftdemo.names import BASE
from ftdemo.studio import Studio
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
VOTE_KNOBS = ("beta", "epochs", "learning_rate", "sft_weight")
POLICY_KNOBS = (
    "steps", "prompts_per_batch", "samples_per_prompt", "max_new_tokens", "kl_coefficient", "kl_budget",
    "learning_rate",
)  # fmt: skip
ADAPTED = ("epochs", "learning_rate", "samples_per_prompt")
"""Knobs whose defaults are the method's own."""
SHARED = 9
"""Inputs that all methods have; those of votes follow, then those of a reward model."""
WHOLE = ("epochs", "steps", "prompts_per_batch", "samples_per_prompt", "max_new_tokens")


def build(studio: Studio, changes: Changes, shown_job: gr.State) -> None:
    """Add the components and events; a job that is started becomes the shown one."""
    pairs, ppo = align_settings("dpo").knobs.as_dict(), align_settings("ppo").knobs.as_dict()
    method = gr.Radio(
        [(f"{title}: {when}", name) for name, (title, when) in METHODS.items()], value="dpo",
        label="Method", elem_id="align-method",
    )  # fmt: skip
    with gr.Row():
        start_from = gr.Dropdown(
            [BASE], value=BASE, label="Start from", min_width=140, elem_id="align-start-from"
        )
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
        with gr.Row(visible=True) as of_pairs:
            beta = gr.Number(pairs["beta"], label="Beta (keeps near the start)", min_width=200)
            kept = gr.Number(pairs["sft_weight"], label="Weight of better answer", min_width=200)
            epochs = gr.Number(
                pairs["epochs"], label="Epochs", precision=0, min_width=200, elem_id="align-epochs"
            )
            rate = gr.Number(pairs["learning_rate"], label="Learning rate", step=1e-5, min_width=200)
        with gr.Row(visible=False) as of_ppo:
            steps = gr.Number(ppo["steps"], label="Steps", precision=0, min_width=100, elem_id="align-steps")
            batch = gr.Number(ppo["prompts_per_batch"], label="Questions a step", precision=0, min_width=120)
            each = gr.Number(ppo["samples_per_prompt"], label="Answers to each", precision=0, min_width=120)
            tokens = gr.Number(ppo["max_new_tokens"], label="Tokens an answer", precision=0, min_width=120)
            price = gr.Number(ppo["kl_coefficient"], label="Price of divergence (KL)", min_width=120)
            budget = gr.Number(ppo["kl_budget"], label="Divergence at which it ends", min_width=120)
            ppo_rate = gr.Number(ppo["learning_rate"], label="Learning rate", step=1e-5, min_width=120)
        with gr.Row():
            compared = gr.Number(
                AlignSettings.compared_prompts, label="Questions to compare on when done", precision=0,
                min_width=160, elem_id="align-compared",
            )  # fmt: skip
            seed = gr.Number(pairs["seed"], label="Seed", precision=0, min_width=100)
    begin = gr.Button("Start aligning", variant="primary", elem_id="align-begin")

    @shown
    def start(*values: Any) -> tuple[int, str, str]:
        by, model, called, judge, other, asked, lines, most, seeded = values[:SHARED]
        scored = by in BY_REWARD
        knobs_given = values[SHARED:]
        of_votes, of_policy = knobs_given[: len(VOTE_KNOBS)], knobs_given[len(VOTE_KNOBS) :]
        knobs = dict(
            zip(POLICY_KNOBS, of_policy, strict=True) if scored else zip(VOTE_KNOBS, of_votes, strict=True)
        )
        lines = [line.strip() for line in str(lines or "").splitlines() if line.strip()]
        job = studio.align(
            called,
            by,
            model,
            reward=judge or None,
            held_out_reward=other or None,
            samples=asked if scored and asked not in (VOTED, TYPED) else None,
            questions=lines if scored and asked == TYPED else (),
            compared_prompts=int(most),
            seed=int(seeded),
            **{name: int(value) if name in WHOLE else float(value) for name, value in knobs.items()},
        )
        return job.id, "", revision(studio)

    @shown
    def choices(present: str, judge: str | None, other: str, asked: str) -> tuple[object, ...]:
        models, rewards = studio.models.names(), studio.reward_models.names()
        sources = [VOTED, *(saved.name for saved in studio.samples.all()), TYPED]
        newest = rewards[-1] if rewards else ""
        return (
            gr.update(choices=models, value=present if present in models else BASE),
            gr.update(
                choices=[("none", ""), *((name, name) for name in rewards)],
                value=judge if judge in rewards else newest,
            ),
            gr.update(
                choices=[("none", ""), *((name, name) for name in rewards)],
                value=other if other in rewards else "",
            ),
            gr.update(choices=sources, value=asked if asked in sources else VOTED),
        )

    def fitting(by: str) -> tuple[object, ...]:
        scored = by in BY_REWARD
        visible = [gr.update(visible=on) for on in (scored, not scored, scored)]
        defaults = align_settings(by).knobs.as_dict()
        values = [defaults[knob] if knob in defaults else gr.skip() for knob in ADAPTED]
        # KTO has no better answer.
        keep = gr.update(value=defaults.get("sft_weight", 0.0), visible=by == "dpo")
        return *visible, *values, keep

    lists = [start_from, reward, watched, source]
    changes.revision.change(choices, lists, lists, **QUIET)
    method.change(fitting, method, [practice, of_pairs, of_ppo, epochs, rate, each, kept], **QUIET)
    source.change(lambda asked: gr.update(visible=asked == TYPED), source, typed, **QUIET)
    inputs = [
        method, start_from, name, reward, watched, source, typed, compared, seed, beta, epochs, rate, kept,
        steps, batch, each, tokens, price, budget, ppo_rate,
    ]  # fmt: skip
    begin.click(start, inputs, [shown_job, name, changes.revision], api_visibility="private")
