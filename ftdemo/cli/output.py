"""What commands print: sentences and tables for people, one JSON object with `--json`, errors too."""

import dataclasses
import functools
import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from sqlite3 import OperationalError
from typing import Annotated, Any

import typer

from ftdemo.errors import UserError
from ftdemo.settings import settings_from_environment
from ftdemo.store.failures import data_file_error
from ftdemo.studio import Studio

DataOption = Annotated[
    Path | None, typer.Option("--data", help="Data folder, instead of FTDEMO_DATA.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def open_studio(data: Path | None, base: str | None = None) -> Studio:
    """The app on the data folder and base model of the command line, or of the environment."""
    settings = settings_from_environment(data=data)
    return Studio(dataclasses.replace(settings, base_model=base) if base else settings)


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Make errors a person can mend end the command with status 1, as a sentence or as JSON."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except (UserError, OperationalError) as error:
            told = error if isinstance(error, UserError) else data_file_error(error)
            if told is None:
                raise
            if kwargs.get("as_json"):
                print_json({"error": {"message": told.message, "remedy": told.remedy}})
            else:
                typer.echo(f"Error: {told.message}\n{told.remedy}", err=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None

    return wrapped


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on standard output."""
    typer.echo(json.dumps(_plain(value), ensure_ascii=False, allow_nan=False))


def tell(as_json: bool, value: Mapping[str, Any], *lines: str) -> None:
    """Print what came of a command: one JSON object, or lines for a person."""
    if as_json:
        print_json(value)
        return
    for line in lines:
        typer.echo(line)


def tell_table(
    as_json: bool,
    value: Mapping[str, Any],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    empty: str = "",
) -> None:
    """Print one JSON object, or rows under their columns' names; a sentence if there are none."""
    if as_json:
        print_json(value)
        return
    lines = [[str(cell) if cell is not None else "" for cell in row] for row in rows]
    if not lines:
        typer.echo(empty)
        return
    widths = [max(map(len, column)) for column in zip(columns, *lines, strict=True)]
    for line in [list(columns), *lines]:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


class PassingLine:
    """A line on standard error; each goes over the last on a terminal, elsewhere only new ones are shown."""

    def __init__(self) -> None:
        self._last = ""

    def show(self, line: str) -> None:
        """Show a line; an empty one clears the terminal's."""
        if sys.stderr.isatty():
            typer.echo(f"\r\033[K{line}", nl=False, err=True)
        elif line and line != self._last:
            typer.echo(line, err=True)
        self._last = line


def _plain(value: Any) -> Any:
    """A value in terms of JSON, which has no NaN or infinity: the loss of a run that diverged is null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(vars(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value
