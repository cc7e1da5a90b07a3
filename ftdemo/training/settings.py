"""The knobs that all trainings share. No torch is imported here."""

from dataclasses import dataclass

from ftdemo.knobs import Knobs, knob
from ftdemo.machine.device import Precision

TARGETS = ("all-linear", "attention", "mlp")
ADAPTER = "Adapter (LoRA)"
"""Heading of the knobs of an adapter."""


@dataclass(frozen=True)
class AdapterSettings(Knobs):
    """Training a LoRA adapter (Hu et al. 2021, arXiv:2106.09685).

    The model stays as it is; each of its linear layers W gains a product of two small matrices, of which only
    they learn: W' = W + (alpha / rank) · B·A.
    """

    rank: int = knob(
        16, "rank", "Rows of A and columns of B: how much can be learned.", 1, 1024,
        label="Rank r", group=ADAPTER,
    )  # fmt: skip
    alpha: int = knob(32, "alpha", "Scale of the product; alpha / rank = 2 is usual.", 1, 4096, group=ADAPTER)
    dropout: float = knob(
        0.0, "dropout", "Share of A's inputs set to 0 in training.", 0.0, 0.9, step=0.05, group=ADAPTER
    )
    targets: str = knob(
        "all-linear", "choice of target layers", "The linear layers that gain an adapter.",
        label="Target layers", choices=TARGETS, group=ADAPTER,
    )  # fmt: skip
    precision: Precision = knob(
        "auto",
        "precision",
        "The number format of matrix products: 'bfloat16' takes them in that format while weights and sums "
        "stay float32; 'auto' does so where the device has instructions for it.",
    )
    seed: int = knob(
        42, "seed", "Start of the random numbers: A's first values, and the order of what is learned from.",
        0, 2**32 - 1,
    )  # fmt: skip
