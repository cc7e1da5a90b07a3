"""What the guided tour does: one call a step.

What was done is kept in the browser (ids of conversations and of the job), what came of it in the store, so
the tour goes on after a reload.
"""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from ftdemo import tour
from ftdemo.studio import Studio
from ftdemo.ui import html, turns_html
from ftdemo.ui.job.html import job_card
from ftdemo.ui.polling import paced, revision
from ftdemo.ui.samples.table_html import samples_table
from ftdemo.ui.tour.look import AFTER_EMPTY, BEFORE_EMPTY, JOB_EMPTY, SAMPLES_EMPTY, STEPS

Done = dict[str, Any]
"""What the browser keeps of the tour: for each step that was done, the id of what came of it."""


def ask_base(studio: Studio, done: Done, request: gr.Request) -> Iterator[tuple[str, Done]]:
    """Step 1."""
    for turn in paced(tour.ask_base(studio, str(request.session_hash))):
        yield turns_html.answers(turn), {**done, "before": turn.conversation_id}


def load(studio: Studio, done: Done) -> tuple[str, Done, str]:
    """Step 2."""
    name = tour.load_samples(studio).name
    return samples_table(studio.samples.samples(name)), {**done, "samples": name}, revision(studio)


def tune(studio: Studio, done: Done) -> tuple[str, Done, str]:
    """Step 3."""
    job = tour.start_tuning(studio)
    return job_card(job), {**done, "job": job.id}, revision(studio)


def ask_tuned(studio: Studio, done: Done, request: gr.Request) -> Iterator[tuple[str, Done]]:
    """Step 4."""
    for turn in paced(tour.ask_tuned(studio, done.get("job"), str(request.session_hash))):
        yield turns_html.answers(turn), {**done, "after": turn.conversation_id}


def ask_unrelated(
    studio: Studio, question: str, done: Done, request: gr.Request
) -> Iterator[tuple[str, Done]]:
    """Ask both models something that the samples do not speak of."""
    for turn in paced(tour.ask_unrelated(studio, question, done.get("job"), str(request.session_hash))):
        yield turns_html.turns([turn]), {**done, "unrelated": turn.conversation_id}


def job_moved(studio: Studio, done: Done) -> str:
    """The tour's job as it is now."""
    return job_card(studio.jobs.get(done["job"])) if done.get("job") else html.empty(JOB_EMPTY)


def point_to_next(done: Done) -> list[dict[str, object]]:
    """The buttons of the steps: those that are done are ticked, the next one stands out."""
    following = next((step for step in STEPS if step not in done), None)
    return [
        gr.update(
            value=label + (" ✓" if step in done else ""),
            variant="primary" if step == following else "secondary",
        )
        for step, label in STEPS.items()
    ]


def restore(studio: Studio, done: Done) -> tuple[str, str, str, str, str, Done]:
    """What came of the steps that the browser remembers."""
    known = tour.restore(studio, done)
    return (
        turns_html.sides(known.before) if known.before else html.empty(BEFORE_EMPTY),
        turns_html.sides(known.after) if known.after else html.empty(AFTER_EMPTY),
        samples_table(known.samples) if known.samples else html.empty(SAMPLES_EMPTY),
        job_card(known.job) if known.job else html.empty(JOB_EMPTY),
        turns_html.turns(known.unrelated),
        known.done,
    )
