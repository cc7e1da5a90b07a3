"""A base in memory with a tuned model on it: what is in the weights, what is beside them, in which format."""

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel

from ftdemo.language import attention
from ftdemo.language.loading import LanguageModel, load, load_to_serve
from ftdemo.language.tuned import is_plain_lora, put_changed_tensors, sharing_copy
from ftdemo.machine.device import Device, computes_bfloat16
from ftdemo.models.base import BaseModel
from tests.unit.aligning.ppo.test_model import STARTS, logits, save_start, start_logits
from tests.unit.tiny_model import load_tiny_model
from tests.unit.tiny_ppo import DEVICE, files_of, save_lively_model, save_random_adapter

WITHOUT, WITH = DEVICE, Device("cpu", "one with instructions for bfloat16", bfloat16=True)


@pytest.fixture(params=["tied", "untied"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> BaseModel:
    return save_lively_model(tmp_path / "base", tied=request.param == "tied")


def whole(loaded: LanguageModel) -> Any:
    """The model with what is to be put beside it."""
    if loaded.beside is None:
        return loaded.model
    return PeftModel.from_pretrained(loaded.model, str(loaded.beside.folder)).eval()


@pytest.mark.parametrize("lora", ["merged", "beside"])
@pytest.mark.parametrize("kind", STARTS)
def test_it_says_what_the_tuned_model_says(base: BaseModel, kind: str, lora: Any, tmp_path: Path) -> None:
    tuned = save_start(base, kind, tmp_path / "tuned")
    before = dict(load_tiny_model(base).named_parameters())
    loaded = load(base, DEVICE, tuned, lora)
    assert loaded.packed
    assert loaded.model.config._attn_implementation == attention.PACKED
    assert (loaded.beside is not None) == (lora == "beside" and "lora" in kind)
    assert not any(weight.requires_grad for weight in loaded.model.parameters())
    found = {n for n, w in loaded.model.named_parameters() if not torch.equal(w, before[n])}
    assert found == loaded.changed
    torch.testing.assert_close(logits(whole(loaded)), start_logits(base, tuned), rtol=1e-4, atol=1e-4)


def test_matrices_are_halved_where_products_are_unless_they_must_stay_exact(tmp_path: Path) -> None:
    base = save_lively_model(tmp_path / "base")
    name, embeddings = "model.layers.1.mlp.up_proj.weight", "model.embed_tokens.weight"
    for device, precision, half in (
        (WITH, "auto", True), (WITHOUT, "auto", False), (WITHOUT, "bfloat16", True), (WITH, "float32", False),
    ):  # fmt: skip
        assert computes_bfloat16(precision, device) == half  # type: ignore[arg-type]
        loaded = load(base, device, precision=precision)  # type: ignore[arg-type]
        assert loaded.bfloat16 == half
        assert loaded.model.get_parameter(name).dtype == (torch.bfloat16 if half else torch.float32)
        assert loaded.model.get_parameter(embeddings).dtype == torch.float32
        with loaded.autocast():
            product = torch.ones(2, 2) @ torch.ones(2, 2)
        assert product.dtype == (torch.bfloat16 if half else torch.float32)
    exact = load(base, WITH, exact=True)
    assert exact.bfloat16
    assert {weight.dtype for weight in exact.model.parameters()} == {torch.float32}


def test_a_tuned_model_on_four_bits_is_refused(tmp_path: Path) -> None:
    base = save_lively_model(tmp_path / "base")
    tuned = files_of(save_random_adapter(base, tmp_path / "tuned", seed=3))
    with pytest.raises(ValueError, match="4 bits"):
        load(base, DEVICE, tuned, four_bits=True)


def test_changed_tensors_take_the_place_of_the_old_ones_which_stay(base: BaseModel, tmp_path: Path) -> None:
    tuned = save_start(base, "changed", tmp_path / "tuned")
    model = load_tiny_model(base)
    before = logits(model)
    copied = sharing_copy(model)
    names = put_changed_tensors(copied, tuned)
    shared = {id(weight) for weight in model.parameters()}
    assert {n for n, weight in copied.named_parameters() if id(weight) not in shared} == names
    torch.testing.assert_close(logits(copied), start_logits(base, tuned))
    assert torch.equal(logits(model), before)
    with torch.no_grad():
        copied.get_parameter("model.norm.weight").zero_()
    assert files_of(tuned.folder) == tuned
    assert not torch.equal(start_logits(base, tuned), logits(copied))  # the file is as it was


def test_only_an_adapter_that_adds_is_plain(tmp_path: Path) -> None:
    base = save_lively_model(tmp_path / "base")
    assert is_plain_lora(files_of(save_random_adapter(base, tmp_path / "lora", seed=3)))
    assert not is_plain_lora(files_of(save_random_adapter(base, tmp_path / "dora", seed=3, dora=True)))
    assert not is_plain_lora(save_start(base, "changed", tmp_path / "changed"))


def test_what_serves_is_in_the_devices_format_and_gives_the_plain_models_numbers(tmp_path: Path) -> None:
    base = save_lively_model(tmp_path / "base")
    loaded = load_to_serve(base, WITH)
    assert {weight.dtype for weight in loaded.model.parameters()} == {torch.float32}
    assert torch.equal(logits(loaded.model), logits(load_tiny_model(base)))
