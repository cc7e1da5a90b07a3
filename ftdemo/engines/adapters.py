"""One base model in memory, tuned models attached to it as adapters."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
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
            self._loaded[name] = folder
        self._loaded.move_to_end(name)
        return name

    @contextmanager
    def batch(self, names: Sequence[str]) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The model to call for a batch whose rows use these adapters, and the arguments to add.

        Only a batch that mixes adapters pays for choosing one row by row.
        """
        if self._peft is None:
            yield self._base, {}
        elif set(names) == {NO_ADAPTER}:
            with self._peft.disable_adapter():
                yield self._peft, {}
        elif len(set(names)) == 1:
            self._peft.set_adapter(names[0], inference_mode=True)
            yield self._peft, {}
        else:
            yield self._peft, {"adapter_names": list(names)}

    def _make_room(self, in_use: Collection[str]) -> None:
        if self._peft is None:
            return
        unused = [name for name in self._loaded if name not in in_use]
        for oldest in unused[: max(0, len(self._loaded) - MAX_ADAPTERS + 1)]:
            self._peft.delete_adapter(oldest)
            del self._loaded[oldest]
