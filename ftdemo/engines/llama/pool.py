"""The models that llama.cpp has in memory: the base with the adapters used last, and a few others."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

from ftdemo.engines.llama.files import LlamaFiles
from ftdemo.engines.llama.server import SLOTS, LlamaServer
from ftdemo.engines.llama.slots import Slots
from ftdemo.machine.heap import give_back_memory

MAX_MODELS = 3
MAX_ADAPTERS = 8


class LoadedModel:
    """A server with its adapters, and which answers have its slots.

    Args:
        server: the model.
        adapters: its adapters, in the server's order.
        context: tokens that its slots together can hold.
    """

    def __init__(self, server: LlamaServer, adapters: Sequence[Path], context: int) -> None:
        self.server = server
        self.adapters = list(adapters)
        self.slots = Slots(SLOTS, context)


class LlamaPool:
    """Loads models and adapters when they are needed; those not used for longest leave.

    llama.cpp takes adapters only while it loads a model. So one more adapter means loading the model again,
    which takes about half a second; nothing may be generating meanwhile.

    Args:
        load: loads a model with adapters.
        context: tokens that the slots of one model together can hold.
    """

    def __init__(self, load: Callable[[Path, Sequence[Path]], LlamaServer], context: int) -> None:
        self._load = load
        self._context = context
        self._models: OrderedDict[Path, LoadedModel] = OrderedDict()
        self._used: dict[Path, OrderedDict[Path, None]] = {}

    def get(self, files: LlamaFiles) -> tuple[LoadedModel, int | None]:
        """The loaded model for some files, and its adapter's place in it, or None without an adapter.

        Raises:
            RuntimeError: the files cannot be loaded.
        """
        used = self._used.setdefault(files.model, OrderedDict())
        if files.adapter is not None:
            used[files.adapter] = None
            used.move_to_end(files.adapter)
            while len(used) > MAX_ADAPTERS:
                used.popitem(last=False)
        if not self._is_loaded(files):
            try:
                self._reload(files.model, [adapter for adapter in used if adapter.is_file()])
            except Exception:
                # Which of them is damaged is not known; the others must not be loaded with it again.
                used.clear()
                raise
        self._models.move_to_end(files.model)
        loaded = self._models[files.model]
        return loaded, loaded.adapters.index(files.adapter) if files.adapter is not None else None

    def free_slots(self) -> None:
        """Take the slots of all loaded models from whoever has them, and forget what they have read."""
        for loaded in self._models.values():
            loaded.slots = Slots(SLOTS, self._context)

    def _is_loaded(self, files: LlamaFiles) -> bool:
        loaded = self._models.get(files.model)
        return loaded is not None and (files.adapter is None or files.adapter in loaded.adapters)

    def _reload(self, model: Path, adapters: Sequence[Path]) -> None:
        # The old one goes first: two in memory at once is what a small machine may not have.
        self._models.pop(model, None)
        while len(self._models) >= MAX_MODELS:
            left, _ = self._models.popitem(last=False)
            self._used.pop(left, None)
        # Without this each reloading leaves some 20 MB of gaps in the heap behind.
        give_back_memory()
        self._models[model] = LoadedModel(self._load(model, adapters), adapters, self._context)
