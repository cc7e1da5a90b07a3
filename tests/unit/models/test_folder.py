import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ftdemo.models.folder import missing_parts

SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
INDEX = "model.safetensors.index.json"


def make(folder: Path, files: Sequence[str]) -> Path:
    folder.mkdir()
    for file in files:
        weights = {"weight_map": dict(zip("abcd", SHARDS * 2, strict=True))}
        (folder / file).write_text(json.dumps(weights) if file == INDEX else "{}")
    return folder


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        (["config.json", "tokenizer.json", "model.safetensors"], None),
        (["config.json", "tokenizer.model", "model.safetensors"], None),
        (["config.json", "vocab.json", "model.safetensors"], None),
        (["config.json", "tokenizer.json", INDEX, *SHARDS], None),
        ([], "config.json"),
        (["tokenizer.json", "model.safetensors"], "config.json"),
        (["config.json", "tokenizer_config.json", "model.safetensors"], "tokenizer"),
        (["config.json", "tokenizer.json"], "weights (model.safetensors)"),
        (["config.json", "tokenizer.json", "pytorch_model.bin"], "weights (model.safetensors)"),
        (["config.json", "tokenizer.json", *SHARDS], "weights (model.safetensors)"),
        (["config.json", "tokenizer.json", INDEX], SHARDS[0]),
        (["config.json", "tokenizer.json", INDEX, SHARDS[0]], SHARDS[1]),
    ],
)
def test_missing_parts(tmp_path: Path, files: list[str], missing: str | None) -> None:
    assert missing_parts(make(tmp_path / "model", files)) == missing


def test_folder_that_is_not_there_has_no_config(tmp_path: Path) -> None:
    assert missing_parts(tmp_path / "nothing") == "config.json"


def test_link_to_a_file_that_is_gone_is_missing(tmp_path: Path) -> None:
    folder = make(tmp_path / "model", ["config.json", "tokenizer.json"])
    (folder / "model.safetensors").symlink_to(tmp_path / "blob")
    assert missing_parts(folder) == "weights (model.safetensors)"
