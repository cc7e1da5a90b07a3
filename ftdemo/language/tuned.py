"""A tuned model's tensors and adapter put on a base model in memory."""

from __future__ import annotations

import copy
from typing import Any

import torch
from peft import PeftModel
from safetensors.torch import load_file

from ftdemo.weights.tuned_files import TunedFiles


def sharing_copy(model: Any) -> Any:
    """A model of its own that shares every tensor with another."""
    return copy.deepcopy(model, {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())})


def with_changed_tensors(base: Any, tuned: TunedFiles) -> Any:
    """A model that shares the base's tensors but for those that a tuned model changed.

    Args:
        base: the base model; no adapter may be attached to it.
        tuned: names the file of changed tensors.
    """
    import torch
    from safetensors.torch import load_file

    model = sharing_copy(base)
    for name, tensor in load_file(tuned.changed).items():
        holder, _, leaf = name.rpartition(".")
        old = model.get_parameter(name)
        new = torch.nn.Parameter(tensor.to(old.device, old.dtype), requires_grad=False)
        setattr(model.get_submodule(holder), leaf, new)
    model.tie_weights()
    return model.eval()


def put_changed_tensors(model: Any, tuned: TunedFiles) -> set[str]:
    """Replace a model's tensors by those a tuned model changed, and return their names."""
    if not tuned.has_changed:
        return set()
    tensors = load_file(tuned.changed)
    with torch.no_grad():
        for name, tensor in tensors.items():
            model.get_parameter(name).copy_(tensor)
    return set(tensors)


def put_adapter(model: Any, tuned: TunedFiles) -> tuple[Any, set[str]]:
    """Add a tuned model's adapter to the weights, and return the names of those that it changed."""
    if not tuned.has_adapter:
        return model, set()
    adapted = PeftModel.from_pretrained(model, str(tuned.folder))
    names = {
        f"{name.removeprefix('base_model.model.')}.weight"
        for name, module in adapted.named_modules()
        if hasattr(module, "lora_A") and hasattr(module, "base_layer")
    }
    return adapted.merge_and_unload(), names


def is_plain_lora(tuned: TunedFiles) -> bool:
    """Whether a tuned model has an adapter that adds to the weights, so that others can come on top of it."""
    from peft import PeftConfig

    if not tuned.has_adapter:
        return False
    config: Any = PeftConfig.from_pretrained(str(tuned.folder))
    return not config.use_dora


def put_into_weights(model: Any, start: TunedFiles) -> Any:
    """Put into a base model's weights what of a tuned model cannot stay a LoRA adapter beside it."""
    put_changed_tensors(model, start)
    if start.has_adapter and not is_plain_lora(start):
        model, _ = put_adapter(model, start)
    return model
