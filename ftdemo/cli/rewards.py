"""`rewards list | show | remove`."""

from typing import Annotated

import typer

from ftdemo.cli.output import DataOption, JsonOption, command, open_studio, tell, tell_table

app = typer.Typer(no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="The reward model's name.", show_default=False)]


@app.command("list")
@command
def list_reward_models(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the reward models."""
    models = open_studio(data).reward_models.all()
    tell_table(
        as_json,
        {"reward_models": models},
        ("NAME", "BASE MODEL", "JOB", "MADE"),
        [(model.name, model.base_model, model.job_id, model.created_at[:16]) for model in models],
        "No reward models yet. Train one on the votes: python -m ftdemo reward NAME",
    )


@app.command()
@command
def show(name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show a reward model: how far it foresees votes, its settings and figures."""
    model = open_studio(data).reward_models.describe(name)
    tell(as_json, {"reward_model": model}, *(f"{key}: {value}" for key, value in model.items()))


@app.command()
@command
def remove(name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Delete a reward model and its files."""
    open_studio(data).reward_models.remove(name)
    tell(as_json, {"removed": name}, f"Removed {name!r}.")
