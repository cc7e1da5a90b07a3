"""A damaged adapter is the error of who asks it, and changes nothing for others."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file

from ftdemo.engines.transformers.steps import Steps
from ftdemo.models.base import BaseModel
from ftdemo.weights.tuned_files import TunedFiles, tuned_files
from tests.unit.tiny_model import load_tiny_model

from .answers import LONG, SHORT, begin, generated, said_by

WEIGHTS = "adapter_model.safetensors"


def cut_off(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-100])


def of_another_size(folder: Path) -> None:
    tensors = load_file(folder / WEIGHTS)
    save_file({name: torch.zeros(3, 3) for name in tensors}, folder / WEIGHTS)


def with_no_such_layer(folder: Path) -> None:
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, "target_modules": ["nothing"]}))


def _said(base: BaseModel, files: TunedFiles) -> list[int]:
    return said_by(PeftModel.from_pretrained(load_tiny_model(base), str(files.folder)), SHORT)


@pytest.mark.filterwarnings("ignore:Already found")
@pytest.mark.parametrize("damage", [cut_off, of_another_size, with_no_such_layer])
@pytest.mark.parametrize("before", [0, 1])
def test_a_damaged_adapter_changes_nothing_for_others(
    running: Steps,
    base: BaseModel,
    tuned: dict[str, TunedFiles],
    tmp_path: Path,
    damage: Callable[[Path], None],
    before: int,
) -> None:
    shutil.copytree(tuned["a"].folder, tmp_path / "damaged")
    damage(tmp_path / "damaged")
    damaged = tuned_files(tmp_path / "damaged")
    assert damaged is not None
    expected = {name: _said(base, tuned[name]) for name in "ab"}
    if before:
        assert begin(running, SHORT, files=tuned["b"]).wait() == expected["b"]
    for _ in range(2):
        with pytest.raises(Exception):  # noqa: B017 - each library has its own
            begin(running, SHORT, files=damaged).wait()
        assert begin(running, LONG).wait() == generated(base, LONG)
        for name in ("a", "b"):
            assert begin(running, SHORT, files=tuned[name]).wait() == expected[name]
