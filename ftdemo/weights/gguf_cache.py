"""GGUF files made from base and tuned models, kept so that each is made once.

A file's name holds a key of all that it was made from, so one that is stale is never found again. Files are
written under a partial name and renamed when they are whole.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

FORMAT = "1"
"""Part of every key: raise it when files are written in another way."""
LARGEST_BYTES = 4_000_000_000


class GgufCache:
    """The folder of converted files; the ones not used for longest leave when it grows too large.

    Args:
        folder: made when the first file is.
        largest: bytes of all files together, beyond which the oldest are removed.
    """

    def __init__(self, folder: Path, largest: int = LARGEST_BYTES) -> None:
        self._folder = folder
        self._largest = largest

    def file(self, name: str, sources: list[Path], make: Callable[[Path], None]) -> Path:
        """The file made from some sources; it is made if it is not there.

        Args:
            name: what the file's name begins with: the name of the model's folder, and the kind of file.
            sources: the files it is made from; if one of them changes, the file is made again.
            make: writes it to the path it is given.
        """
        target = self._folder / f"{name}-{_key(sources)}.gguf"
        self._folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self._folder / ".lock"):
            if not target.is_file():
                partial = target.with_suffix(".partial")
                make(partial)
                partial.replace(target)
                self._trim(keep=target)
        os.utime(target)
        return target

    def forget(self, name: str) -> None:
        """Remove the files made from a model, by the name of its folder."""
        for file in self._folder.glob(f"{name}.*"):
            _remove(file)

    def _trim(self, keep: Path) -> None:
        files = sorted(self._folder.glob("*.gguf"), key=lambda file: file.stat().st_mtime)
        total = sum(file.stat().st_size for file in files)
        for file in files:
            if total <= self._largest or file == keep:
                continue
            total -= file.stat().st_size
            _remove(file)


def _key(sources: list[Path]) -> str:
    parts = [FORMAT]
    for source in sources:
        status = source.stat()
        parts.append(f"{source.resolve()}|{status.st_size}|{status.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _remove(file: Path) -> None:
    """Remove a file, or leave it where the system does not let go of one that is open (Windows)."""
    try:
        file.unlink(missing_ok=True)
    except OSError:
        return
