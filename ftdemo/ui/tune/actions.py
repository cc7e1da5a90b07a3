"""What the tab Tune does: a run is estimated, started, done again, removed, and compared with others."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from ftdemo.errors import UserError
from ftdemo.jobs import curves
from ftdemo.jobs.sheet import compare_runs
from ftdemo.knobs import names
from ftdemo.names import BASE
from ftdemo.store.figures import RunFigures
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from ftdemo.tuning.recipes import RECIPES
from ftdemo.tuning.settings import TuneSettings
from ftdemo.ui import html
from ftdemo.ui.choices import offer_anew
from ftdemo.ui.job import html as job_html
from ftdemo.ui.job import plots
from ftdemo.ui.polling import revision
from ftdemo.ui.tune import html as tuning_html
from ftdemo.ui.tune.look import NOT_YET, NOTHING_CHOSEN


def lists(studio: Studio, present: str | None, parent: str) -> tuple[dict[str, object], dict[str, object]]:
    """The sample sets that have something to learn from, and the models to start from."""
    sets = [saved.name for saved in studio.samples.all() if saved.train]
    return offer_anew(sets, present), offer_anew(studio.models.names(), parent, BASE)


def apply_recipe(recipe: str, method: str) -> dict[str, Any]:
    """The knobs of a recipe for a method, by name."""
    values = RECIPES[recipe].settings(method).as_dict()
    return {name: value for name, value in values.items() if name != "method"}


def tell_cost(studio: Studio, values: Mapping[str, Any]) -> str:
    """What the run would cost, without measuring anything; a sentence if that cannot be told."""
    if not values["samples"]:
        return html.empty(NOT_YET)
    try:
        return tuning_html.estimate_card(studio.estimate(**values))
    except UserError as error:  # while somebody types, a toast for each letter would be too much
        return html.empty(str(error))


def measure_cost(studio: Studio, values: Mapping[str, Any]) -> str:
    """What the run would cost, its time measured."""
    return tuning_html.estimate_card(studio.estimate(**_asked(values), measure=True))


def begin(studio: Studio, values: Mapping[str, Any]) -> tuple[int, str, str]:
    """Start the run; it is shown, and the field of its name is empty again."""
    return studio.tune(**_asked(values)).id, "", revision(studio)


def list_runs(studio: Studio) -> tuple[list[list[object]], dict[str, object]]:
    """Every job, newest first, in the table and to be compared."""
    jobs = list(reversed(studio.jobs.all()))
    titles = [(f"{job.id}: {job.model_name}", job.id) for job in jobs]
    return [_row(job) for job in jobs], gr.update(choices=titles)


def choose(event: gr.SelectData) -> int:
    """The job of the row that was clicked."""
    return int(event.row_value[0])


def use(studio: Studio, job_id: int | None) -> dict[str, Any]:
    """What the form shows for a job that is to be done again, by name."""
    job = studio.jobs.shown(job_id)
    if job is None:
        return {}
    known = {**TuneSettings().as_dict(), **job.settings}
    known |= {"samples": job.sample_set_name, "parent": job.parent_model or BASE}
    return {name: known[name] for name in ("samples", "parent", *names(TuneSettings))}


def remove(studio: Studio, job_id: int | None) -> tuple[None, str]:
    """Remove the job that is shown."""
    job = studio.jobs.shown(job_id)
    if job is not None:
        studio.jobs.remove(job.id)
    return None, revision(studio)


def compare(studio: Studio, job_ids: list[int] | None) -> tuple[object, str]:
    """Two or more runs in one plot, with what differs between them."""
    if len(job_ids or []) < 2:
        return gr.update(visible=False), html.empty(NOTHING_CHOSEN)
    stories = [studio.jobs.story(job_id) for job_id in job_ids or []]
    known = [story for story in stories if story is not None]
    letters = tuple(plots.RUN_COLOURS)
    drawn = plots.table(curves.of_runs((story.metrics for story in known), letters), letters)
    rows = compare_runs([story.job for story in known])
    return gr.update(value=drawn, visible=True), job_html.differences(rows, letters)


def _asked(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a run is made of; without samples its sentence says so."""
    return {**values, "samples": values["samples"] or ""}


def _row(job: Job) -> list[object]:
    held_out = RunFigures.of(job).held_out_loss
    steps = f"{job.step}/{job.total_steps}" if job.ended and job.total_steps else ""
    return [
        job.id, job.model_name, job.settings.get("method"), job.sample_set_name, job.status, steps,
        f"{held_out:.3f}" if held_out is not None else "", (job.started_at or "")[:16].replace("T", " "),
    ]  # fmt: skip
