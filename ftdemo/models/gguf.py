"""GGUF files: converted once into the form of transformers, and kept in the data folder."""

import hashlib
import re
import shutil
import sys
from pathlib import Path

from ftdemo.errors import SourceError
from ftdemo.models.progress import FetchProgress, Report, run_watched
from ftdemo.settings import child_environment

SOURCE = "This machine"
CONVERSION_STALL_S = 900.0


def converted_folder(file: Path, base_models: Path) -> Path:
    """Where the conversion of a person's GGUF file goes: a name that changes when the file does."""
    status = file.stat()
    identity = f"{file.absolute()}|{status.st_size}|{status.st_mtime_ns}"
    stem = re.sub(r"[^\w.\-]+", "-", file.stem)
    return base_models / f"{stem}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"


def convert(file: Path, target: Path, report: Report) -> None:
    """Convert a GGUF file into a folder, which appears only once it is whole.

    It runs in a process of its own: reading a GGUF file keeps Python busy for half a minute, and the page
    must answer meanwhile.

    Raises:
        SourceError: the file cannot be read, or is of a kind transformers does not know.
    """
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    note = f"converting {file.name} (once, about half a minute)"
    report(FetchProgress(SOURCE, note))
    succeeded, output = run_watched(
        [sys.executable, "-m", "ftdemo.models.convert", str(file), str(partial)],
        partial,
        source=SOURCE,
        note=note,
        report=report,
        stall_s=CONVERSION_STALL_S,
        environment=child_environment(),
    )
    if not succeeded:
        shutil.rmtree(partial, ignore_errors=True)
        raise SourceError(
            f"The GGUF file {file} cannot be converted: {output}.",
            "Check that the file is whole and of a model family that transformers can read from GGUF.",
        )
    shutil.rmtree(target, ignore_errors=True)
    partial.replace(target)
