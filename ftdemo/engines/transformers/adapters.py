"""One base model in memory, tuned models attached to it as adapters."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

MAX_ADAPTERS = 8
NO_ADAPTER = "__base__"
"""PEFT's own word, in a batch of mixed adapters, for a row that uses none."""


class AdapterPool:
    """The base model with the adapters used last; the one not used for longest leaves first.

    Args:
        base: the base model, in evaluation mode.
    """

    def __init__(self, base: PreTrainedModel) -> None:
        self._base = base
        self._peft: PeftModel | None = None
        self._loaded: OrderedDict[str, Path] = OrderedDict()
        self._choosing: set[Any] = set()
        self._names: list[str] | None = None

    @property
    def config(self) -> Any:
        """The base model's configuration."""
        return self._base.config

    def attach(self, folder: Path, in_use: Collection[str] = ()) -> str:
        """Load an adapter unless it is there, and return the name it goes by in here.

        Args:
            folder: the tuned model's files; two models never share one, so it identifies the adapter.
            in_use: adapters that answers are generated with, and that must not leave.
        """
        name = "adapter_" + folder.name.replace(".", "_")
        if name not in self._loaded:
            self._make_room(in_use)
            # Adapters are kept in the base's number format: mixing formats would convert at every layer.
            options: dict[str, Any] = {"adapter_name": name, "autocast_adapter_dtype": False}
            if self._peft is None:
                from peft import PeftModel

                self._peft = PeftModel.from_pretrained(self._base, str(folder), **options)
            else:
                self._peft.load_adapter(str(folder), **options)
            self._peft.to(self._base.dtype)
            self._peft.eval()
            self._let_rows_choose(self._peft)
            self._loaded[name] = folder
        self._loaded.move_to_end(name)
        return name

    def model_for(self, names: Sequence[str]) -> Any:
        """The model, ready for a batch.

        Args:
            names: the adapter of each row.
        """
        if self._peft is not None:
            # Only a batch that mixes adapters, or has none, pays for choosing row by row.
            self._names = list(names) if len(set(names)) > 1 or NO_ADAPTER in names else None
            if self._names is None and self._peft.active_adapter != names[0]:
                self._peft.set_adapter(names[0], inference_mode=True)
        return self._base

    def _let_rows_choose(self, peft: PeftModel) -> None:
        """Tell PEFT's layers the adapter of each row, at every call.

        PEFT would do so itself for a call with `adapter_names`, but looks for all its layers each time, which
        takes as long as a tenth of a token.
        """
        from peft.tuners.lora import LoraLayer
        from peft.utils.other import AuxiliaryTrainingWrapper

        def choose(layer: Any, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
            return given, named if self._names is None else {**named, "adapter_names": self._names}

        for layer in peft.modules():
            if isinstance(layer, LoraLayer | AuxiliaryTrainingWrapper) and layer not in self._choosing:
                layer.register_forward_pre_hook(choose, with_kwargs=True)
                self._choosing.add(layer)

    def _make_room(self, in_use: Collection[str]) -> None:
        if self._peft is None:
            return
        unused = [name for name in self._loaded if name not in in_use]
        for oldest in unused[: max(0, len(self._loaded) - MAX_ADAPTERS + 1)]:
            self._peft.delete_adapter(oldest)
            del self._loaded[oldest]
