"""A folder or a Hub data set, through the `datasets` library."""

import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from ftdemo.errors import SourceError
from ftdemo.files.rows import Row

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.\-]*/[A-Za-z0-9][\w.\-]*")
_FILE_ENDINGS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".parquet", ".xlsx", ".xls", ".zip", ".gz")
_KINDS = {
    ".csv": "csv", ".tsv": "tsv", ".json": "json", ".jsonl": "json", ".ndjson": "json", ".parquet": "parquet",
    ".xlsx": "xlsx", ".arrow": "arrow",
}  # fmt: skip
"""What the files of a folder are, by their endings …"""
_NO_DATA = frozenset(
    {"dataset_infos.json", "dataset_info.json", "state.json", "config.json", "metadata.json"}
)
"""… but for those that only tell about them."""
_PATIENCE_S = 5.0


def is_hub_name(name: str) -> bool:
    """Whether this could be the name of a data set on the Hub ('owner/name'), rather than a file's path."""
    return (
        bool(HUB_NAME.fullmatch(name))
        and not name.lower().endswith(_FILE_ENDINGS)
        and not Path(name).exists()
    )


def read_dataset(name: str) -> Iterator[Row]:
    """The rows of all splits, numbered through from 1; a column 'split' is added where there is none.

    Args:
        name: a folder that `datasets` wrote or can read, or a Hub name.

    Raises:
        SourceError: it is not there, cannot be read, or the Hub does not answer within five seconds.
    """
    folder = Path(name)
    try:
        splits = _load_folder(folder) if folder.is_dir() else _load_hub(name)
        number = 0
        for split, rows in splits.items():
            for cells in rows:
                number += 1
                yield Row(number, cells if "split" in cells else {**cells, "split": str(split)})
    except SourceError:
        raise
    except Exception as error:
        reason = str(error).strip().split("\n", 1)[0][:200] or type(error).__name__
        raise SourceError(
            f"The data set {name} cannot be read: {reason}",
            "Check its name, or download one of its files and give that.",
        ) from error


def _load_folder(folder: Path) -> dict[Any, Any]:
    import datasets

    datasets.disable_progress_bars()
    if (folder / "state.json").is_file() or (folder / "dataset_dict.json").is_file():
        loaded = datasets.load_from_disk(str(folder))
        return loaded if isinstance(loaded, dict) else {loaded.split or "train": loaded}
    _refuse_mixed(folder)
    return dict(datasets.load_dataset(str(folder), streaming=True))


def _refuse_mixed(folder: Path) -> None:
    """Of files of several formats the library would read those of one and say nothing of the others."""
    kinds: dict[str, Path] = {}
    for file in sorted(folder.rglob("*")):
        kind = None if file.name in _NO_DATA else _KINDS.get(file.suffix.lower())
        if (
            kind
            and file.is_file()
            and not any(part.startswith(".") for part in file.relative_to(folder).parts)
        ):
            kinds.setdefault(kind, file.relative_to(folder))
    if len(kinds) > 1:
        raise SourceError(
            f"The folder {folder.name} has files of several formats: {', '.join(map(str, kinds.values()))}.",
            "Name one of its files, or put those of one format into a folder of their own.",
        )


def _load_hub(name: str) -> dict[Any, Any]:
    from huggingface_hub import constants

    remedy = "Check the network, or download one of its files elsewhere and give that."
    if constants.HF_HUB_OFFLINE:
        raise SourceError(f"The data set {name} is on the Hub, and offline mode is set.", remedy)
    if not _answers(constants.ENDPOINT):
        raise SourceError(f"The data set {name} cannot be fetched: the Hub does not answer.", remedy)
    import datasets

    datasets.disable_progress_bars()
    return dict(datasets.load_dataset(name, streaming=True))


def _answers(address: str) -> bool:
    """Whether a connection can be made within a few seconds.

    The libraries would try several times with long waits. Looking up a host's name has no time limit of its
    own, so all of it happens in a thread that is left behind.
    """
    parts = urlsplit(address)
    proxy = getproxies().get(parts.scheme)
    if proxy:
        parts = urlsplit(proxy if "//" in proxy else f"//{proxy}")
    reached = threading.Event()

    def connect() -> None:
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            socket.create_connection((parts.hostname or "", port), timeout=_PATIENCE_S).close()
        except OSError:
            return
        reached.set()

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(_PATIENCE_S)
    return reached.is_set()
