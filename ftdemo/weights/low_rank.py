"""A PEFT adapter's matrices and scaling, read without torch or PEFT."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ftdemo.errors import UserError
from ftdemo.weights.tensors import Tensors
from ftdemo.weights.tuned_files import ADAPTER_CONFIG, ADAPTER_WEIGHTS, TunedFiles

_PREFIX = "base_model.model."
_A, _B, _MAGNITUDE = ".lora_A.weight", ".lora_B.weight", ".lora_magnitude_vector"


@dataclass(frozen=True)
class LowRank:
    """What an adapter adds to one linear module: scaling · B · A.

    Args:
        module: the module's name in the base model.
        a: of shape (rank, inputs).
        b: of shape (outputs, rank).
        scaling: the factor.
        magnitude: DoRA's length of each row of the sum, of shape (outputs,); None for plain LoRA.
    """

    module: str
    a: np.ndarray
    b: np.ndarray
    scaling: float
    magnitude: np.ndarray | None

    def merged(self, weight: np.ndarray) -> np.ndarray:
        """The module's weight with the adapter in it, in float32.

        DoRA (Liu et al. 2024, equation 5) gives each row of W + scaling·B·A its learned length.

        Args:
            weight: the base's, of shape (outputs, inputs).
        """
        total: np.ndarray = weight.astype(np.float32) + self.scaling * (
            self.b.astype(np.float32) @ self.a.astype(np.float32)
        )
        if self.magnitude is None:
            return total
        lengths = np.linalg.norm(total, axis=1, keepdims=True)
        scaled: np.ndarray = total * (self.magnitude.astype(np.float32)[:, None] / lengths)
        return scaled


class Adapter:
    """An adapter in a tuned model's folder.

    Args:
        files: the tuned model's files.

    Raises:
        UserError: the adapter holds something other than low-rank matrices of linear modules.
    """

    def __init__(self, files: TunedFiles) -> None:
        self._config = json.loads((files.folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
        self._tensors = Tensors(files.folder / ADAPTER_WEIGHTS)
        other = [name for name in self._tensors if not name.endswith((_A, _B, _MAGNITUDE))]
        if other or self._config.get("bias", "none") != "none" or self._config.get("fan_in_fan_out"):
            raise UserError(
                f"The adapter in {files.folder.name} holds more than low-rank matrices "
                f"({other[0] if other else 'biases or transposed weights'}), which llama.cpp cannot add.",
                "Set FTDEMO_ENGINE=transformers to ask this model.",
            )

    @property
    def is_dora(self) -> bool:
        """Whether rows are given a learned length, which no addition to the base's weights can do."""
        return bool(self._config.get("use_dora"))

    @property
    def alpha(self) -> float:
        """The configuration's `lora_alpha`."""
        return float(self._config["lora_alpha"])

    def modules(self) -> Iterator[LowRank]:
        """The low-rank matrices, module by module."""
        for name in sorted(self._tensors):
            if not name.endswith(_A):
                continue
            path = name.removesuffix(_A)
            a, b = self._tensors[path + _A], self._tensors[path + _B]
            magnitude = self._tensors.get(path + _MAGNITUDE)
            module = path.removeprefix(_PREFIX)
            yield LowRank(module, a, b, self._scaling(module, a.shape[0]), magnitude)

    def _scaling(self, module: str, rank: int) -> float:
        """PEFT's factor: alpha over the rank, or over its square root where the rank is stabilised."""
        alpha = _of_pattern(self._config.get("alpha_pattern") or {}, module, self.alpha)
        return alpha / (math.sqrt(rank) if self._config.get("use_rslora") else rank)


def _of_pattern(pattern: dict[str, Any], module: str, default: float) -> float:
    """A module's own value, by the ends of names or regular expressions that PEFT takes as keys."""
    for key, value in pattern.items():
        if re.match(rf"(.*\.)?({key})$", module):
            return float(value)
    return default
