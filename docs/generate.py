"""Writes the reference pages from the code: settings, knobs, command line, endpoints and tables.

`python -m docs.generate` writes them into `docs/pages/reference`; a test holds them to the code.
"""

import inspect
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from ftdemo.aligning.ppo.settings import PpoSettings
from ftdemo.aligning.preference.settings import PreferenceSettings
from ftdemo.aligning.settings import AlignSettings
from ftdemo.cli.app import app
from ftdemo.engines import GenerationSettings
from ftdemo.evaluation.settings import EvaluationSettings
from ftdemo.knobs import Kind, Option, options
from ftdemo.rewards.settings import RewardSettings
from ftdemo.settings import Settings, variable
from ftdemo.store import Store
from ftdemo.tuning.settings import TuneSettings

REFERENCE = Path(__file__).parent / "pages" / "reference"
NOTE = "<!-- Written by `python -m docs.generate`; edit the code instead. -->\n"
DEPENDS = {
    "data": "`ftdemo-data` beside `app.py`; `/data` on a Space that has it",
    "threads": "all cores",
    "training_threads": "all cores",
    "offline": "`0`",
}
"""Defaults that are found when the program starts, in words."""
ON_EVERY_COMMAND = ("data", "as_json")
KNOBS: dict[str, Kind] = {
    "Tuning": TuneSettings,
    "Reward models": RewardSettings,
    "Aligning by votes: DPO and KTO": PreferenceSettings,
    "Aligning by a reward model: PPO and RLOO": PpoSettings,
    "Every alignment": AlignSettings,
    "Evaluation": EvaluationSettings,
    "Answers": GenerationSettings,
}


def pages() -> dict[str, str]:
    """The text of each reference page, by its file's name."""
    made = {
        "settings.md": settings_page,
        "knobs.md": knobs_page,
        "command-line.md": command_line_page,
        "endpoints.md": endpoints_page,
        "tables.md": tables_page,
    }
    return {name: NOTE + "\n" + make() for name, make in made.items()}


def settings_page() -> str:
    """The environment's variables."""
    rows = [
        (f"`{variable(option.name)}`", option.help, DEPENDS.get(option.name) or code(option.default))
        for option in options(Settings)
    ]
    return (
        "# Settings\n\nRead once from the environment, when the program starts; a value that cannot be used "
        "is refused with what is allowed.\n\n"
        + table(("variable", "meaning", "default"), rows)
        + "\nGradio's own (`GRADIO_SERVER_NAME`, `GRADIO_SERVER_PORT`, …) and the Hub's (`HF_HOME`, "
        "`HF_TOKEN`, `HF_HUB_OFFLINE`) keep their meaning.\n"
    )


def knobs_page() -> str:
    """What can be set for a job, by kind of job."""
    parts = [
        "# Knobs\n\nWhat can be set for a job, with the default of its settings' class; a recipe or a method "
        "may have defaults of its own. Command line, page and endpoints take these names.\n"
    ]
    for title, kind in KNOBS.items():
        rows = [
            (f"`{option.name}`", _meaning(option), option.takes, code(option.default))
            for option in options(kind)
        ]
        parts.append(f"\n## {title}\n\n" + table(("knob", "meaning", "takes", "default"), rows))
    return "".join(parts)


def command_line_page() -> str:
    """Every command with its arguments and options."""
    parts = [
        "# The command line\n\nEverything the page does is a command, each with `--data FOLDER` and "
        '`--json`: one JSON object on standard output; errors as `{"error": {"message", "remedy"}}` with '
        "exit status 1. Wrong usage exits with 2.\n"
    ]
    for name, command in _commands(typer.main.get_command(app), "python -m ftdemo"):
        rows = [
            (_spelled(parameter), str(getattr(parameter, "help", None) or ""), _usual(parameter))
            for parameter in command.params
            if parameter.name not in ON_EVERY_COMMAND
        ]
        parts.append(f"\n## `{name}`\n\n{inspect.cleandoc(command.help or '')}\n\n")
        parts.append(table(("argument or option", "meaning", "default"), rows))
    return "".join(parts)


def endpoints_page() -> str:
    """Every named endpoint of the page, as gradio itself tells them."""
    from ftdemo.ui.page import build

    with tempfile.TemporaryDirectory() as folder:
        named = build(Settings(data=Path(folder), offline=True)).get_api_info()["named_endpoints"]
    parts = [
        "# Endpoints\n\nFor `gradio_client` and plain HTTP, while the page is served; the page's footer "
        "shows them too, with an example of each.\n"
    ]
    for name, told in sorted(named.items()):
        rows = [
            (
                f"`{parameter['parameter_name']}`",
                f"`{parameter['python_type']['type']}`",
                code(parameter["parameter_default"]) if parameter["parameter_has_default"] else "needed",
            )
            for parameter in told["parameters"]
        ]
        parts.append(f"\n## `{name}`\n\n{told.get('description') or ''}\n\n")
        parts.append(table(("argument", "type", "default"), rows) if rows else "No arguments.\n")
    return "".join(parts)


def tables_page() -> str:
    """The tables of the SQLite file."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "ftdemo.db")
        shapes = {table.name: table.schema for table in store.database.tables}
        store.database.close()
    parts = [
        "# Tables\n\nThe SQLite file `ftdemo.db`, as a new one is made. What is stored as text in a "
        "column such as `settings`, `metrics` or `figures` is JSON.\n"
    ]
    for name, shape in sorted(shapes.items()):
        parts.append(f"\n## `{name}`\n\n```sql\n{shape.strip()}\n```\n")
    return "".join(parts)


def arguments(documented: Callable[..., Any]) -> dict[str, str]:
    """The meaning of each argument, from the part `Args:` of a docstring."""
    _, _, part = inspect.cleandoc(documented.__doc__ or "").partition("Args:\n")
    part = re.split(r"\n(?=\S)", part)[0]
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", part, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


def code(value: object) -> str:
    """A default as it is shown."""
    if value is None or value in ("", ()):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _meaning(option: Option) -> str:
    only = f" Only {', '.join(option.only)}." if option.only else ""
    return f"{option.help}{only}"


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The commands below one, each with its full name."""
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    for part in sorted(below):
        yield from _commands(below[part], f"{name} {part}")


def _spelled(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.name.upper()}`"
    return " ".join(f"`{spelling}`" for spelling in (*parameter.opts, *parameter.secondary_opts))


def _usual(parameter: Any) -> str:
    """What holds where an option is not given."""
    if parameter.required:
        return "needed"
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    return (
        "off" if getattr(parameter, "is_flag", False) and not parameter.default else code(parameter.default)
    )


def main() -> None:
    """Write the pages."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
