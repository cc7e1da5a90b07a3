"""Which files llama.cpp loads to answer as the base model or as a tuned one; they are made when missing."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ftdemo.models.base import BaseModel
from ftdemo.settings import DEFAULT_BASE_MODEL, ChatWeights
from ftdemo.weights.gguf_cache import GgufCache
from ftdemo.weights.llama_names import LlamaShape, read_config
from ftdemo.weights.low_rank import Adapter
from ftdemo.weights.tensors import Tensors
from ftdemo.weights.tuned_files import ADAPTER_CONFIG, ADAPTER_WEIGHTS, TunedFiles


@dataclass(frozen=True)
class LlamaFiles:
    """What answers as one model.

    Args:
        model: the GGUF file of the whole model.
        adapter: the GGUF file of a LoRA adapter on top of it, if any.
    """

    model: Path
    adapter: Path | None = None


class LlamaLibrary:
    """Finds or makes the files for the base model and its tuned models.

    Args:
        base: the base model, of the llama family.
        base_cache: where files made from the base model are kept.
        tuned_cache: where files made from tuned models are kept.
        weights: 'float16', or 'file' to load the default model's GGUF file as it is.
    """

    def __init__(
        self,
        base: BaseModel,
        base_cache: GgufCache,
        tuned_cache: GgufCache,
        weights: ChatWeights = "float16",
    ) -> None:
        self._weights = weights
        self._base = base
        self._of_base = base_cache
        self._tuned = tuned_cache
        self._shape = LlamaShape.of_config(read_config(base.folder))

    def base(self) -> Path:
        """The base model's file: a GGUF file of one's own as it is, any other model as float16.

        llama.cpp rounds what it multiplies with a quantised matrix to 8 bits. With the default model's 4-bit
        file 97 % of the single tokens stay, but only 22 of 50 answers: 'What is the capital of France?' is no
        longer Paris, and what is answered depends on who else asks at the moment. In float16 all 50 answers
        are those of float32 (tests/benchmarks/agreement.py), at four fifths of the speed.
        """
        from ftdemo.weights.gguf_model import write_base

        folder, source = self._base.folder, self._base.gguf
        as_it_is = self._base.name != DEFAULT_BASE_MODEL or self._weights == "file"
        if source is not None and as_it_is:
            return source
        sources = [folder / "config.json", *sorted(folder.glob("*.safetensors"))]
        return self._of_base.file(f"{_name(folder)}.F16", sources, lambda path: write_base(folder, path))

    def tuned(self, files: TunedFiles) -> LlamaFiles:
        """The files of a tuned model.

        A DoRA adapter sets the length of whole rows, which is no addition to them, so it is merged into
        tensors of the base; changed tensors go into a file of the whole model; LoRA stays an adapter.

        Raises:
            UserError: the adapter holds something that llama.cpp cannot add.
        """
        from ftdemo.weights.gguf_adapter import write_adapter

        base, name = self.base(), files.folder.name
        merged = files.has_adapter and Adapter(files).is_dora
        adapter_files = [files.folder / part for part in (ADAPTER_CONFIG, ADAPTER_WEIGHTS)]
        model = base
        if merged or files.has_changed:
            sources = [
                base,
                *([files.changed] if files.has_changed else []),
                *(adapter_files if merged else []),
            ]
            model = self._tuned.file(f"{name}.model", sources, self._with_changed(base, files, merged))
        adapter = None
        if files.has_adapter and not merged:
            adapter = self._tuned.file(
                f"{name}.lora", adapter_files, lambda path: write_adapter(files, self._shape, path)
            )
        return LlamaFiles(model, adapter)

    def _with_changed(self, base: Path, files: TunedFiles, merged: bool) -> Callable[[Path], None]:
        def make(path: Path) -> None:
            from ftdemo.weights.gguf_model import write_changed

            changed: dict[str, np.ndarray] = dict(Tensors(files.changed)) if files.has_changed else {}
            if merged:
                weights = Tensors.of_folder(self._base.folder)
                for module in Adapter(files).modules():
                    name = f"{module.module}.weight"
                    changed[name] = module.merged(changed.get(name, weights[name]))
            write_changed(base, changed, self._shape, path)

        return make


def _name(folder: Path) -> str:
    """A folder's name; in the Hub's cache that is a commit, and the model's name is further up."""
    return folder.parent.parent.name if folder.parent.name == "snapshots" else folder.name
