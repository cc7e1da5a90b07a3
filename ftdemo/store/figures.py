"""The figures of a run, as they are stored with its job.

Each kind of run has a class of its own beside its code. Here is what the run sheet and the page ask of any
run, and how such a class is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, TypeVar

from ftdemo.store.jobs import Job
from ftdemo.store.records import as_record, from_record

F = TypeVar("F", bound="RunFigures")


@dataclass(frozen=True, kw_only=True)
class RunFigures:
    """What may be asked of a run of any kind; None where its kind has no such figure, or none yet.

    Figures are read back by field name, whatever version wrote them, so a name that has been stored stays.

    Args:
        samples: the samples learned from.
        held_out_samples: the samples measured with.
        cut_off_samples: those of the first that are longer than the longest length.
        steps: optimizer steps taken.
        tokens: tokens learned from, those of later epochs counted again.
        seconds: what the run took, the parts before a pause too.
        tokens_per_second: tokens by seconds.
        first_loss: loss of the first step, in nats.
        final_loss: loss of the last step, in nats.
        held_out_loss_before: loss of what is held out before the first step, in nats.
        held_out_loss: the same of the model that is kept.
        best_step: the step after which the model was that is kept, if it was looked for.
        trainable_parameters: numbers that were trained.
        parameters: numbers of the whole model, tied ones counted once.
        peak_memory_bytes: the most resident memory its worker had, in any part.
        device: where it was computed.
        precision: in which number format products were taken.
        versions: of the libraries it was computed with, by name.
        warnings: sentences for whoever started it.
    """

    ALWAYS: ClassVar[frozenset[str]] = frozenset()
    """Fields that are stored even where there is no figure, as null or empty; others are left out then."""

    samples: int | None = None
    held_out_samples: int | None = None
    cut_off_samples: int | None = None
    steps: int | None = None
    tokens: int | None = None
    seconds: float | None = None
    tokens_per_second: float | None = None
    first_loss: float | None = None
    final_loss: float | None = None
    held_out_loss_before: float | None = None
    held_out_loss: float | None = None
    best_step: int | None = None
    trainable_parameters: int | None = None
    parameters: int | None = None
    peak_memory_bytes: int | None = None
    device: str | None = None
    precision: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @classmethod
    def read(cls: type[F], record: Mapping[str, Any]) -> F:
        """The figures of what was stored; fields that are missing are empty, unknown ones passed over."""
        return from_record(cls, record)

    @classmethod
    def of(cls: type[F], job: Job) -> F:
        """The figures of a job so far."""
        return cls.read(job.metrics)

    def as_dict(self) -> dict[str, Any]:
        """As they are stored with a job, and printed."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        empty = {one.name: _default(one) for one in fields(self)}
        return {
            name: as_record(value)
            for name, value in values.items()
            if name in self.ALWAYS or value != empty[name]
        }


def _default(of: Any) -> Any:
    return of.default if of.default_factory is MISSING else of.default_factory()
