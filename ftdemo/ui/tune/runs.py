"""Every run there was: look at one, do one again, compare several."""

from typing import Any

import gradio as gr
from gradio.components import Component

from ftdemo.jobs.sheet import compare_runs
from ftdemo.store.figures import RunFigures
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from ftdemo.ui import curves, html
from ftdemo.ui.events import QUIET, shown
from ftdemo.ui.polling import Changes, revision
from ftdemo.ui.tune import html as tuning_html
from ftdemo.ui.tune.form import Form

JOB_COLUMNS = ["Job", "Model", "Method", "Samples", "Status", "Steps", "Held-out loss", "Started"]
NOTHING = "Choose two or more jobs to see their held-out loss in one plot and what differs between them."


def build(studio: Studio, changes: Changes, shown_job: gr.State, form: Form) -> None:
    """Add the table of jobs, what can be done with the chosen one, and the comparison."""
    table = gr.Dataframe(
        headers=JOB_COLUMNS,
        interactive=False,
        label="Jobs (click one to see its curves)",
        elem_id="tune-jobs",
    )
    with gr.Row():
        again = gr.Button("Use this job's settings", size="sm", elem_id="tune-again")
        remove = gr.Button("Remove this job", size="sm", elem_id="tune-remove")
    with gr.Accordion("Compare runs", open=False, elem_id="tune-compare"):
        chosen = gr.Dropdown(
            [],
            multiselect=True,
            max_choices=len(curves.RUN_COLOURS),
            label="Jobs",
            elem_id="tune-compare-jobs",
        )

        plot = gr.LinePlot(
            value=curves.of_runs([]), x="step", y="value", color="curve", height=260, visible=False,
            x_title="optimizer step", y_title="held-out loss (nats a token)", color_title=" ",
            color_map=curves.RUN_COLOURS, elem_id="tune-compare-plot",
        )  # fmt: skip
        told = gr.HTML(html.empty(NOTHING), elem_id="tune-differences", padding=False)

    @shown
    def lists() -> tuple[list[list[object]], dict[str, object]]:
        jobs = list(reversed(studio.jobs.all()))
        return [_row(job) for job in jobs], gr.update(choices=[(_title(job), job.id) for job in jobs])

    @shown
    def choose(event: gr.SelectData) -> int:
        return int(event.row_value[0])

    @shown
    def use(job_id: int | None) -> dict[Component, Any]:
        job = studio.jobs.get(job_id) if job_id else studio.jobs.latest()
        return form.filled(job) if job else dict.fromkeys(form.inputs.values(), gr.skip())

    @shown
    def take_away(job_id: int | None) -> tuple[None, str]:
        job = studio.jobs.get(job_id) if job_id else studio.jobs.latest()
        if job is not None:
            studio.jobs.remove(job.id)
        return None, revision(studio)

    @shown
    def compare(job_ids: list[int] | None) -> tuple[object, str]:
        jobs = [studio.jobs.get(job_id) for job_id in job_ids or []]
        if len(jobs) < 2:
            return gr.update(visible=False), html.empty(NOTHING)
        drawn = curves.of_runs([studio.jobs.metrics(job.id) for job in jobs])
        rows = compare_runs(jobs)
        return gr.update(value=drawn, visible=True), tuning_html.differences(rows, tuple(curves.RUN_COLOURS))

    changes.revision.change(lists, None, [table, chosen], **QUIET)
    table.select(choose, None, shown_job, **QUIET)
    again.click(use, shown_job, list(form.inputs.values()), **QUIET)
    remove.click(take_away, shown_job, [shown_job, changes.revision], **QUIET)
    chosen.change(compare, chosen, [plot, told], **QUIET)


def _title(job: Job) -> str:
    return f"{job.id}: {job.model_name}"


def _row(job: Job) -> list[object]:
    held_out = RunFigures.of(job).held_out_loss
    steps = f"{job.step}/{job.total_steps}" if job.ended and job.total_steps else ""
    return [
        job.id, job.model_name, job.settings.get("method"), job.sample_set_name, job.status, steps,
        f"{held_out:.3f}" if held_out is not None else "", (job.started_at or "")[:16].replace("T", " "),
    ]  # fmt: skip
