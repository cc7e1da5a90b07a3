"""Below the chat: why an answer was liked or not, and what would have been a better one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ftdemo.feedback.voters import MAX_CHARACTERS, REASONS
from ftdemo.studio import Studio
from ftdemo.ui.chat import html as chat_html
from ftdemo.ui.compare.keep_answer import DEFAULT_SET
from ftdemo.ui.events import QUIET, known_voter, shown

PRAISE = ("helpful", "correct", "well_written", "right_tone")


@dataclass(frozen=True)
class Panel:
    """What the chat and the panel tell each other.

    Args:
        message: the number of the answer's message that the panel is about, or None.
        fill: opens the panel for a message, or closes it: from `message` and the memory to `parts`.
        parts: what it fills.
        kept: happens when something was saved.
    """

    message: gr.State
    fill: Callable[..., Any]
    parts: list[Any]
    kept: Any


def build(studio: Studio, memory: gr.BrowserState) -> Panel:
    """Add the panel, closed; `memory` knows the voter."""
    message = gr.State(None)
    with gr.Column(visible=False, elem_id="chat-why", elem_classes="ft-card") as group:
        about = gr.HTML("", padding=False)
        reasons = gr.CheckboxGroup([], label="Because it is", elem_id="chat-reasons")
        comment = gr.Textbox(
            label="Comment", lines=1, max_lines=4, max_length=MAX_CHARACTERS, elem_id="chat-comment"
        )
        better = gr.Textbox(
            label="A better answer would be", lines=2, max_lines=8, max_length=MAX_CHARACTERS,
            elem_id="chat-better",
        )  # fmt: skip
        sample = gr.Checkbox(
            label=f"Keep the better answer as a sample too, in {DEFAULT_SET}", elem_id="chat-sample"
        )
        with gr.Row():
            save = gr.Button("Save", variant="primary", size="sm", min_width=90, elem_id="chat-why-save")
            close = gr.Button("Close", size="sm", min_width=90, elem_id="chat-why-close")

    @shown
    def fill(number: int | None, known: dict[str, object], request: gr.Request) -> tuple[object, ...]:
        if number is None:
            return (gr.update(visible=False), *[gr.skip()] * 5)
        judged = studio.ballot.judged_answer(number, known_voter(studio, known, request))
        vote = judged.vote
        fitting = [
            (words, reason)
            for reason, words in REASONS.items()
            if vote is not None and (reason in PRAISE) == (vote.vote == "up")
        ]
        return (
            gr.update(visible=True),
            chat_html.about(judged),
            gr.update(
                choices=fitting, visible=bool(fitting), value=list(vote.reasons if vote else ()),
            ),
            gr.update(value=vote.comment if vote else "", visible=vote is not None),
            judged.correction or "",
            False,
        )  # fmt: skip

    @shown
    def keep(
        number: int, because: list[str], remark: str, correction: str, as_sample: bool,
        known: dict[str, object], request: gr.Request,
    ) -> None:  # fmt: skip
        studio.ballot.explain(
            number,
            known_voter(studio, known, request),
            because,
            remark or "",
            correction or "",
            DEFAULT_SET if as_sample else "",
        )

    inputs = [message, reasons, comment, better, sample, memory]
    kept = gr.on([save.click], keep, inputs, message, queue=False, **QUIET)
    close.click(lambda: gr.update(visible=False), None, group, queue=False, **QUIET)
    return Panel(message, fill, [group, about, reasons, comment, better, sample], kept)
