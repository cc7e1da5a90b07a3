"""`jobs list | show | compare | stop | pause | resume | remove`."""

from typing import Annotated

import typer

from ftdemo.cli.output import (
    DataOption,
    JsonOption,
    PassingLine,
    command,
    open_studio,
    print_json,
    tell,
    tell_table,
)
from ftdemo.jobs.sheet import compare_runs, run_sheet
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio

app = typer.Typer(no_args_is_help=True)

JobArgument = Annotated[int, typer.Argument(metavar="JOB", help="The job's number.", show_default=False)]
WaitOption = Annotated[bool, typer.Option("--wait", help="Return when the job has ended.")]


@app.command("list")
@command
def list_jobs(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the jobs, oldest first."""
    jobs = open_studio(data).jobs.all()
    tell_table(
        as_json,
        {"jobs": jobs},
        ("JOB", "STATUS", "MODEL", "SAMPLES", "STEP", "CREATED"),
        [
            (
                j.id,
                j.status,
                j.model_name,
                j.sample_set_name,
                f"{j.step}/{j.total_steps or '?'}",
                j.created_at[:16],
            )
            for j in jobs
        ],
        "There are no jobs yet. Start one with: python -m ftdemo tune NAME --samples SET",
    )


@app.command()
@command
def show(job_id: JobArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show one job with its curves."""
    studio = open_studio(data)
    studio.jobs.refresh()
    job, metrics = studio.jobs.get(job_id), studio.jobs.metrics(job_id)
    answers = studio.jobs.answers(job_id)
    if as_json:
        print_json({"job": job, "sheet": run_sheet(job), "curves": metrics, "answers": answers})
        return
    typer.echo(describe(job))
    for name, value in run_sheet(job).items():
        typer.echo(f"  {name}: {value}")
    for answer in answers:
        typer.echo(f"  after step {answer.step}: {answer.question} -> {answer.answer}")


@app.command()
@command
def compare(
    job_ids: Annotated[list[int], typer.Argument(metavar="JOB...", help="Jobs.", show_default=False)],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what differs between runs, settings and figures, one column a run."""
    studio = open_studio(data)
    jobs = [studio.jobs.get(job_id) for job_id in job_ids]
    rows = compare_runs(jobs)
    curves = {job.id: studio.jobs.metrics(job.id) for job in jobs}
    tell_table(
        as_json,
        {"jobs": jobs, "differences": rows, "curves": curves},
        ("", *(f"JOB {job.id}" for job in jobs)),
        [(k, *v) for k, v in rows.items()],
    )


@app.command()
@command
def stop(
    job_id: JobArgument,
    discard: Annotated[bool, typer.Option("--discard", help="Throw away what was learned.")] = False,
    wait: WaitOption = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop a job after its present step; what it learned so far is saved as the model."""
    studio = open_studio(data)
    job = studio.jobs.stop(job_id, keep=not discard)
    end_with_job(studio, job, wait, as_json)


@app.command()
@command
def pause(
    job_id: JobArgument, wait: WaitOption = False, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Stop a job after its present step with a checkpoint, to be resumed later."""
    studio = open_studio(data)
    end_with_job(studio, studio.jobs.pause(job_id), wait, as_json)


@app.command()
@command
def remove(job_id: JobArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Delete a job that has ended, with its curves, log and checkpoints; its model stays."""
    open_studio(data).jobs.remove(job_id)
    tell(as_json, {"removed": job_id}, f"Removed job {job_id}.")


@app.command()
@command
def resume(
    job_id: JobArgument, wait: WaitOption = False, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Put a paused, interrupted, stopped or failed job back into the queue, from its last checkpoint."""
    studio = open_studio(data)
    end_with_job(studio, studio.jobs.resume(job_id), wait, as_json)


def end_with_job(studio: Studio, job: Job, wait: bool, as_json: bool) -> None:
    """Print a job, after waiting for its end if that is wanted; a job that failed ends the command with 1."""
    if wait:
        line = PassingLine()
        job = studio.jobs.wait(job.id, lambda job: line.show(describe(job)))
        line.show("")
    model = next((model for model in studio.models.all() if model.job_id == job.id), None)
    if as_json:
        result = {"job": job, "model": model or {"name": job.model_name}, "metrics": job.metrics}
        failed = job.status in ("failed", "interrupted")
        error = {"error": {"message": job.error_message, "remedy": job.error_remedy}} if failed else {}
        print_json({**result, **error})
    else:
        typer.echo(describe(job))
    if job.status in ("failed", "interrupted"):
        raise typer.Exit(1)


def describe(job: Job) -> str:
    """A job in a line."""
    line = f"Job {job.id} ({job.model_name}): {job.status}"
    if job.phase:
        line += f", {job.phase}"
    if job.total_steps:
        line += f", step {job.step} of {job.total_steps}"
    if job.seconds_left:
        line += f", about {job.seconds_left:.0f} s left"
    if job.error_message:
        line += f". {job.error_message} {job.error_remedy}"
    return line
