"""The settings of tuning as command line options, made from one table for every command that takes them."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from ftdemo.tuning.methods import METHODS
from ftdemo.tuning.parts import HELP as PARTS
from ftdemo.tuning.settings import TARGETS

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


ALIGN_KNOBS: dict[str, tuple[type, str]] = {
    "epochs": (int, "Passes over the votes; with ppo and rloo, over each batch of answers."),
    "learning_rate": (float, "AdamW's step size."),
    "beta": (float, "dpo, kto: how dear it is to leave the start."),
    "sft_weight": (float, "dpo: weight of the better answer's own loss, which keeps it likely."),
    "batch_size": (int, "dpo, kto: votes in a step."),
    "steps": (int, "ppo, rloo: batches of questions."),
    "prompts_per_batch": (int, "ppo, rloo: questions in a batch."),
    "samples_per_prompt": (int, "ppo, rloo: answers to each."),
    "max_new_tokens": (int, "ppo, rloo: longest answer."),
    "temperature": (float, "ppo, rloo: of the sampling."),
    "kl_coefficient": (float, "ppo, rloo: what a nat of divergence from the start costs."),
    "kl_target": (float, "ppo, rloo: divergence, in nats an answer, to which that cost is adapted."),
    "kl_budget": (float, "ppo, rloo: divergence over which the run ends."),
    "value_learning_rate": (float, "ppo: AdamW's step size for the value head."),
    "clip": (float, "ppo, rloo: furthest that a probability ratio is rewarded."),
    "rank": (int, "LoRA's r."),
    "alpha": (int, "LoRA's scale."),
    "precision": (str, "auto, float32 or bfloat16."),
    "sampled_answers": (int, "Questions answered on the way."),
    "compared_prompts": (int, "Unseen questions on which it is compared with its start; 0: not at all."),
    "held_out_share": (float, "Share of the voted questions that nothing is learned from."),
    "seed": (int, "Start of random numbers."),
}


def with_knobs(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each setting of tuning; see `with_options`."""
    return with_options(function, KNOBS, "the recipe's")


def with_options(
    function: Callable[..., None], knobs: dict[str, tuple[type, str]], default: str
) -> Callable[..., None]:
    """Give a command an option for each setting; it gets them as keyword arguments, None if not given.

    Args:
        function: the command.
        knobs: the settings' names, with their types and what they are.
        default: in words, what holds where an option is not given.
    """
    options = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                kind | None,
                typer.Option(help=help_text, show_default=default, rich_help_panel="Knobs"),
            ],
        )
        for name, (kind, help_text) in knobs.items()
    ]

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)

    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    wrapped.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
    wrapped.__annotations__ = {p.name: p.annotation for p in (*own, *options)}
    return wrapped
