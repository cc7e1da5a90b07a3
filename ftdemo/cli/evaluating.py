"""`evaluate`: who wins, what was forgotten, and whether it is still fluent."""

from typing import Annotated

import typer

from ftdemo.cli.jobs import WaitOption, end_with_job
from ftdemo.cli.output import DataOption, JsonOption, command, open_studio
from ftdemo.evaluation.figures import EvaluationFigures


@command
def evaluate(
    model: Annotated[str, typer.Argument(help="The model to evaluate.", show_default=False)],
    against: Annotated[
        str | None,
        typer.Option(help="Compare with this model; else with the one it continues from, or base."),
    ] = None,
    reward: Annotated[str | None, typer.Option(help="Reward model that judges.")] = None,
    held_out_reward: Annotated[
        str | None, typer.Option(help="Another that judges, which nothing was aligned with.")
    ] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(help="A judge by a rule: short, question or without:PHRASE; may be repeated."),
    ] = None,
    samples: Annotated[str | None, typer.Option(help="Sample set whose held-out questions to ask.")] = None,
    question: Annotated[list[str] | None, typer.Option(help="A question to ask; may be repeated.")] = None,
    votes: Annotated[
        bool | None, typer.Option("--votes/--no-votes", help="Ask what was voted on and held out.")
    ] = None,
    prompts: Annotated[int | None, typer.Option(help="The most questions to ask.")] = None,
    max_new_tokens: Annotated[int | None, typer.Option(help="Longest answer, in tokens.")] = None,
    wait: WaitOption = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare a model with another on questions that neither learned, as a job in a process of its own."""
    studio = open_studio(data)
    job = studio.evaluate(
        model,
        against,
        reward,
        samples=samples,
        questions=question,
        rules=tuple(rule) if rule else None,
        held_out_reward=held_out_reward,
        votes=votes,
        prompts=prompts,
        max_new_tokens=max_new_tokens,
    )
    end_with_job(studio, job, wait, as_json)
    if not as_json:
        for verdict in EvaluationFigures.of(studio.jobs.get(job.id)).verdicts:
            typer.echo(verdict)
