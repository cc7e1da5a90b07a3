"""Reading safetensors files as numpy arrays, one tensor at a time, without torch.

The safetensors package gives numpy no bfloat16, in which most models on the Hub come; here it is widened to
float32, which loses nothing.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_HEADER_LENGTH_BYTES = 8


@dataclass(frozen=True)
class _Entry:
    file: Path
    dtype: str
    shape: tuple[int, ...]
    offset: int


class Tensors(Mapping[str, Any]):
    """The floating-point tensors of safetensors files, by name; each is read when it is asked for.

    Args:
        files: the files; their names do not overlap.
    """

    def __init__(self, *files: Path) -> None:
        self._entries: dict[str, _Entry] = {}
        for file in files:
            self._entries.update(_entries(file))

    @classmethod
    def of_folder(cls, folder: Path) -> "Tensors":
        """The weights of a model's folder, in one file or several."""
        index = folder / "model.safetensors.index.json"
        if index.is_file():
            shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
            return cls(*(folder / shard for shard in sorted(shards)))
        return cls(folder / "model.safetensors")

    def __getitem__(self, name: str) -> np.ndarray:
        """A tensor in its own shape; float32, unless it is float16 or float64."""
        entry = self._entries[name]
        count = prod(entry.shape)
        data = np.fromfile(entry.file, _TYPES[entry.dtype], count, offset=entry.offset).reshape(entry.shape)
        return (data.astype("<u4") << 16).view("<f4") if entry.dtype == "BF16" else data

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def _entries(file: Path) -> dict[str, _Entry]:
    """Where each tensor lies: the file begins with the length of a JSON header, then the header."""
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(_HEADER_LENGTH_BYTES), "little")
        header = json.loads(opened.read(length))
    start = _HEADER_LENGTH_BYTES + length
    return {
        name: _Entry(file, entry["dtype"], tuple(entry["shape"]), start + entry["data_offsets"][0])
        for name, entry in header.items()
        if name != "__metadata__" and entry["dtype"] in _TYPES
    }
