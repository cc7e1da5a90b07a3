"""`models list | show | rename | remove`."""

from typing import Annotated

import typer

from ftdemo.cli.output import DataOption, JsonOption, command, open_studio, tell, tell_table

app = typer.Typer(no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="The tuned model's name.", show_default=False)]


@app.command("list")
@command
def list_models(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the base model and the tuned models."""
    studio = open_studio(data)
    models = studio.models.all()
    base = {"name": "base", "base_model": studio.settings.base_model, "method": None}
    tell_table(
        as_json,
        {"models": [base, *(vars(model) for model in models)]},
        ("NAME", "METHOD", "SAMPLES", "BASE MODEL", "MADE"),
        [
            ("base", "", "", studio.settings.base_model, ""),
            *((m.name, m.method, m.sample_set_name, m.base_model, m.created_at[:16]) for m in models),
        ],
    )


@app.command()
@command
def show(name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show a tuned model: where it came from, its settings and figures."""
    model = open_studio(data).models.describe(name)
    tell(as_json, {"model": model}, *(f"{key}: {value}" for key, value in model.items()))


@app.command()
@command
def rename(
    name: NameArgument,
    new_name: Annotated[str, typer.Argument(help="Its new name.", show_default=False)],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a tuned model another name."""
    model = open_studio(data).models.rename(name, new_name)
    tell(as_json, {"model": model}, f"{name!r} is now named {model.name!r}.")


@app.command()
@command
def remove(name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Delete a tuned model and its files."""
    open_studio(data).models.remove(name)
    tell(as_json, {"removed": name}, f"Removed {name!r}.")
