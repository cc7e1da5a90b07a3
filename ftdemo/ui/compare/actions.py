"""What the tab Compare does: several models are asked at once, and an answer is kept as a sample."""

from collections.abc import Iterator, Mapping
from typing import Any

import gradio as gr

from ftdemo.chat.room import COMPARE
from ftdemo.engines import GenerationSettings
from ftdemo.knobs import known as known_knobs
from ftdemo.names import BASE
from ftdemo.studio import Studio
from ftdemo.ui import html, turns_html
from ftdemo.ui.compare.look import EMPTY
from ftdemo.ui.polling import paced, revision


def answer(
    studio: Studio, asked: Mapping[str, Any], generation: Mapping[str, Any], request: gr.Request
) -> Iterator[tuple[str, dict[str, object], str]]:
    """Ask every side."""
    growing = studio.chat.go_on_comparing(
        asked["question"],
        asked["models"],
        GenerationSettings(**known_knobs(generation, GenerationSettings)),
        asked["memory"].get("conversation"),
        session=str(request.session_hash),
    )
    for turns in paced(growing):
        yield turns_html.turns(turns), {"conversation": turns[-1].conversation_id}, ""


def cancel(studio: Studio, request: gr.Request) -> None:
    """End the answers that are being written."""
    studio.cancel(str(request.session_hash), COMPARE)


def show(studio: Studio, known: Mapping[str, int]) -> str:
    """The conversation that the browser remembers."""
    history = studio.chat.turns(known.get("conversation"))
    return turns_html.turns(history) if history else html.empty(EMPTY)


def choices(studio: Studio, present: list[str]) -> dict[str, Any]:
    """The models; the newest joins by itself while nothing was chosen yet."""
    names = studio.models.names()
    kept = [name for name in present if name in names] or [BASE]
    value = [BASE, names[-1]] if kept == [BASE] and len(names) > 1 else kept
    return gr.update(choices=names, value=value)


def last_answer(studio: Studio, known: Mapping[str, int]) -> tuple[str, str]:
    """The last question with its last answer."""
    turns = studio.chat.turns(known.get("conversation"))
    return (turns[-1].question, turns[-1].answers[-1].text) if turns else ("", "")


def keep(studio: Studio, name: str, question: str, answer: str) -> tuple[str, str]:
    """Keep an answer in a sample set."""
    kept = studio.samples.keep(name, question, answer)
    return f"Saved in **{kept.name}**, version {kept.version}.", revision(studio)


def targets(studio: Studio) -> dict[str, Any]:
    """The sample sets that there are; others can be typed."""
    return gr.update(choices=[saved.name for saved in studio.samples.all()])
