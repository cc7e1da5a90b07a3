"""Base models from the Hugging Face Hub and its local cache."""

import sys
import threading
from pathlib import Path
from typing import Any

from ftdemo.models.folder import missing_parts
from ftdemo.models.progress import FetchProgress, Report, run_watched
from ftdemo.settings import Settings

SOURCE = "the Hugging Face Hub"
FILES = ["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"]


def is_id(name: str) -> bool:
    """Whether a model on the Hub could have this id."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]  # exported by name only

    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True


def find_cached(name: str) -> Path | None:
    """The folder of a model that lies whole in the local cache, or None."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        # The repository's other files (README, another framework's weights) are not fetched, nor missed.
        folder = Path(snapshot_download(name, local_files_only=True, allow_patterns=FILES))
    except LocalEntryNotFoundError:
        return None
    return None if missing_parts(folder) else folder


def fetch(name: str, settings: Settings, report: Report) -> str | None:
    """Download a model into the local cache; the Hub's client resumes what was cut off earlier.

    Args:
        name: the model's id.
        settings: how long the Hub gets to answer, and whether it may be asked.
        report: called with what happens.

    Returns:
        None on success, or why this source was passed over.
    """
    from huggingface_hub import constants

    if settings.offline or constants.HF_HUB_OFFLINE:
        return "offline mode is set"
    report(FetchProgress(SOURCE, f"asking for {name}"))
    files, reason = _list_files(name, settings.source_timeout)
    if reason:
        return reason
    if not any(file.endswith(".safetensors") for file in files):
        return "the model has no weights in the safetensors format"
    succeeded, output = run_watched(
        [sys.executable, "-m", "huggingface_hub.cli.hf", "download", name, "--quiet"]
        + [argument for pattern in FILES for argument in ("--include", pattern)],
        Path(constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}",
        source=SOURCE,
        note=f"downloading {name}",
        report=report,
        total=sum(files.values()) or None,
    )
    if not succeeded:
        return f"the download broke off ({output})"
    return None if find_cached(name) else "the download is not complete"


def _list_files(name: str, timeout: float) -> tuple[dict[str, int], str | None]:
    """The files we want and their sizes in bytes, or the reason there is no list.

    The client's own timeout does not cover looking up the host's name, which can hang for long behind a
    firewall, so the question is asked in a thread that is left behind if it does not come back.
    """
    answer: dict[str, Any] = {}

    def ask() -> None:
        from huggingface_hub import HfApi

        try:
            answer["info"] = HfApi().model_info(name, files_metadata=True, timeout=timeout)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next source is tried, with a word
            answer["error"] = error

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout + 1)
    if "info" in answer:
        from huggingface_hub.utils import filter_repo_objects  # type: ignore[attr-defined]  # by name only

        sizes = {sibling.rfilename: sibling.size or 0 for sibling in answer["info"].siblings or []}
        return {file: sizes[file] for file in filter_repo_objects(sizes, allow_patterns=FILES)}, None
    if "error" in answer:
        return {}, _in_words(answer["error"])
    return {}, f"no answer within {timeout:g} s"


def _in_words(error: Exception) -> str:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    if isinstance(error, GatedRepoError):
        return "the model is gated: accept its terms on its page and set HF_TOKEN"
    if isinstance(error, RepositoryNotFoundError):
        return "there is no model of that name, or it is private and HF_TOKEN is not set"
    kind = type(error).__name__
    if "Timeout" in kind:
        return "it did not answer in time"
    if "Connect" in kind:
        return "it cannot be reached"
    return f"{kind}: {str(error).splitlines()[0][:200]}" if str(error) else kind
