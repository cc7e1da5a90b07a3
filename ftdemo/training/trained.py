"""The tensors that a run trains, which are all that its checkpoints hold of the model."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

TRAINED = "trained.safetensors"


def trained_weights(model: Any) -> dict[str, torch.nn.Parameter]:
    """What of a model learns, by name."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def trained_numbers(model: Any) -> int:
    """How many numbers of a model learn."""
    return sum(weight.numel() for weight in trained_weights(model).values())


def put_back(trained: Mapping[str, torch.nn.Parameter], saved: Mapping[str, Tensor]) -> None:
    """Give what a run trains the values it had.

    Args:
        trained: by name; is changed.
        saved: the values, by the same names.

    Raises:
        ValueError: the values are those of another model.
    """
    if saved.keys() != trained.keys():
        raise ValueError("the checkpoint is of another model")
    with torch.no_grad():
        for name, tensor in saved.items():
            trained[name].copy_(tensor)
