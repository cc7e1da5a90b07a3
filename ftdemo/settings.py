"""One frozen settings object, read once from the environment.

Every variable starts with `FTDEMO_`; `docs/pages/reference/settings.md` lists them.
Gradio's variables (`GRADIO_SERVER_PORT`, …) and the Hub's (`HF_HOME`, `HF_TOKEN`, `HF_HUB_OFFLINE`, …) keep
their own meaning and are not read here.
"""

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Any, Literal

from ftdemo.errors import UserError
from ftdemo.knobs import Knobs, Option, knob, options

DEFAULT_BASE_MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
REPOSITORY = Path(__file__).resolve().parent.parent
EXAMPLES_FOLDER = REPOSITORY / "samples"

EngineSetting = Literal["auto", "transformers", "llama.cpp"]
ChatWeights = Literal["float16", "file"]

ON = frozenset({"1", "true", "yes", "on"})
OFF = frozenset({"0", "false", "no", "off"})
"""What a variable may say that turns something on or off, in any case."""


@dataclass(frozen=True)
class Settings(Knobs):
    """What can be set from outside, each by the variable `variable` names: FTDEMO_DATA for `data`."""

    data: Path = knob(
        MISSING,
        "data folder",
        "Folder that holds all that is saved: the SQLite file, base models, tuned models. Without it, "
        "'ftdemo-data' beside app.py, or '/data' on a Space that has it.",
    )
    base_model: str = knob(DEFAULT_BASE_MODEL, "base model", "A Hub id, a local folder, or a GGUF file.")
    threads: int = knob(
        2, "number of threads", "Processor threads that chat may use. Without it, all cores.", 1, 1024
    )
    training_threads: int = knob(
        2,
        "number of training threads",
        "Processor threads that a training worker may use. Without it, all cores.",
        1,
        1024,
    )
    max_upload_mb: float = knob(
        100.0, "largest upload", "Largest samples file, in megabytes (10^6 bytes).", 0.001, 100_000
    )
    max_answer_tokens: int = knob(
        1024, "longest answer", "Largest number of new tokens one answer may have.", 1, 1_000_000
    )
    max_prompt_tokens: int = knob(
        2048,
        "longest prompt",
        "Largest number of tokens a conversation may have before its next answer.",
        1,
        1_000_000,
    )
    engine: EngineSetting = knob(
        "auto",
        "engine",
        "What generates answers; 'auto' takes llama.cpp on a processor if it can run the base model.",
    )
    chat_weights: ChatWeights = knob(
        "float16",
        "kind of chat weights",
        "The default model's in llama.cpp: 'float16', or 'file' for its 4-bit file as it is.",
    )
    chat_seats: int = knob(
        8, "number of seats", "Questions that are answered at once; more wait in line.", 1, 10_000
    )
    chat_line: int = knob(32, "length of the line", "Questions that may wait in line.", 0, 10_000)
    chat_per_visitor: int = knob(
        2,
        "number of questions a visitor",
        "Questions of one visitor that may be answered or wait at once.",
        1,
        10_000,
    )
    source_timeout: float = knob(
        5.0,
        "patience with a source",
        "Seconds a base model source gets to answer before the next one is tried.",
        0.1,
        3600,
    )
    offline: bool = knob(False, "choice of being offline", "Ask no source that needs the network.")

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / "ftdemo.db"

    @property
    def base_models(self) -> Path:
        """Folder of converted and downloaded base models."""
        return self.data / "base-models"

    @property
    def tuned_models(self) -> Path:
        """Folder of tuned models, one folder per job that made one."""
        return self.data / "tuned-models"

    @property
    def reward_models(self) -> Path:
        """Folder of reward models, one folder per job that made one."""
        return self.data / "reward-models"

    @property
    def gguf(self) -> Path:
        """Folder of GGUF files made for llama.cpp; they can be made again at any time."""
        return self.data / "gguf"

    @property
    def job_folders(self) -> Path:
        """Folder of what jobs leave behind while they run: log and checkpoints."""
        return self.data / "jobs"

    @property
    def token_cache(self) -> Path:
        """Folder of sample sets that have been tokenised."""
        return self.data / "cache" / "tokens"

    def as_environment(self) -> dict[str, str]:
        """Return these settings as the variables that `settings_from_environment` reads, for a worker."""
        return {variable(name): _as_text(value) for name, value in self.as_dict().items()}


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"FTDEMO_{name.upper()}"


def settings_from_environment(
    environment: Mapping[str, str] | None = None, data: str | Path | None = None
) -> Settings:
    """Read the settings.

    Args:
        environment: the variables; `os.environ` if None. An empty one counts as none.
        data: the data folder, instead of the one in the environment.

    Raises:
        UserError: a variable has a value that cannot be used.
    """
    environment = os.environ if environment is None else environment
    cores = os.cpu_count() or 1
    found: dict[str, Any] = {"data": _default_data_folder(), "threads": cores, "training_threads": cores}
    for option in options(Settings):
        text = environment.get(variable(option.name))
        if text and not (option.name == "data" and data):
            found[option.name] = _read(option, text)
    if data:
        found["data"] = Path(data)
    try:
        folder = found["data"].expanduser().absolute()
    except RuntimeError:  # `~name` of nobody
        raise UserError(
            f"There is no home folder for the data folder {str(found['data'])!r}.", "Give its whole path."
        ) from None
    return Settings(**{**found, "data": folder})


def _read(option: Option, text: str) -> Any:
    """A variable's value.

    Raises:
        UserError: it cannot be used.
    """
    called = f"setting {variable(option.name)}"
    if option.type is bool:
        if text.lower() not in ON | OFF:
            raise UserError(
                f"The {called} is {text!r}.",
                f"Set it to one of: {', '.join(sorted(ON))} for on, {', '.join(sorted(OFF))} for off.",
            )
        return text.lower() in ON
    if option.type in (int, float):
        try:
            return option.checked(float(text), called, repr(text))
        except ValueError:
            pass  # no number: it is refused below, in the same words
    return option.checked(text, called, repr(text))


def _as_text(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def child_environment(settings: Settings | None = None) -> dict[str, str]:
    """The variables for a Python process of ours, so that it finds this package and the same settings."""
    path = os.pathsep.join(part for part in (str(REPOSITORY), os.environ.get("PYTHONPATH")) if part)
    return {**os.environ, "PYTHONPATH": path, **(settings.as_environment() if settings else {})}


def _default_data_folder() -> Path:
    """`/data` is a Space's persistent disk; everywhere else the folder lies beside app.py."""
    space_disk = Path("/data")
    if "SPACE_ID" in os.environ and space_disk.is_dir() and os.access(space_disk, os.W_OK):
        return space_disk
    return REPOSITORY / "ftdemo-data"
