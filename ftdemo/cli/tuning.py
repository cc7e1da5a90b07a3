"""`tune`."""

from typing import Annotated

import typer

from ftdemo.cli.jobs import end_with_job
from ftdemo.cli.output import DataOption, JsonOption, command, open_studio
from ftdemo.training.recipes import DEFAULT_RECIPE, RECIPES

HIDDEN_DEFAULT = {"show_default": "the recipe's"}


@command
def tune(
    name: Annotated[str, typer.Argument(help="Name of the tuned model to be.", show_default=False)],
    samples: Annotated[str, typer.Option(help="The sample set to learn from.", show_default=False)],
    base: Annotated[
        str | None, typer.Option(help="Base model, instead of FTDEMO_BASE_MODEL.", show_default=False)
    ] = None,
    recipe: Annotated[str, typer.Option(help=f"One of: {', '.join(RECIPES)}.")] = DEFAULT_RECIPE,
    method: Annotated[str | None, typer.Option(help="How to tune: lora.", **HIDDEN_DEFAULT)] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the samples.", **HIDDEN_DEFAULT)] = None,
    learning_rate: Annotated[float | None, typer.Option(help="AdamW's step size.", **HIDDEN_DEFAULT)] = None,
    schedule: Annotated[
        str | None, typer.Option(help="linear, cosine or constant.", **HIDDEN_DEFAULT)
    ] = None,
    warmup_steps: Annotated[int | None, typer.Option(help="Steps of rising rate.", **HIDDEN_DEFAULT)] = None,
    batch_size: Annotated[int | None, typer.Option(help="Samples in a step.", **HIDDEN_DEFAULT)] = None,
    rank: Annotated[int | None, typer.Option(help="LoRA's r.", **HIDDEN_DEFAULT)] = None,
    alpha: Annotated[int | None, typer.Option(help="LoRA's scale.", **HIDDEN_DEFAULT)] = None,
    dropout: Annotated[float | None, typer.Option(help="LoRA's dropout.", **HIDDEN_DEFAULT)] = None,
    max_length: Annotated[
        int | None, typer.Option(help="Longest sample, in tokens.", **HIDDEN_DEFAULT)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Start of random numbers.", **HIDDEN_DEFAULT)] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return when the job has ended.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tune the base model on a sample set, as a job in a process of its own."""
    studio = open_studio(data, base)
    job = studio.tune(
        name,
        samples,
        recipe,
        method=method,
        epochs=epochs,
        learning_rate=learning_rate,
        schedule=schedule,
        warmup_steps=warmup_steps,
        batch_size=batch_size,
        rank=rank,
        alpha=alpha,
        dropout=dropout,
        max_length=max_length,
        seed=seed,
    )
    end_with_job(studio, job, wait, as_json)
