"""Start here: the story in four clicks, on the real model.

What was done is kept in the browser (ids of conversations and of the job), what came of it in the store, so
the tour goes on after a reload.
"""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from ftdemo import tour
from ftdemo.studio import Studio
from ftdemo.ui import html
from ftdemo.ui.events import QUIET, shown
from ftdemo.ui.polling import Changes, paced, revision

INTRO = f"""
A language model invents an answer when it does not know one. Four clicks show how a handful of samples
changes that, on this machine, and what it costs. The question: **{tour.QUESTION}**
"""
STEPS = {
    "before": "1 · Ask the base model",
    "samples": "2 · Load the samples",
    "job": "3 · Tune",
    "after": "4 · Ask again",
}
BEFORE_EMPTY = "Step 1: ask the base model."
AFTER_EMPTY = "Step 4: the tuned model's answer will stand here, beside the one before."
SAMPLES_EMPTY = "Step 2: eight questions and answers about him."
JOB_EMPTY = "Step 3: tune. It takes about a minute on two processor cores."
UNRELATED = """
**What did it cost?** A tuned model may have forgotten other things. Let both answer something the samples do
not speak of; type a question of your own, too.
"""


def build(studio: Studio, demo: gr.Blocks, changes: Changes, progress: gr.BrowserState) -> None:
    """Add the tab's components and events; `progress` keeps ids of what was done in the browser."""
    gr.Markdown(INTRO)
    with gr.Row():
        ask_base, load, tune, ask_tuned = (
            gr.Button(label, min_width=150, elem_id=f"tour-do-{step}") for step, label in STEPS.items()
        )
    with gr.Row():
        with gr.Column(min_width=280):
            before = gr.HTML(html.empty(BEFORE_EMPTY), elem_id="tour-before")
        with gr.Column(min_width=280):
            after = gr.HTML(html.empty(AFTER_EMPTY), elem_id="tour-after")
    samples = gr.HTML(html.empty(SAMPLES_EMPTY), elem_id="tour-samples")
    job_card = gr.HTML(html.empty(JOB_EMPTY), elem_id="tour-job")
    gr.Markdown(UNRELATED)
    with gr.Row(elem_classes="ft-line"):
        unrelated_question = gr.Dropdown(
            list(tour.UNRELATED_QUESTIONS),
            allow_custom_value=True,
            show_label=False,
            scale=4,
            min_width=260,
            elem_id="tour-unrelated-question",
        )
        ask_unrelated = gr.Button("Ask both", scale=1, min_width=120, elem_id="tour-ask-unrelated")
    unrelated = gr.HTML(elem_id="tour-unrelated")

    @shown
    def on_ask_base(done: dict[str, Any], request: gr.Request) -> Iterator[tuple[str, dict[str, Any]]]:
        for turn in paced(tour.ask_base(studio, str(request.session_hash))):
            yield html.answers(turn), {**done, "before": turn.conversation_id}

    @shown
    def on_load(done: dict[str, Any]) -> tuple[str, dict[str, Any], str]:
        name = tour.load_samples(studio).name
        return html.samples_table(studio.samples.samples(name)), {**done, "samples": name}, revision(studio)

    @shown
    def on_tune(done: dict[str, Any]) -> tuple[str, dict[str, Any], str]:
        job = tour.start_tuning(studio)
        return html.job_card(job), {**done, "job": job.id}, revision(studio)

    @shown
    def on_ask_tuned(done: dict[str, Any], request: gr.Request) -> Iterator[tuple[str, dict[str, Any]]]:
        model = tour.tuned_model(studio, done.get("job"))
        for turn in paced(tour.ask_tuned(studio, model, str(request.session_hash))):
            yield html.answers(turn), {**done, "after": turn.conversation_id}

    @shown
    def on_ask_unrelated(
        question: str, done: dict[str, Any], request: gr.Request
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        model = tour.tuned_model(studio, done.get("job"))
        for turn in paced(tour.ask_unrelated(studio, question, model, str(request.session_hash))):
            yield html.turns([turn]), {**done, "unrelated": turn.conversation_id}

    @shown
    def on_job_moved(done: dict[str, Any]) -> str:
        return html.job_card(studio.jobs.get(done["job"])) if done.get("job") else html.empty(JOB_EMPTY)

    @shown
    def point_to_next(done: dict[str, Any]) -> list[dict[str, object]]:
        following = next((step for step in STEPS if step not in done), None)
        return [
            gr.update(
                value=label + (" ✓" if step in done else ""),
                variant="primary" if step == following else "secondary",
            )
            for step, label in STEPS.items()
        ]

    @shown
    def restore(done: dict[str, Any]) -> tuple[str, str, str, str, str, dict[str, Any]]:
        known = tour.restore(studio, done)
        return (
            html.sides(known.before) if known.before else html.empty(BEFORE_EMPTY),
            html.sides(known.after) if known.after else html.empty(AFTER_EMPTY),
            html.samples_table(known.samples) if known.samples else html.empty(SAMPLES_EMPTY),
            html.job_card(known.job) if known.job else html.empty(JOB_EMPTY),
            html.turns(known.unrelated),
            known.done,
        )

    ask_base.click(on_ask_base, progress, [before, progress], **QUIET)
    load.click(on_load, progress, [samples, progress, changes.revision], **QUIET)
    tune.click(on_tune, progress, [job_card, progress, changes.revision], **QUIET)
    ask_tuned.click(on_ask_tuned, progress, [after, progress], **QUIET)
    ask_unrelated.click(on_ask_unrelated, [unrelated_question, progress], [unrelated, progress], **QUIET)
    changes.job_mark.change(on_job_moved, progress, job_card, **QUIET)
    progress.change(point_to_next, progress, [ask_base, load, tune, ask_tuned], **QUIET)
    demo.load(restore, progress, [before, after, samples, job_card, unrelated, progress], **QUIET)
