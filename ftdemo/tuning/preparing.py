"""Which method of tuning changes what of a model."""

from __future__ import annotations

from ftdemo.machine.device import Device
from ftdemo.models.base import BaseModel
from ftdemo.training.preparation import Prepared, with_adapter, with_tensors
from ftdemo.tuning.methods import METHODS
from ftdemo.tuning.parts import choose_parts
from ftdemo.tuning.settings import TuneSettings
from ftdemo.weights.tuned_files import TunedFiles


def prepare(base: BaseModel, parent: TunedFiles | None, settings: TuneSettings, device: Device) -> Prepared:
    """Load a model and make it trainable by the method of the settings.

    Args:
        base: the base model.
        parent: the tuned model to continue from, or None for the base itself.
        settings: the method and its knobs.
        device: where it will compute.

    Raises:
        UserError: the settings name parts that the model does not have.
    """
    if METHODS[settings.method].adapter:
        method = settings.method
        return with_adapter(
            base, parent, device, settings, dora=method == "dora", four_bits=method == "qlora"
        )

    def choose(names: list[str], tied: bool) -> list[str]:
        return names if settings.method == "full" else choose_parts(settings.parts, names, tied)

    return with_tensors(base, parent, device, choose, precision=settings.precision)
