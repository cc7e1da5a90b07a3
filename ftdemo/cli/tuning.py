"""`tune` and `estimate`."""

from typing import Annotated, Any

import typer

from ftdemo.cli.jobs import end_with_job
from ftdemo.cli.knobs import with_knobs
from ftdemo.cli.output import DataOption, JsonOption, command, open_studio, tell
from ftdemo.tuning.estimate import Estimate, as_dict
from ftdemo.tuning.recipes import DEFAULT_RECIPE, RECIPES
from ftdemo.tuning.settings import TuneSettings

SamplesOption = Annotated[str | None, typer.Option(help="The sample set to learn from.", show_default=False)]
BaseOption = Annotated[
    str | None, typer.Option(help="Base model, instead of FTDEMO_BASE_MODEL.", show_default=False)
]
RecipeOption = Annotated[str, typer.Option(help=f"One of: {', '.join(RECIPES)}.")]
ParentOption = Annotated[
    str | None,
    typer.Option("--parent", "--from", help="A tuned model to continue from.", show_default=False),
]
LikeOption = Annotated[
    int | None,
    typer.Option(help="A job whose samples and settings to take where none are given.", show_default=False),
]


@with_knobs(TuneSettings, default="the recipe's")
@command
def tune(
    name: Annotated[str, typer.Argument(help="Name of the tuned model to be.", show_default=False)],
    samples: SamplesOption = None,
    base: BaseOption = None,
    recipe: RecipeOption = DEFAULT_RECIPE,
    parent: ParentOption = None,
    like: LikeOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return when the job has ended.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
    **knobs: Any,
) -> None:
    """Tune the base model on a sample set, as a job in a process of its own."""
    _need_samples(samples, like)
    studio = open_studio(data, base)
    job = studio.tune(name, samples, recipe, parent=parent, like=like, **knobs)
    end_with_job(studio, job, wait, as_json)


@with_knobs(TuneSettings, default="the recipe's")
@command
def estimate(
    samples: SamplesOption = None,
    base: BaseOption = None,
    recipe: RecipeOption = DEFAULT_RECIPE,
    parent: ParentOption = None,
    like: LikeOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
    **knobs: Any,
) -> None:
    """Tell what a run would cost, after measuring this machine's speed once."""
    _need_samples(samples, like)
    studio = open_studio(data, base)
    found = studio.estimate(samples, recipe, measure=True, parent=parent, like=like, **knobs)
    tell(as_json, {"estimate": as_dict(found)}, *_lines(found))


def _need_samples(samples: str | None, like: int | None) -> None:
    if samples is None and like is None:
        raise typer.BadParameter("name the sample set, or with --like a job", param_hint="--samples")


def _lines(found: Estimate) -> list[str]:
    time = f"{found.seconds:.0f} s" if found.seconds is not None else "not measured"
    lines = [
        f"Samples: {found.samples}, {found.tokens:,} tokens; {found.held_out_samples} held out",
        f"Steps: {found.steps}",
        f"Trainable parameters: {found.trainable_parameters:,} of {found.parameters:,} "
        f"({found.trainable_share:.1%})",
        f"Memory: {found.memory_bytes / 1e9:.1f} GB needed, {found.memory_free_bytes / 1e9:.1f} GB free",
        f"Disk: {found.disk_bytes / 1e9:.2f} GB needed, {found.disk_free_bytes / 1e9:.1f} GB free",
        f"Time: {time}",
    ]
    return [*lines, " ".join(found.refusal)] if found.refusal else lines
