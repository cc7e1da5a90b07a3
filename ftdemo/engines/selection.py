"""Which engine answers: as the setting says, or what is fast on this machine and can run the base model."""

from collections.abc import Callable

from ftdemo.engines.protocol import Engine
from ftdemo.machine.device import gpu_in_use
from ftdemo.models.base import BaseModel
from ftdemo.settings import Settings
from ftdemo.weights.tuned_files import TunedFiles


def make_engine(base: BaseModel, tuned: Callable[[str], TunedFiles | None], settings: Settings) -> Engine:
    """Load the base model into the engine of the settings.

    'auto' is llama.cpp on a processor, transformers on a GPU. Where llama.cpp cannot be used, transformers
    takes its place, and its `description` says why.

    Args:
        base: the base model.
        tuned: gives a tuned model's files by its name; None for the base model.
        settings: the engine's name, threads, limits and folders.

    Raises:
        UserError: the base model cannot be used for chat.
    """
    if settings.engine == "transformers" or (settings.engine == "auto" and gpu_in_use()):
        return _transformers(base, tuned, settings)
    from ftdemo.engines.llama.engine import LlamaCppEngine, reason_against_llama

    reason = reason_against_llama(base)
    if reason is None:
        return LlamaCppEngine(base, tuned, settings)
    engine = _transformers(base, tuned, settings)
    engine.description += f"; llama.cpp is not used: {reason}"
    return engine


def _transformers(base: BaseModel, tuned: Callable[[str], TunedFiles | None], settings: Settings) -> Engine:
    from ftdemo.engines.transformers.engine import TransformersEngine

    return TransformersEngine(base, tuned, settings.threads, settings.max_prompt_tokens)
