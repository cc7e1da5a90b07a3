"""Endpoints: what is there, and asking models."""

from dataclasses import asdict
from typing import Any

from ftdemo.engines import GenerationSettings
from ftdemo.knobs import known
from ftdemo.names import BASE
from ftdemo.studio import Studio


def status(studio: Studio) -> dict[str, Any]:
    """Base model, state of the chat engine, and the present job."""
    return asdict(studio.status())


def models(studio: Studio) -> dict[str, Any]:
    """The models that can be asked."""
    return {"models": studio.models.names()}


def ask(
    studio: Studio,
    question: str,
    models: list[str],
    max_new_tokens: int | None = None,
    temperature: float | None = None,
    seed: int | None = None,
    settings: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Ask one or several models a question, in one batch; settings are any knobs of generation."""
    named = {"max_new_tokens": max_new_tokens, "temperature": temperature, "seed": seed}
    knobs = {**known(settings, GenerationSettings), **known(named, GenerationSettings)}
    generation = GenerationSettings(**knobs)
    return {"answers": [asdict(a) for a in studio.ask(question, models or [BASE], generation)]}
