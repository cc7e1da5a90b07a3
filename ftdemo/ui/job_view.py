"""The right side of the Tune tab: a job while it runs and when it has ended."""

import gradio as gr

from ftdemo.jobs.sheet import run_sheet
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from ftdemo.ui import curves, html, tuning_html
from ftdemo.ui.events import QUIET, shown
from ftdemo.ui.polling import Changes, revision

NO_JOB = "No job yet. Choose samples, name the model and press Start: it trains in a process of its own."
LOG_SHOWN = 4000


def build(studio: Studio, changes: Changes, shown_job: gr.State) -> None:
    """Add the view to the page; it shows `shown_job`, or the latest job if that is None."""
    card = gr.HTML(html.empty(NO_JOB), elem_id="tune-job")
    with gr.Row():
        stop_keep = gr.Button(
            "Stop and keep", size="sm", min_width=90, interactive=False, elem_id="tune-stop"
        )
        pause = gr.Button("Pause", size="sm", min_width=90, interactive=False, elem_id="tune-pause")
        resume = gr.Button("Resume", size="sm", min_width=90, interactive=False, elem_id="tune-resume")
        stop_discard = gr.Button(
            "Stop and discard",
            size="sm",
            min_width=90,
            variant="stop",
            interactive=False,
            elem_id="tune-discard",
        )
    measure = gr.Radio(
        list(curves.MEASURES), value="loss", show_label=False, container=False, elem_id="tune-measure-shown"
    )
    plot = gr.LinePlot(
        value=curves.of_job([], "loss"), x="step", y="value", color="curve", height=240,
        x_title="optimizer step", y_title="loss (nats a token)", color_title=" ",
        color_map=curves.COLOURS, elem_id="tune-plot",
    )  # fmt: skip
    answers = gr.HTML("", elem_id="tune-answers", padding=False)
    with gr.Accordion("Run sheet", open=False, elem_id="tune-sheet"):
        sheet = gr.HTML("", padding=False)
    with gr.Accordion("Log of the worker", open=False, elem_id="tune-log"):
        log = gr.Textbox(show_label=False, container=False, lines=8, max_lines=16, interactive=False)

    def job_of(job_id: int | None) -> Job | None:
        return studio.jobs.get(job_id) if job_id else studio.jobs.latest()

    @shown
    def show(job_id: int | None, drawn: str) -> tuple[object, ...]:
        job = job_of(job_id)
        if job is None:
            off = [gr.update(interactive=False)] * 4
            return html.empty(NO_JOB), gr.skip(), *off, "", "", ""
        going = not job.ended
        resumable = job.status in ("paused", "interrupted", "failed")
        points = curves.of_job(studio.jobs.metrics(job.id), drawn)
        title = curves.MEASURES[drawn][1]
        return (
            html.job_card(job), gr.LinePlot(value=points, y_title=title),
            *[gr.update(interactive=on) for on in (going, going, resumable, going)],
            tuning_html.answers(studio.jobs.answers(job.id)),
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

    view = [card, plot, stop_keep, pause, resume, stop_discard, answers, sheet, log]
    gr.on(
        [changes.job_mark.change, changes.revision.change, shown_job.change, measure.change],
        show, [shown_job, measure], view, trigger_mode="always_last", **QUIET,
    )  # fmt: skip
    for button, action in (
        (stop_keep, "keep"),
        (stop_discard, "discard"),
        (pause, "pause"),
        (resume, "resume"),
    ):
        button.click(do, [shown_job, gr.State(action)], changes.revision, **QUIET)
