"""Endpoints: sample sets."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from gradio.data_classes import FileDataDict
from gradio.utils import get_upload_folder

from ftdemo.errors import UserError
from ftdemo.studio import Studio


def samples(studio: Studio) -> dict[str, Any]:
    """The sample sets."""
    return {"samples": [asdict(saved) for saved in studio.samples.all()]}


def add_samples(studio: Studio, file: FileDataDict, name: str = "") -> dict[str, Any]:
    """Read an uploaded file and save it as a sample set."""
    saved, report = studio.samples.add(_uploaded(file), name)
    return {"sample_set": asdict(saved), "report": report.as_dict()}


def _uploaded(file: FileDataDict) -> Path:
    """The path of a file that was uploaded; a caller could name any other file of this machine."""
    path = Path(str(file.get("path"))).resolve()
    if not path.is_relative_to(Path(get_upload_folder()).resolve()):
        raise UserError(
            "This is no uploaded file.", "Upload it first; gradio_client's handle_file does that."
        )
    return path
