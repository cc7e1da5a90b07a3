"""`evaluate`: who wins, what was forgotten, and whether it is still fluent."""

from typing import Annotated, Any

import typer

from ftdemo.cli.jobs import WaitOption, end_with_job
from ftdemo.cli.knobs import with_knobs
from ftdemo.cli.output import DataOption, JsonOption, command, open_studio
from ftdemo.evaluation.figures import EvaluationFigures
from ftdemo.evaluation.settings import EvaluationSettings


@with_knobs(EvaluationSettings)
@command
def evaluate(
    model: Annotated[str, typer.Argument(help="The model to evaluate.", show_default=False)],
    against: Annotated[
        str | None,
        typer.Option(help="Compare with this model; else with the one it continues from, or base."),
    ] = None,
    reward: Annotated[str | None, typer.Option(help="Reward model that judges.")] = None,
    samples: Annotated[str | None, typer.Option(help="Sample set whose held-out questions to ask.")] = None,
    wait: WaitOption = False,
    data: DataOption = None,
    as_json: JsonOption = False,
    **knobs: Any,
) -> None:
    """Compare a model with another on questions that neither learned, as a job in a process of its own."""
    studio = open_studio(data)
    job = studio.evaluate(model, against, reward, samples=samples, **knobs)
    end_with_job(studio, job, wait, as_json)
    if not as_json:
        for verdict in EvaluationFigures.of(studio.jobs.get(job.id)).verdicts:
            typer.echo(verdict)
