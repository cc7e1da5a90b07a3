"""Tune: choose samples and a recipe, start a job, watch it; every job there was."""

import gradio as gr
import pandas as pd

from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from ftdemo.training.recipes import DEFAULT_RECIPE, RECIPES, TuneSettings
from ftdemo.ui import html
from ftdemo.ui.events import QUIET, shown
from ftdemo.ui.polling import Changes, revision

NO_JOB = "No job yet. Choose samples, name the model and press Start: it trains in a process of its own."
CURVES = ["step", "loss", "samples"]
JOB_COLUMNS = ["Job", "Model", "Samples", "Status", "Steps", "Held-out loss", "Started"]


def build(studio: Studio, changes: Changes) -> None:
    """Add the tab's components and events."""
    with gr.Row():
        with gr.Column(scale=1, min_width=280):
            samples = gr.Dropdown([], label="Samples to learn from", elem_id="tune-samples")
            name = gr.Textbox(
                label="Name of the tuned model",
                placeholder="for example: my-model",
                max_lines=1,
                elem_id="tune-name",
            )
            recipe = gr.Radio(
                [(f"{r.name}: {r.when}", r.name) for r in RECIPES.values()],
                value=DEFAULT_RECIPE, label="Recipe", elem_id="tune-recipe",
            )  # fmt: skip
            with gr.Accordion("Advanced", open=False):
                knobs = _knobs(RECIPES[DEFAULT_RECIPE].settings)
            start = gr.Button("Start tuning", variant="primary", elem_id="tune-start")
        with gr.Column(scale=2, min_width=300):
            shown_job = gr.State(None)
            card = gr.HTML(html.empty(NO_JOB), elem_id="tune-job")
            plot = gr.LinePlot(
                value=_curves([]), x="step", y="loss", color="samples", height=260,
                x_title="optimizer step", y_title="loss (nats a token)",
                color_map={"train": "#0d9488", "held out": "#f59e0b"}, elem_id="tune-plot",
            )  # fmt: skip
            with gr.Row():
                stop_keep = gr.Button("Stop, keep what was learned", interactive=False, elem_id="tune-stop")
                stop_discard = gr.Button(
                    "Stop and discard", variant="stop", interactive=False, elem_id="tune-discard"
                )
                resume = gr.Button("Resume", interactive=False, elem_id="tune-resume")
    table = gr.Dataframe(
        headers=JOB_COLUMNS,
        interactive=False,
        label="Jobs (click one to see its curves)",
        elem_id="tune-jobs",
    )

    @shown
    def lists(present: str | None) -> tuple[dict[str, object], list[list[object]]]:
        names = [saved.name for saved in studio.samples.all() if saved.train]
        value = present if present in names else (names[-1] if names else None)
        return gr.update(choices=names, value=value), [_job_row(job) for job in reversed(studio.jobs.all())]

    @shown
    def begin(
        sample_set: str | None, model_name: str, recipe_name: str, *values: object
    ) -> tuple[int, str, str]:
        changed = dict(zip(knobs, values, strict=True))
        job = studio.tune(model_name, sample_set or "", recipe_name, **changed)
        return job.id, "", revision(studio)

    @shown
    def show(job_id: int | None) -> tuple[object, ...]:
        job = studio.jobs.get(job_id) if job_id else studio.jobs.latest()
        if job is None:
            return html.empty(NO_JOB), gr.skip(), *[gr.update(interactive=False)] * 3
        points = _curves(studio.jobs.metrics(job.id))
        going, over = not job.ended, job.status in ("interrupted", "failed")
        return (
            html.job_card(job), points,
            gr.update(interactive=going), gr.update(interactive=going), gr.update(interactive=over),
        )  # fmt: skip

    @shown
    def choose(event: gr.SelectData) -> int:
        return int(event.row_value[0])

    @shown
    def stop(job_id: int | None, keep: bool) -> str:
        job = studio.jobs.get(job_id) if job_id else studio.jobs.latest()
        if job is not None:
            studio.jobs.stop(job.id, keep)
        return revision(studio)

    @shown
    def go_on(job_id: int | None) -> str:
        job = studio.jobs.get(job_id) if job_id else studio.jobs.latest()
        if job is not None:
            studio.jobs.resume(job.id)
        return revision(studio)

    view = [card, plot, stop_keep, stop_discard, resume]
    recipe.change(
        lambda recipe_name: [getattr(RECIPES[recipe_name].settings, knob) for knob in knobs],
        recipe, list(knobs.values()), **QUIET,
    )  # fmt: skip
    start.click(
        begin, [samples, name, recipe, *knobs.values()], [shown_job, name, changes.revision],
        api_visibility="private",
    )  # fmt: skip
    changes.revision.change(lists, samples, [samples, table], **QUIET)
    changes.job_mark.change(show, shown_job, view, **QUIET)
    shown_job.change(show, shown_job, view, **QUIET)
    table.select(choose, None, shown_job, **QUIET)
    stop_keep.click(lambda job_id: stop(job_id, True), shown_job, changes.revision, **QUIET)
    stop_discard.click(lambda job_id: stop(job_id, False), shown_job, changes.revision, **QUIET)
    resume.click(go_on, shown_job, changes.revision, **QUIET)


def _knobs(default: TuneSettings) -> dict[str, gr.components.Component]:
    """One input for each setting of tuning, by the setting's name."""
    with gr.Row():
        epochs = gr.Number(default.epochs, label="Epochs", precision=0, minimum=1, min_width=110)
        rate = gr.Number(default.learning_rate, label="Learning rate", step=0.0001, min_width=110)
        schedule = gr.Dropdown(
            ["linear", "cosine", "constant"], value=default.schedule, label="Schedule", min_width=110
        )
        warmup = gr.Number(default.warmup_steps, label="Warm-up steps", precision=0, minimum=0, min_width=110)
        batch = gr.Number(default.batch_size, label="Batch size", precision=0, minimum=1, min_width=110)
        rank = gr.Number(default.rank, label="Rank r", precision=0, minimum=1, min_width=110)
        alpha = gr.Number(default.alpha, label="Alpha", precision=0, minimum=1, min_width=110)
        dropout = gr.Number(
            default.dropout, label="Dropout", minimum=0, maximum=0.9, step=0.05, min_width=110
        )
        length = gr.Number(
            default.max_length, label="Max length (tokens)", precision=0, minimum=16, min_width=110
        )
        seed = gr.Number(default.seed, label="Seed", precision=0, minimum=0, min_width=110)
    return {
        "epochs": epochs,
        "learning_rate": rate,
        "schedule": schedule,
        "warmup_steps": warmup,
        "batch_size": batch,
        "rank": rank,
        "alpha": alpha,
        "dropout": dropout,
        "max_length": length,
        "seed": seed,
    }


def _curves(metrics: list) -> pd.DataFrame:
    """The points of both loss curves, one row each."""
    rows = [(point.step, point.loss, "train") for point in metrics if point.loss is not None]
    rows += [(p.step, p.held_out_loss, "held out") for p in metrics if p.held_out_loss is not None]
    # An empty table has no types of its own, and the plot would keep taking numbers for names.
    return pd.DataFrame(rows, columns=CURVES).astype({"step": "int64", "loss": "float64", "samples": "str"})


def _job_row(job: Job) -> list[object]:
    held_out = job.metrics.get("held_out_loss")
    steps = f"{job.step}/{job.total_steps}" if job.ended and job.total_steps else ""
    return [
        job.id, job.model_name, job.sample_set_name, job.status, steps,
        f"{held_out:.3f}" if held_out is not None else "", (job.started_at or "")[:16].replace("T", " "),
    ]  # fmt: skip
