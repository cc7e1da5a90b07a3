"""A tuned model's tensors and adapter put on a base model in memory."""

from __future__ import annotations

import copy
from typing import Any, Literal

import torch
from peft import PeftConfig, PeftModel
from safetensors import safe_open

from ftdemo.weights.tuned_files import TunedFiles

Lora = Literal["merged", "beside"]
"""Whether a plain LoRA adapter is added to the weights, or left to be put beside them."""


def sharing_copy(model: Any) -> Any:
    """A model of its own that shares every tensor with another."""
    return copy.deepcopy(model, {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())})


def is_plain_lora(tuned: TunedFiles) -> bool:
    """Whether a tuned model has an adapter that adds to the weights, so that others can come on top of it."""
    if not tuned.has_adapter:
        return False
    config: Any = PeftConfig.from_pretrained(str(tuned.folder))
    return not config.use_dora


def put_into_weights(model: Any, tuned: TunedFiles, lora: Lora) -> tuple[Any, set[str]]:
    """Put what a tuned model changed into a base model's weights.

    Args:
        model: the base model; it is used up.
        tuned: the tuned model.
        lora: whether a plain LoRA adapter is merged, or not looked at. Any other is merged.

    Returns:
        The model, and the names of the tensors that differ from the base's.
    """
    changed = put_changed_tensors(model, tuned)
    if tuned.has_adapter and (lora == "merged" or not is_plain_lora(tuned)):
        model, merged = _merge_adapter(model, tuned)
        changed |= merged
    return model, changed


def put_changed_tensors(model: Any, tuned: TunedFiles) -> set[str]:
    """Give a model those tensors that a tuned model changed, and return their names.

    They take the old ones' places, which stay as they are for other models that share them.

    Args:
        model: the base model, or a copy of it; no adapter may be attached to it.
        tuned: the tuned model.
    """
    if not tuned.has_changed:
        return set()
    with safe_open(tuned.changed, framework="pt") as file:
        names = set(file.keys())
        for name in names:
            holder, _, leaf = name.rpartition(".")
            old = model.get_parameter(name)
            # A copy: what is read stays tied to the file, and a training goes on to change it.
            tensor = file.get_tensor(name).to(old.device, old.dtype, copy=True)
            setattr(model.get_submodule(holder), leaf, torch.nn.Parameter(tensor, requires_grad=False))
    model.tie_weights()
    return names


def _merge_adapter(model: Any, tuned: TunedFiles) -> tuple[Any, set[str]]:
    """Add a tuned model's adapter to the weights, and return the names of those that it changed."""
    adapted = PeftModel.from_pretrained(model, str(tuned.folder))
    names = {
        f"{name.removeprefix('base_model.model.')}.weight"
        for name, module in adapted.named_modules()
        if hasattr(module, "lora_A") and hasattr(module, "base_layer")
    }
    return adapted.merge_and_unload(), names
