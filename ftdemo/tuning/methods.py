"""The ways to tune: what each changes, when to use it, and whether this machine can. No torch is imported.

What of a model a method trains is in `preparing.py`, and how much that is in `estimate.py`.
"""

import importlib.util
from dataclasses import dataclass
from typing import Literal

from ftdemo.machine.device import has_cuda_device

Method = Literal["lora", "dora", "qlora", "features", "full"]


@dataclass(frozen=True)
class MethodInfo:
    """A way to tune.

    Args:
        name: what settings, jobs and models call it.
        title: what a person calls it.
        when: a sentence on when to use it.
        learning_rate: the learning rate of the 'balanced' recipe; the other recipes scale it.
        adapter: whether it trains an adapter beside the base model, or tensors of the base model itself.
    """

    name: Method
    title: str
    when: str
    learning_rate: float
    adapter: bool


METHODS: dict[str, MethodInfo] = {
    info.name: info
    for info in (
        MethodInfo(
            "lora",
            "LoRA",
            "The first choice: a small adapter beside the base model, quick to train, 20 MB to keep.",
            1e-3,
            adapter=True,
        ),
        MethodInfo(
            "dora",
            "DoRA",
            "LoRA that learns direction and size of each weight apart: often a little better, and slower.",
            1e-3,
            adapter=True,
        ),
        MethodInfo(
            "qlora",
            "QLoRA",
            "LoRA on a base model held in 4 bits: for a model that would not fit a graphics card otherwise.",
            1e-3,
            adapter=True,
        ),
        MethodInfo(
            "features",
            "Feature-based",
            "Retrains chosen parts, such as the last blocks, and freezes the rest: the lower layers' "
            "features are used as they are.",
            2e-4,
            adapter=False,
        ),
        MethodInfo(
            "full",
            "Full",
            "Retrains every weight: the most it can learn and forget, at three times the memory and a whole "
            "model to keep.",
            1e-4,
            adapter=False,
        ),
    )
}


def unavailable(method: str) -> str | None:
    """Why this machine cannot use a method, in a sentence, or None if it can."""
    if method != "qlora":
        return None
    if not has_cuda_device():
        return "QLoRA needs an NVIDIA graphics card, and there is none here."
    if importlib.util.find_spec("bitsandbytes") is None:
        return "QLoRA needs the package bitsandbytes, which is not installed."
    return None
