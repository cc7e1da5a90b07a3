"""The settings of tuning as command line options, made from one table for every command that takes them."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from ftdemo.training.methods import METHODS
from ftdemo.training.parts import HELP as PARTS
from ftdemo.training.recipes import TARGETS

KNOBS: dict[str, tuple[type, str]] = {
    "method": (str, f"How to tune: {', '.join(METHODS)}."),
    "epochs": (int, "Passes over the samples."),
    "learning_rate": (float, "AdamW's step size."),
    "schedule": (str, "linear, cosine or constant."),
    "warmup_steps": (int, "Steps of rising rate."),
    "batch_size": (int, "Samples in a batch."),
    "accumulation": (int, "Batches added up for a step."),
    "max_length": (int, "Longest sample, in tokens."),
    "packing": (bool, "Fill batches up to the max length."),
    "rank": (int, "LoRA's r."),
    "alpha": (int, "LoRA's scale."),
    "dropout": (float, "LoRA's dropout."),
    "targets": (str, f"Layers that gain an adapter: {', '.join(TARGETS)}."),
    "parts": (str, f"What features retrains: {PARTS}."),
    "precision": (str, "auto, float32 or bfloat16."),
    "early_stopping": (int, "Measurements without a better held-out loss before the end; 0: never."),
    "sampled_answers": (int, "Held-out questions answered on the way."),
    "report_to": (str, "Also report to tensorboard or trackio."),
    "seed": (int, "Start of random numbers."),
}


def with_knobs(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each setting; it gets them as keyword arguments, None if not given."""
    options = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                kind | None,
                typer.Option(help=help_text, show_default="the recipe's", rich_help_panel="Knobs"),
            ],
        )
        for name, (kind, help_text) in KNOBS.items()
    ]

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)

    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    wrapped.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
    wrapped.__annotations__ = {p.name: p.annotation for p in (*own, *options)}
    return wrapped
