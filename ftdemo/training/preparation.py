"""The model a run trains: the base, what it continues from, and what of it may change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ftdemo.language.adapter import add_adapter
from ftdemo.language.loading import halve_frozen, load
from ftdemo.language.saving import save_adapter, save_changed
from ftdemo.language.tuned import is_plain_lora
from ftdemo.machine.device import Device, Precision
from ftdemo.models.base import BaseModel
from ftdemo.training.settings import AdapterSettings
from ftdemo.weights.tuned_files import TunedFiles


@dataclass(frozen=True)
class Prepared:
    """A model ready to be trained.

    Args:
        model: the model, its parameters marked as trained or frozen; a PeftModel for an adapter.
        changed: the tensors that differ from the base's or will, by their names in the base's state dict.
        on_top_of: the tuned model whose LoRA adapter and changed tensors are kept, and the new adapter with
            them; `changed` is empty then.
        packed: whether it uses `attention.PACKED`.
    """

    model: Any
    changed: dict[str, torch.nn.Parameter]
    on_top_of: TunedFiles | None
    packed: bool

    def save(self, folder: Path) -> None:
        """Write what was trained, and what it stands on, as a tuned model into a new folder.

        Args:
            folder: where to; it is made.
        """
        folder.mkdir(parents=True)
        if hasattr(self.model, "peft_config"):
            save_adapter(self.model, folder, on_top_of=self.on_top_of)
        save_changed(self.changed, folder)


def with_adapter(
    base: BaseModel,
    parent: TunedFiles | None,
    device: Device,
    settings: AdapterSettings,
    *,
    dora: bool = False,
    four_bits: bool = False,
) -> Prepared:
    """Load a model and give it an adapter, which alone will be trained.

    A tuned model to continue from is first put into the weights. If both it and the new one are plain LoRA,
    its adapter is kept and the new adapter comes on top; otherwise the changed weights are kept.

    Args:
        base: the base model.
        parent: the tuned model to continue from, or None for the base itself.
        device: where it will compute.
        settings: the adapter's size and layers, and in which format products will be taken.
        dora: whether it learns the length of each row of the sum as well.
        four_bits: hold the base in 4 bits; it is for a base without a parent.
    """
    loaded = load(base, device, parent, precision=settings.precision, four_bits=four_bits, exact=True)
    model = loaded.model
    on_top_of = parent if parent is not None and not dora and is_plain_lora(parent) else None
    kept = frozenset() if on_top_of else loaded.changed
    changed = {name: model.get_parameter(name) for name in sorted(kept)}
    # The lengths of DoRA's rows would be those of the rounded ones.
    if loaded.bfloat16 and not (dora or four_bits):
        halve_frozen(model, keep=kept)
    adapted = add_adapter(
        model, base, rank=settings.rank, alpha=settings.alpha, dropout=settings.dropout,
        targets=settings.targets, dora=dora,
    )  # fmt: skip
    return Prepared(adapted, changed, on_top_of, loaded.packed)


def with_tensors(
    base: BaseModel,
    parent: TunedFiles | None,
    device: Device,
    choose: Callable[[list[str], bool], Iterable[str]],
    *,
    precision: Precision = "auto",
) -> Prepared:
    """Load a model and let some of its own tensors, which alone will be trained, change.

    A tuned model to continue from is first put into the weights, and what it changed is kept too.

    Args:
        base: the base model.
        parent: the tuned model to continue from, or None for the base itself.
        device: where it will compute.
        choose: given the names of all parameters, and whether the output head is the same tensor as the input
            embeddings, says which are trained.
        precision: in which format products will be taken.

    Raises:
        UserError: as `choose` does.
    """
    loaded = load(base, device, parent, precision=precision, exact=True)
    parameters = dict(loaded.model.named_parameters())
    chosen = set(choose(list(parameters), bool(loaded.model.config.tie_word_embeddings)))
    for name in chosen:
        parameters[name].requires_grad_(True)
    kept = chosen | loaded.changed
    if loaded.bfloat16:
        halve_frozen(loaded.model, keep=kept)
    return Prepared(loaded.model, {name: parameters[name] for name in sorted(kept)}, None, loaded.packed)
