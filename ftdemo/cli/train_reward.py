"""`reward`: a reward model from the votes."""

from typing import Annotated, Any

import typer

from ftdemo.cli.jobs import WaitOption, end_with_job
from ftdemo.cli.knobs import with_knobs
from ftdemo.cli.output import DataOption, JsonOption, command, open_studio
from ftdemo.rewards.settings import RewardSettings


@with_knobs(RewardSettings)
@command
def train_reward(
    name: Annotated[str, typer.Argument(help="Name of the reward model to be.", show_default=False)],
    wait: WaitOption = False,
    data: DataOption = None,
    as_json: JsonOption = False,
    **knobs: Any,
) -> None:
    """Train a reward model on the votes, as a job in a process of its own."""
    studio = open_studio(data)
    end_with_job(studio, studio.train_reward_model(name, **knobs), wait, as_json)
