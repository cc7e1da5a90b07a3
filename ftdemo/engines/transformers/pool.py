"""The models that transformers has in memory: the base, and others that differ from it in some tensors.

All other tensors are shared with the base.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from ftdemo.engines.transformers.adapters import AdapterPool
from ftdemo.language.tuned import put_changed_tensors, sharing_copy
from ftdemo.weights.tuned_files import TunedFiles

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MAX_CHANGED_MODELS = 2


class ModelPool:
    """The base model and the models with changed tensors used last, each with its own adapters.

    Args:
        base: the base model, in evaluation mode.
    """

    def __init__(self, base: PreTrainedModel) -> None:
        self._base = base
        # PEFT puts its layers into the model it is given, so the one that others are made from stays apart.
        self._base_adapters = AdapterPool(sharing_copy(base))
        self._changed: OrderedDict[Path, AdapterPool] = OrderedDict()

    def has_room(self, tuned: TunedFiles | None, in_use: Collection[AdapterPool]) -> bool:
        """Whether a tuned model's weights are there, or can take the place of others.

        Args:
            tuned: the tuned model; None for the base.
            in_use: weights that must not leave.
        """
        if tuned is None or not tuned.has_changed or tuned.folder in self._changed:
            return True
        return sum(pool in in_use for pool in self._changed.values()) < MAX_CHANGED_MODELS

    def adapters(self, tuned: TunedFiles | None, in_use: Collection[AdapterPool] = ()) -> AdapterPool:
        """The adapters of the weights that a tuned model stands on.

        Args:
            tuned: the tuned model; None for the base.
            in_use: weights that must not leave to make room.
        """
        if tuned is None or not tuned.has_changed:
            return self._base_adapters
        if tuned.folder not in self._changed:
            unused = [folder for folder, pool in self._changed.items() if pool not in in_use]
            for folder in unused[: max(0, len(self._changed) - MAX_CHANGED_MODELS + 1)]:
                del self._changed[folder]
            model = sharing_copy(self._base)
            put_changed_tensors(model, tuned)
            self._changed[tuned.folder] = AdapterPool(model)
        self._changed.move_to_end(tuned.folder)
        return self._changed[tuned.folder]
