"""`reward`: a reward model from the votes."""

from typing import Annotated

import typer

from ftdemo.cli.jobs import end_with_job
from ftdemo.cli.output import DataOption, JsonOption, command, open_studio


@command
def reward(
    name: Annotated[str, typer.Argument(help="Name of the reward model to be.", show_default=False)],
    model: Annotated[
        list[str] | None, typer.Option(help="Only votes on this model's answers; may be repeated.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the votes.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Step size of the adapter.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Votes in a step.")] = None,
    held_out_share: Annotated[float | None, typer.Option(help="Share of the prompts held out.")] = None,
    seed: Annotated[int | None, typer.Option(help="Start of the random numbers.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return when the job has ended.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a reward model on the votes, as a job in a process of its own."""
    studio = open_studio(data)
    job = studio.train_reward_model(
        name,
        models=tuple(model or ()),
        epochs=epochs,
        learning_rate=learning_rate,
        batch_size=batch_size,
        held_out_share=held_out_share,
        seed=seed,
    )
    end_with_job(studio, job, wait, as_json)
