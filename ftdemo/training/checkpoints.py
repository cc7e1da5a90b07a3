"""Checkpoints a job can go on from. One that was cut off while it was written is never used."""

import shutil
from pathlib import Path

MARK = "whole"
KEPT = 2


def mark_whole(checkpoint: Path) -> None:
    """Note that everything of a checkpoint is on the disk."""
    (checkpoint / MARK).touch()


def last_whole_checkpoint(folder: Path) -> Path | None:
    """The checkpoint of the highest step that was written to its end, or None."""
    whole = [mark.parent for mark in folder.glob(f"checkpoint-*/{MARK}")]
    return max(whole, key=step_of, default=None)


def step_of(checkpoint: Path) -> int:
    """The optimizer step after which a checkpoint was written."""
    return int(checkpoint.name.rsplit("-", 1)[1])


def remove_checkpoints(folder: Path) -> None:
    """Delete all checkpoints of a job that needs them no more."""
    for checkpoint in folder.glob("checkpoint-*"):
        shutil.rmtree(checkpoint, ignore_errors=True)
