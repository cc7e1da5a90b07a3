"""Folders of models: whether one is whole in the form of transformers, and a name for a new one."""

import json
import secrets
from pathlib import Path


def missing_parts(folder: Path) -> str | None:
    """Name the first part that a model folder lacks, or None if it is whole.

    A download that was cut off leaves a folder too, with some of its files: it must not be used by half.
    """
    if not (folder / "config.json").is_file():
        return "config.json"
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "vocab.json")):
        return "tokenizer"
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        try:
            shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (ValueError, KeyError, AttributeError):
            return f"readable {index.name}"
        return next((shard for shard in sorted(shards) if not (folder / shard).is_file()), None)
    return None if (folder / "model.safetensors").is_file() else "weights (model.safetensors)"


def unused_folder(parent: Path) -> Path:
    """A folder for a new model, which no model has or ever had; it is not made."""
    while (folder := parent / f"model-{secrets.token_hex(8)}").exists():
        pass
    return folder
