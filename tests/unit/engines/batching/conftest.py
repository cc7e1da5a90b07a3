"""A tiny model with models tuned from it, and the steps that generate for all who ask."""

from collections.abc import Iterator

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file

from ftdemo.engines.transformers.pool import ModelPool
from ftdemo.engines.transformers.steps import Steps
from ftdemo.models.base import BaseModel
from ftdemo.weights.tuned_files import TunedFiles, tuned_files
from tests.unit.tiny_model import load_tiny_model, save_tiny_model

from .answers import END, PART


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    """A model whose next token depends on all it has read: freshly made ones only repeat themselves."""
    base = save_tiny_model(tmp_path_factory.mktemp("tiny") / "base", tied=False)
    model = load_tiny_model(base)
    torch.manual_seed(1)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(base.folder)
    return base


@pytest.fixture
def pool(base: BaseModel) -> ModelPool:
    return ModelPool(load_tiny_model(base))


@pytest.fixture
def running(pool: ModelPool) -> Iterator[Steps]:
    running = Steps(pool, "cpu", {END}, PART)
    yield running
    running.close()


@pytest.fixture(scope="module")
def tuned(base: BaseModel, tmp_path_factory: pytest.TempPathFactory) -> dict[str, TunedFiles]:
    """Models 'a', 'b', 'c', … with an adapter, and 'x', 'y', 'z' with changed tensors."""
    found = {}
    for seed, name in enumerate("abcdefghijkl"):
        torch.manual_seed(seed)
        peft = get_peft_model(load_tiny_model(base), LoraConfig(r=4, target_modules=["q_proj", "v_proj"]))
        for key, parameter in peft.named_parameters():
            if "lora_B" in key:
                torch.nn.init.normal_(parameter, std=0.5)
        folder = tmp_path_factory.mktemp(f"adapter-{name}")
        peft.save_pretrained(str(folder))
        found[name] = folder
    for seed, name in enumerate("xyz"):
        torch.manual_seed(seed)
        folder = tmp_path_factory.mktemp(f"changed-{name}")
        key = "model.layers.1.mlp.up_proj.weight"
        save_file({key: torch.randn(48, 32)}, folder / "changed.safetensors")
        found[name] = folder
    return {name: files for name, folder in found.items() if (files := tuned_files(folder))}
