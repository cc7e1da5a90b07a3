"""The figures of a supervised run. No torch is imported here."""

from dataclasses import dataclass
from typing import ClassVar

from ftdemo.store.figures import RunFigures


@dataclass(frozen=True, kw_only=True)
class TuneFigures(RunFigures):
    """The figures of a supervised run.

    Args:
        dropped_samples: samples of whose answer nothing is within the longest length.
    """

    ALWAYS: ClassVar[frozenset[str]] = frozenset({
        "tokens_per_second", "first_loss", "final_loss", "held_out_loss_before", "held_out_loss", "best_step",
    })  # fmt: skip

    dropped_samples: int | None = None
