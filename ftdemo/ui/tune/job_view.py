"""A job while it runs and when it has ended: its progress, curves, answers, sheet and log."""

from collections.abc import Callable, Collection

import gradio as gr

from ftdemo.jobs.sheet import run_sheet
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from ftdemo.ui import curves, html
from ftdemo.ui.events import QUIET, shown
from ftdemo.ui.polling import Changes, revision
from ftdemo.ui.tune import html as tuning_html

LOG_SHOWN = 4000


def build(
    studio: Studio,
    changes: Changes,
    shown_job: gr.State,
    prefix: str,
    kinds: Collection[str],
    nothing: str,
    results: Callable[[Job], str] = lambda job: "",
) -> None:
    """Add the view to the page.

    Args:
        studio: the app.
        changes: what the page listens to.
        shown_job: the number of the job that is shown, or None for the latest.
        prefix: begins the ids of its elements.
        kinds: which jobs count for the latest.
        nothing: what to say while there is no job.
        results: HTML of what only this kind of job tells when it has ended.
    """
    card = gr.HTML(html.empty(nothing), elem_id=f"{prefix}-job")
    with gr.Row():
        stop_keep = gr.Button(
            "Stop and keep", size="sm", min_width=90, interactive=False, elem_id=f"{prefix}-stop"
        )
        pause = gr.Button("Pause", size="sm", min_width=90, interactive=False, elem_id=f"{prefix}-pause")
        resume = gr.Button("Resume", size="sm", min_width=90, interactive=False, elem_id=f"{prefix}-resume")
        stop_discard = gr.Button(
            "Stop and discard",
            size="sm",
            min_width=90,
            variant="stop",
            interactive=False,
            elem_id=f"{prefix}-discard",
        )
    measure = gr.Dropdown(
        list(curves.MEASURES), value="loss", label="Curve", elem_id=f"{prefix}-measure-shown"
    )
    plot = gr.LinePlot(
        value=curves.of_job([], "loss"), x="step", y="value", color="curve", height=240,
        x_title="optimizer step", y_title="loss (nats a token)", color_title=" ",
        color_map=curves.COLOURS, elem_id=f"{prefix}-plot",
    )  # fmt: skip
    result = gr.HTML("", elem_id=f"{prefix}-result", padding=False)
    answers = gr.HTML("", elem_id=f"{prefix}-answers", padding=False)
    with gr.Accordion("Run sheet", open=False, elem_id=f"{prefix}-sheet"):
        sheet = gr.HTML("", padding=False)
    with gr.Accordion("Log of the worker", open=False, elem_id=f"{prefix}-log"):
        log = gr.Textbox(show_label=False, container=False, lines=8, max_lines=16, interactive=False)

    def job_of(job_id: int | None) -> Job | None:
        return studio.jobs.get(job_id) if job_id else studio.jobs.latest(kinds)

    @shown
    def show(job_id: int | None, drawn: str) -> tuple[object, ...]:
        job = job_of(job_id)
        if job is None:
            off = [gr.update(interactive=False)] * 4
            return html.empty(nothing), gr.skip(), gr.skip(), *off, "", "", "", ""
        going = not job.ended
        resumable = job.status in ("paused", "interrupted", "failed")
        points = studio.jobs.metrics(job.id)
        can_be_drawn = curves.measures(points)
        drawn = drawn if drawn in can_be_drawn else can_be_drawn[0]
        return (
            html.job_card(job),
            gr.LinePlot(value=curves.of_job(points, drawn), y_title=curves.title(drawn, job.kind)),
            gr.update(choices=can_be_drawn, value=drawn),
            *[gr.update(interactive=on) for on in (going, going, resumable, going)],
            results(job), tuning_html.answers(studio.jobs.answers(job.id)),
            tuning_html.sheet(run_sheet(job)), studio.jobs.log(job.id)[-LOG_SHOWN:],
        )  # fmt: skip

    @shown
    def do(job_id: int | None, action: str) -> str:
        job = job_of(job_id)
        if job is not None:
            actions = {
                "keep": lambda: studio.jobs.stop(job.id, keep=True),
                "discard": lambda: studio.jobs.stop(job.id, keep=False),
                "pause": lambda: studio.jobs.pause(job.id),
                "resume": lambda: studio.jobs.resume(job.id),
            }
            actions[action]()
        return revision(studio)

    view = [card, plot, measure, stop_keep, pause, resume, stop_discard, result, answers, sheet, log]
    gr.on(
        [changes.job_mark.change, changes.revision.change, shown_job.change, measure.input],
        show, [shown_job, measure], view, trigger_mode="always_last", **QUIET,
    )  # fmt: skip
    for button, action in (
        (stop_keep, "keep"),
        (stop_discard, "discard"),
        (pause, "pause"),
        (resume, "resume"),
    ):
        button.click(do, [shown_job, gr.State(action)], changes.revision, **QUIET)
