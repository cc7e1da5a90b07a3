"""Checkpoints a job can go on from. One that was cut off while it was written is never used."""

import shutil
from pathlib import Path

MARK = "whole"
KEPT = 1
"""Whole checkpoints kept beside the one that is being written and the best one."""


def mark_whole(checkpoint: Path) -> None:
    """Note that everything of a checkpoint is on the disk."""
    (checkpoint / MARK).touch()


def last_whole_checkpoint(folder: Path) -> Path | None:
    """The checkpoint of the highest step that was written to its end, or None."""
    return max(_whole(folder), key=step_of, default=None)


def step_of(checkpoint: Path) -> int:
    """The optimizer step after which a checkpoint was written."""
    return int(checkpoint.name.rsplit("-", 1)[1])


def remove_old_checkpoints(folder: Path, best: Path | None = None) -> None:
    """Delete all checkpoints but the last whole ones.

    Args:
        folder: the job's folder.
        best: one to be kept as well.
    """
    kept = sorted(_whole(folder), key=step_of)[-KEPT:]
    for checkpoint in folder.glob("checkpoint-*"):
        if checkpoint not in kept and (best is None or checkpoint.name != best.name):
            shutil.rmtree(checkpoint, ignore_errors=True)


def remove_checkpoints(folder: Path) -> None:
    """Delete all checkpoints of a job that needs them no more."""
    for checkpoint in folder.glob("checkpoint-*"):
        shutil.rmtree(checkpoint, ignore_errors=True)


def remove_partial(folder: Path, job_id: int, *models: Path) -> None:
    """Delete what a job was writing when it failed: a checkpoint or a model that is not whole.

    Args:
        folder: the job's folder.
        job_id: the job.
        *models: the folders where a job may put its model.
    """
    whole = _whole(folder)
    for checkpoint in folder.glob("checkpoint-*"):
        if checkpoint not in whole:
            shutil.rmtree(checkpoint, ignore_errors=True)
    for kind in models:
        shutil.rmtree(partial_model(kind, job_id), ignore_errors=True)


def partial_model(models: Path, job_id: int) -> Path:
    """The folder in which a job writes its model, until that is whole and gets one of its own."""
    return models / f"job-{job_id}.partial"


def _whole(folder: Path) -> list[Path]:
    return [mark.parent for mark in folder.glob(f"checkpoint-*/{MARK}")]
