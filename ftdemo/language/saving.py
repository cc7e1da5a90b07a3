"""Writing a tuned model: its adapter, its changed tensors, or both."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from ftdemo.language.adapter import ADAPTER
from ftdemo.weights.tuned_files import ADAPTER_CONFIG, ADAPTER_WEIGHTS, CHANGED, TunedFiles


def save_adapter(model: Any, folder: Path, name: str = ADAPTER, on_top_of: TunedFiles | None = None) -> None:
    """Write a model's adapter.

    Args:
        model: a PeftModel.
        folder: where to; it is there already.
        name: what PEFT calls the adapter.
        on_top_of: the tuned model, with a plain LoRA adapter, that this one, plain LoRA too, was trained on.
            Its adapter becomes part of what is written, and its changed tensors are written too.
    """
    # Embeddings are not trained; left to find that out, PEFT would ask the Hub.
    model.save_pretrained(folder, selected_adapters=[name], save_embedding_layers=False)
    if name != ADAPTER:  # PEFT writes it into a folder of that name
        for file in (folder / name).iterdir():
            file.replace(folder / file.name)
        (folder / name).rmdir()
    config = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    if isinstance(config["target_modules"], list):  # of a set, in another order each time
        config["target_modules"].sort()
    _write_config(config, folder)
    # PEFT's README is a form that nobody filled in, with a path of this machine.
    (folder / "README.md").unlink(missing_ok=True)
    if on_top_of is not None:
        _put_on_top(on_top_of, folder)
        if on_top_of.has_changed:
            shutil.copy2(on_top_of.changed, folder / CHANGED)


def save_changed(tensors: Mapping[str, torch.Tensor], folder: Path) -> None:
    """Write changed tensors in float32.

    Args:
        tensors: by their names in the base's state dict; nothing is written if there is none.
        folder: where to; it is there already.
    """
    if tensors:
        exact = {name: tensor.detach().float().cpu().contiguous() for name, tensor in tensors.items()}
        save_file(exact, folder / CHANGED)


def _put_on_top(parent: TunedFiles, folder: Path) -> None:
    """Turn the LoRA adapter of a folder into one that holds its parent's as well.

    Two adapters on a weight add up: s1·B1·A1 + s2·B2·A2 = [s1·B1, s2·B2]·[A1; A2], one adapter whose rank is
    the sum of both.
    """
    first, second = _read(parent.folder), _read(folder)
    ranks = first.rank, second.rank
    tensors: dict[str, torch.Tensor] = {}
    for key in sorted(first.tensors.keys() | second.tensors.keys()):
        if ".lora_A." not in key:
            continue
        pairs = []
        for adapter, rank in zip((first, second), ranks, strict=True):
            pairs.append(adapter.pair(key, rank))
        (known_a, known_b) = next(pair for pair in pairs if pair is not None)
        down, up = [], []
        for pair, rank in zip(pairs, ranks, strict=True):
            # A layer that only one of them adapts gets zeros for the other.
            down.append(pair[0] if pair else known_a.new_zeros(rank, known_a.shape[1]))
            up.append(pair[1] if pair else known_b.new_zeros(known_b.shape[0], rank))
        tensors[key] = torch.cat(down, dim=0).contiguous()
        tensors[key.replace(".lora_A.", ".lora_B.")] = torch.cat(up, dim=1).contiguous()
    config = {**second.config, "r": sum(ranks), "lora_alpha": sum(ranks)}
    config["target_modules"] = sorted(
        set(first.config["target_modules"]) | set(second.config["target_modules"])
    )
    save_file(tensors, folder / ADAPTER_WEIGHTS, metadata={"format": "pt"})
    _write_config(config, folder)


def _write_config(config: Mapping[str, Any], folder: Path) -> None:
    (folder / ADAPTER_CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True), encoding="utf-8")


class _Adapter:
    """A LoRA adapter's files in memory."""

    def __init__(self, config: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
        self.config = config
        self.tensors = tensors
        self.rank = int(config["r"])

    def pair(self, key: str, rank: int) -> tuple[torch.Tensor, torch.Tensor] | None:
        """A and the scaled B of a layer, by A's key; None if the layer is not adapted."""
        if key not in self.tensors:
            return None
        scale = self.config["lora_alpha"] / rank
        return self.tensors[key], self.tensors[key.replace(".lora_A.", ".lora_B.")] * scale


def _read(folder: Path) -> _Adapter:
    config = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    return _Adapter(config, load_file(folder / ADAPTER_WEIGHTS))
