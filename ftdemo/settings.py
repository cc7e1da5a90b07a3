"""One frozen settings object, read once from the environment.

Every variable starts with `FTDEMO_`; `docs/pages/reference/settings.md` lists them.
Gradio's variables (`GRADIO_SERVER_PORT`, …) and the Hub's (`HF_HOME`, `HF_TOKEN`, `HF_HUB_OFFLINE`, …) keep
their own meaning and are not read here.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from ftdemo.errors import UserError

DEFAULT_BASE_MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
REPOSITORY = Path(__file__).resolve().parent.parent
EXAMPLES_FOLDER = REPOSITORY / "samples"

EngineSetting = Literal["auto", "transformers", "llama.cpp"]
ChatWeights = Literal["float16", "file"]


@dataclass(frozen=True)
class Settings:
    """What can be set from outside.

    Args:
        data: folder that holds all that is saved: the SQLite file, base models, tuned models.
        base_model: a Hub id, a local folder, or a GGUF file.
        threads: processor threads that chat may use.
        training_threads: processor threads that a training worker may use.
        max_upload_mb: largest samples file, in megabytes (10^6 bytes).
        max_answer_tokens: largest number of new tokens one answer may have.
        max_prompt_tokens: largest number of tokens a conversation may have before its next answer.
        engine: what generates answers; 'auto' takes llama.cpp on a processor if it can run the base model.
        chat_weights: the default model's in llama.cpp: 'float16', or 'file' for its 4-bit file as it is.
        chat_seats: questions that are answered at once; more wait in line.
        chat_line: questions that may wait in line.
        chat_per_visitor: questions of one visitor that may be answered or wait at once.
        source_timeout: seconds a base model source gets to answer before the next one is tried.
        offline: ask no source that needs the network.
    """

    data: Path
    base_model: str = DEFAULT_BASE_MODEL
    threads: int = 2
    training_threads: int = 2
    max_upload_mb: float = 100.0
    max_answer_tokens: int = 1024
    max_prompt_tokens: int = 2048
    engine: EngineSetting = "auto"
    chat_weights: ChatWeights = "float16"
    chat_seats: int = 8
    chat_line: int = 32
    chat_per_visitor: int = 2
    source_timeout: float = 5.0
    offline: bool = False

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
        return {
            "FTDEMO_DATA": str(self.data),
            "FTDEMO_BASE_MODEL": self.base_model,
            "FTDEMO_THREADS": str(self.threads),
            "FTDEMO_TRAINING_THREADS": str(self.training_threads),
            "FTDEMO_MAX_UPLOAD_MB": str(self.max_upload_mb),
            "FTDEMO_MAX_ANSWER_TOKENS": str(self.max_answer_tokens),
            "FTDEMO_MAX_PROMPT_TOKENS": str(self.max_prompt_tokens),
            "FTDEMO_ENGINE": self.engine,
            "FTDEMO_CHAT_WEIGHTS": self.chat_weights,
            "FTDEMO_CHAT_SEATS": str(self.chat_seats),
            "FTDEMO_CHAT_LINE": str(self.chat_line),
            "FTDEMO_CHAT_PER_VISITOR": str(self.chat_per_visitor),
            "FTDEMO_SOURCE_TIMEOUT": str(self.source_timeout),
            "FTDEMO_OFFLINE": "1" if self.offline else "0",
        }


def settings_from_environment(
    environment: Mapping[str, str] | None = None, data: str | Path | None = None
) -> Settings:
    """Read the settings.

    Args:
        environment: the variables; `os.environ` if None.
        data: the data folder, instead of the one in the environment.

    Raises:
        UserError: a variable has a value that cannot be used.
    """
    environment = os.environ if environment is None else environment
    cores = os.cpu_count() or 1
    folder = Path(data or environment.get("FTDEMO_DATA") or _default_data_folder()).expanduser().absolute()
    return Settings(
        data=folder,
        base_model=environment.get("FTDEMO_BASE_MODEL") or DEFAULT_BASE_MODEL,
        threads=int(_number(environment, "FTDEMO_THREADS", cores, 1, 1024)),
        training_threads=int(_number(environment, "FTDEMO_TRAINING_THREADS", cores, 1, 1024)),
        max_upload_mb=_number(environment, "FTDEMO_MAX_UPLOAD_MB", 100.0, 0.001, 100_000),
        max_answer_tokens=int(_number(environment, "FTDEMO_MAX_ANSWER_TOKENS", 1024, 1, 1_000_000)),
        max_prompt_tokens=int(_number(environment, "FTDEMO_MAX_PROMPT_TOKENS", 2048, 1, 1_000_000)),
        engine=cast(EngineSetting, _choice(environment, "FTDEMO_ENGINE", get_args(EngineSetting))),
        chat_weights=cast(ChatWeights, _choice(environment, "FTDEMO_CHAT_WEIGHTS", get_args(ChatWeights))),
        chat_seats=int(_number(environment, "FTDEMO_CHAT_SEATS", 8, 1, 10_000)),
        chat_line=int(_number(environment, "FTDEMO_CHAT_LINE", 32, 0, 10_000)),
        chat_per_visitor=int(_number(environment, "FTDEMO_CHAT_PER_VISITOR", 2, 1, 10_000)),
        source_timeout=_number(environment, "FTDEMO_SOURCE_TIMEOUT", 5.0, 0.1, 3600),
        offline=environment.get("FTDEMO_OFFLINE", "0").lower() in {"1", "true", "yes", "on"},
    )


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


def _choice(environment: Mapping[str, str], name: str, known: Sequence[str]) -> str:
    """One of the known values; the first is the default."""
    value = environment.get(name) or known[0]
    if value not in known:
        raise UserError(f"The setting {name} is {value!r}.", f"Set it to one of: {', '.join(known)}.")
    return value


def _number(environment: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    text = environment.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise UserError(f"The setting {name} is {text!r}.", f"Set it to a number from {low:g} to {high:g}.")
    return value
