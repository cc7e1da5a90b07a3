"""`align` and `rounds`: a model that answers as people like."""

from typing import Annotated, Any

import typer

from ftdemo.aligning.figures import AlignFigures
from ftdemo.aligning.ppo.settings import PpoSettings
from ftdemo.aligning.preference.settings import PreferenceSettings
from ftdemo.aligning.settings import METHODS, AlignSettings
from ftdemo.cli.jobs import WaitOption, end_with_job
from ftdemo.cli.knobs import with_knobs
from ftdemo.cli.output import DataOption, JsonOption, command, open_studio, tell_table
from ftdemo.names import BASE


@with_knobs(PreferenceSettings, PpoSettings, AlignSettings, default="the method's")
@command
def align(
    name: Annotated[str, typer.Argument(help="Name of the aligned model to be.", show_default=False)],
    method: Annotated[
        str | None,
        typer.Option(help=f"One of: {', '.join(METHODS)}.", show_default="the one that fits the votes"),
    ] = None,
    parent: Annotated[str, typer.Option("--parent", "--start", help="The model it learns on from.")] = BASE,
    reward: Annotated[
        str | None, typer.Option(help="Reward model to learn from; with dpo and kto, to judge.")
    ] = None,
    samples: Annotated[
        str | None, typer.Option(help="ppo, rloo: the sample set whose questions to practise on.")
    ] = None,
    wait: WaitOption = False,
    data: DataOption = None,
    as_json: JsonOption = False,
    **knobs: Any,
) -> None:
    """Learn from the votes, as a job in a process of its own, and compare the result with the start."""
    studio = open_studio(data)
    job = studio.align(name, method, parent, reward=reward, samples=samples, **knobs)
    end_with_job(studio, job, wait, as_json)
    if not as_json:
        compared = AlignFigures.of(studio.jobs.get(job.id)).evaluation
        for verdict in compared.verdicts if compared else ():
            typer.echo(verdict)


@command
def rounds(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the models that learned from votes, round after round, with what came of it."""
    line = open_studio(data).rounds()
    tell_table(as_json, {"rounds": [one.as_dict() for one in line]},
        ("ROUND", "MODEL", "START", "METHOD", "VOTES", "WINS"),
        [
            (one.round, one.model, one.parent, one.method, one.votes,
             f"{one.win_rate:.0%}" if one.win_rate is not None else "")
            for one in line
        ],
        "No model has learned from votes yet: python -m ftdemo align NAME",
    )  # fmt: skip
