"""A base model's tensors by name and shape, read from the headers of its files. No torch is imported."""

import json
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from ftdemo.errors import SourceError


@dataclass(frozen=True)
class ModelShapes:
    """What a base model is made of.

    Args:
        tensors: the shape of each parameter by its name.
        tied_head: whether the output head is the same tensor as the input embeddings.
        layers: blocks of the model.
        hidden_size: numbers that stand for a token between two blocks.
        vocabulary: tokens it knows.
    """

    tensors: dict[str, tuple[int, ...]]
    tied_head: bool
    layers: int
    hidden_size: int
    vocabulary: int

    @property
    def parameters(self) -> int:
        """All parameters."""
        return sum(prod(shape) for shape in self.tensors.values())

    def linear(self, name: str) -> bool:
        """Whether a tensor is the matrix of a linear layer inside a block."""
        shape = self.tensors[name]
        return len(shape) == 2 and name.endswith(".weight") and ".layers." in f".{name}"


def read_shapes(folder: Path) -> ModelShapes:
    """Read the shapes of a base model's folder.

    Raises:
        SourceError: a file of it cannot be read.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        config = config.get("text_config", config)
        tensors: dict[str, tuple[int, ...]] = {}
        for file in sorted(folder.glob("*.safetensors")):
            for name, entry in _header(file).items():
                if name != "__metadata__":
                    tensors[name] = tuple(entry["shape"])
        return ModelShapes(
            tensors=tensors,
            tied_head=bool(config.get("tie_word_embeddings", False)),
            layers=int(config["num_hidden_layers"]),
            hidden_size=int(config["hidden_size"]),
            vocabulary=int(config["vocab_size"]),
        )
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        raise SourceError(
            f"The base model in {folder.name} cannot be measured ({type(error).__name__}).",
            "Fetch it again, or choose another base model.",
        ) from error


def _header(file: Path) -> dict[str, Any]:
    """The header of a safetensors file: eight bytes that tell its length, then JSON."""
    with file.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(length))
    return header if isinstance(header, dict) else {}
