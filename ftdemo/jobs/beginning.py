"""What a job began with: a job that is resumed goes on with the same, or not at all."""

import json
from pathlib import Path
from typing import Any

from ftdemo.errors import UserError
from ftdemo.store.jobs import Job

BEGINNING_FILE = "beginning.json"
WORDS = {
    "base_model": "another base model",
    "sample_set_id": "another sample set",
    "sample_set_version": "another version of its sample set",
    "parent_id": "another model to continue from",
    "model_id": "another model to evaluate",
    "reward_id": "another reward model",
    "held_out_reward_id": "another reward model to watch",
    "settings": "other settings",
}
"""What must stay as it was, and how it is told that it did not. Names may change."""


def note_beginning(job: Job, folder: Path) -> None:
    """Write down what a job begins with, the first time it does.

    Args:
        job: the job.
        folder: its folder, where its checkpoints are.

    Raises:
        UserError: it began before, with something else.
    """
    file = folder / BEGINNING_FILE
    if file.is_file():
        refuse_other_beginning(job, folder)
        return
    folder.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(_beginning(job), ensure_ascii=False), encoding="utf-8")
    partial.replace(file)


def refuse_other_beginning(job: Job, folder: Path) -> None:
    """Raise UserError if a job would go on with something else than it began with; arguments as above."""
    file = folder / BEGINNING_FILE
    if not file.is_file():
        return
    began, now = json.loads(file.read_text(encoding="utf-8")), _beginning(job)
    changed = [words for name, words in WORDS.items() if began.get(name) != now[name]]
    if changed:
        raise UserError(
            f"Job {job.id} ({job.model_name}) began with {' and '.join(changed)} than it has now.",
            "Start a new job instead.",
        )


def _beginning(job: Job) -> dict[str, Any]:
    return {name: getattr(job, name) for name in WORDS}
