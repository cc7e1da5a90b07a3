"""What each method changes, what it saves, and that this gives the same model again; on a tiny model."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from ftdemo.engines.transformers.pool import ModelPool
from ftdemo.machine.device import Device
from ftdemo.models.base import BaseModel
from ftdemo.training.preparation import Prepared
from ftdemo.training.trainer import training_arguments
from ftdemo.tuning.estimate import trainable_parameters
from ftdemo.tuning.preparing import prepare
from ftdemo.tuning.settings import TuneSettings
from ftdemo.tuning.trainer import PackedTrainer
from ftdemo.weights.shapes import read_shapes
from ftdemo.weights.tuned_files import CHANGED, TunedFiles, tuned_files
from tests.unit.language.test_packing import made_up
from tests.unit.tiny_model import load_tiny_model, save_tiny_model

DEVICE = Device("cpu", "a test", bfloat16=False)
SETTINGS = TuneSettings(precision="float32", rank=4, alpha=8, learning_rate=0.05)
IDS = torch.tensor([[5, 9, 11, 30, 7, 8]])


@pytest.fixture(params=["tied", "untied"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> BaseModel:
    return save_tiny_model(tmp_path / "base", tied=request.param == "tied")


def train(prepared: Prepared, folder: Path) -> None:
    """Three optimizer steps."""
    arguments = training_arguments(folder, use_cpu=True, max_steps=3, learning_rate=0.05, save_strategy="no")
    items = [[sample] for sample in made_up([12, 9, 15, 14], [8, 7, 9, 6], 5)]
    trainer = PackedTrainer(packed=prepared.packed, model=prepared.model, args=arguments, train_dataset=items)
    trainer.train()


def tune(base: BaseModel, settings: TuneSettings, parent: TunedFiles | None, folder: Path) -> Any:
    """Train, save into the folder, and return the trained model."""
    prepared = prepare(base, parent, settings, DEVICE)
    assert prepared.packed
    train(prepared, folder.with_suffix(".run"))
    prepared.save(folder)
    return prepared.model.eval()


def reloaded_logits(base: BaseModel, folder: Path) -> torch.Tensor:
    """What the chat engine computes with the saved model."""
    files = tuned_files(folder)
    assert files is not None
    adapters = ModelPool(load_tiny_model(base)).adapters(files)
    names = [adapters.attach(folder)] if files.has_adapter else ["__base__"]
    with torch.no_grad():
        logits: torch.Tensor = adapters.model_for(names)(IDS).logits
    return logits


def logits_of(model: Any) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(IDS).logits
    return found


METHODS = {
    "lora": replace(SETTINGS, method="lora"),
    "lora on attention": replace(SETTINGS, method="lora", targets="attention"),
    "dora": replace(SETTINGS, method="dora"),
    "last block": replace(SETTINGS, method="features", parts="last:1"),
    "embeddings and norms": replace(SETTINGS, method="features", parts="embeddings, norms"),
    "head": replace(SETTINGS, method="features", parts="head"),
    "by name": replace(SETTINGS, method="features", parts="name:*.v_proj.weight"),
    "full": replace(SETTINGS, method="full"),
}


@pytest.mark.parametrize("name", METHODS)
def test_only_what_is_meant_to_change_does_and_is_saved(base: BaseModel, name: str, tmp_path: Path) -> None:
    settings = METHODS[name]
    before = {name: tensor.clone() for name, tensor in load_tiny_model(base).state_dict().items()}
    prepared = prepare(base, None, settings, DEVICE)
    trainable = sum(w.numel() for w in prepared.model.parameters() if w.requires_grad)
    assert trainable == trainable_parameters(read_shapes(base.folder), settings)

    folder = tmp_path / "tuned"
    model = tune(base, settings, None, folder)
    plain = model.get_base_model() if hasattr(model, "peft_config") else model
    after = {
        name.replace(".base_layer", ""): t for name, t in plain.state_dict().items() if "lora_" not in name
    }
    changed = {name for name, tensor in before.items() if not torch.equal(after[name], tensor)}
    expected = {
        "last block": {name for name in before if name.startswith("model.layers.2.")},
        "embeddings and norms": {n for n in before if "norm" in n or "embed_tokens" in n},
        "head": {"lm_head.weight"},
        "by name": {name for name in before if "v_proj" in name},
        "full": set(before),
    }.get(name, set())
    if model.config.tie_word_embeddings and expected & {"lm_head.weight", "model.embed_tokens.weight"}:
        expected |= {"lm_head.weight", "model.embed_tokens.weight"}
    assert changed == expected
    files = tuned_files(folder)
    assert files is not None
    assert files.has_changed == bool(expected)
    if files.has_changed:
        saved = load_file(files.changed)
        assert set(saved) <= expected
        assert {n for n in expected if n not in saved} <= {"lm_head.weight"}
    else:
        assert not (folder / "README.md").exists()
        assert str(base.folder) not in (folder / "adapter_config.json").read_text()
    torch.testing.assert_close(reloaded_logits(base, folder), logits_of(model), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("second", ["lora", "dora", "last block", "full"])
@pytest.mark.parametrize("first", ["lora", "lora on attention", "dora", "last block"])
def test_a_tuned_model_is_tuned_further_and_comes_back(tmp_path: Path, first: str, second: str) -> None:
    base = save_tiny_model(tmp_path / "base")
    tune(base, METHODS[first], None, tmp_path / "first")
    parent = tuned_files(tmp_path / "first")
    untrained = prepare(base, parent, METHODS[second], DEVICE).model.eval()
    torch.testing.assert_close(
        logits_of(untrained), reloaded_logits(base, tmp_path / "first"), rtol=1e-4, atol=1e-4
    )
    model = tune(base, METHODS[second], parent, tmp_path / "second")
    torch.testing.assert_close(
        reloaded_logits(base, tmp_path / "second"), logits_of(model), rtol=1e-4, atol=1e-4
    )
    files = tuned_files(tmp_path / "second")
    assert files is not None
    stacked = first.startswith("lora") and second == "lora"
    assert files.has_changed == (not stacked)


def test_lora_on_lora_on_changed_tensors_counts_each_once(tmp_path: Path) -> None:
    base = save_tiny_model(tmp_path / "base")
    parent = None
    for name, method in (("first", "last block"), ("second", "lora"), ("third", "lora")):
        model = tune(base, METHODS[method], parent, tmp_path / name)
        parent = tuned_files(tmp_path / name)
    torch.testing.assert_close(
        reloaded_logits(base, tmp_path / "third"), logits_of(model), rtol=1e-4, atol=1e-4
    )
    third, first = (load_file(tmp_path / name / CHANGED) for name in ("third", "first"))
    assert third.keys() == first.keys()
    assert all(torch.equal(third[name], first[name]) for name in first)


def test_an_adapter_names_its_layers_in_the_same_order_each_time(base: BaseModel, tmp_path: Path) -> None:
    prepare(base, None, SETTINGS, DEVICE).save(tmp_path / "tuned")
    named = json.loads((tmp_path / "tuned" / "adapter_config.json").read_text())["target_modules"]
    assert len(named) == 7
    assert named == sorted(named)


def test_base_and_models_with_changed_tensors_do_not_disturb_each_other(tmp_path: Path) -> None:
    base = save_tiny_model(tmp_path / "base")
    tune(base, METHODS["full"], None, tmp_path / "full")
    tune(base, METHODS["lora"], None, tmp_path / "lora")
    expected = {name: reloaded_logits(base, tmp_path / name) for name in ("full", "lora")}
    pool = ModelPool(load_tiny_model(base))
    for name in ("lora", "full", "base", "full", "lora"):
        files = tuned_files(tmp_path / name)
        adapters = pool.adapters(files if name != "base" else None)
        names = [adapters.attach(tmp_path / name)] if name == "lora" else ["__base__"]
        with torch.no_grad():
            found = adapters.model_for(names)(IDS).logits
        wanted = logits_of(load_tiny_model(base)) if name == "base" else expected[name]
        torch.testing.assert_close(found, wanted)


def test_frozen_matrices_are_halved_only_where_products_are(tmp_path: Path) -> None:
    base = save_tiny_model(tmp_path / "base")
    half = replace(METHODS["last block"], precision="bfloat16")
    weights = dict(prepare(base, None, half, DEVICE).model.named_parameters())
    assert weights["model.layers.0.self_attn.q_proj.weight"].dtype == torch.bfloat16
    assert weights["model.layers.2.self_attn.q_proj.weight"].dtype == torch.float32
    assert weights["model.embed_tokens.weight"].dtype == torch.float32
    whole = dict(prepare(base, None, METHODS["last block"], DEVICE).model.named_parameters())
    assert {weight.dtype for weight in whole.values()} == {torch.float32}
