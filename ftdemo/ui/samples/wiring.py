"""What is wired to what in the tab Samples."""

from typing import Any

import gradio as gr

from ftdemo.studio import Studio
from ftdemo.ui.events import QUIET, handler
from ftdemo.ui.polling import Changes
from ftdemo.ui.samples import actions
from ftdemo.ui.samples.look import Saved, Source


def build(studio: Studio, changes: Changes) -> None:
    """Add the tab to the page."""
    with gr.Row():
        with gr.Column(scale=1, min_width=280):
            source = Source()
        with gr.Column(scale=2, min_width=300):
            saved = Saved()
    _wire_source(studio, changes, source, saved)
    _wire_saved(studio, changes, saved)


def _wire_source(studio: Studio, changes: Changes, source: Source, saved: Saved) -> None:
    read: set[Any] = set(source.read.values())
    checking: Any = {
        "fn": handler(actions.check, studio, inputs=[source.read]),
        "inputs": read,
        "outputs": saved.report,
        "api_visibility": "private",
    }
    gr.on(
        [
            source.file.upload, source.file.clear, source.file_format.change, source.shape.change,
            source.encoding.submit, source.question.submit, source.answer.submit,
        ],
        **checking,
    )  # fmt: skip
    source.use_pasted.click(handler(actions.write_pasted), source.pasted, source.file, **QUIET).success(
        **checking
    )
    source.use_hub.click(**checking)
    source.save.click(
        handler(actions.add, studio, inputs=[{"name": source.name}, source.read]),
        {source.name, *read},
        [source.file, saved.report, saved.chosen, changes.revision, source.name],
        show_progress_on=saved.report,
        api_visibility="private",
    )
    source.cancel.click(handler(actions.stop, studio), None, None, queue=False, api_visibility="private")
    source.load_example.click(
        handler(actions.add_example, studio), source.example, [saved.chosen, changes.revision],
        api_visibility="private",
    )  # fmt: skip


def _wire_saved(studio: Studio, changes: Changes, saved: Saved) -> None:
    at, page = [saved.chosen, saved.place], [saved.table, saved.heading, saved.place]
    # One after the other, so that each sees what the other has drawn.
    in_turn: Any = {**QUIET, "concurrency_id": "saved samples"}
    show, show_changed = handler(actions.show, studio), handler(actions.show_changed, studio)
    changes.revision.change(handler(actions.choices, studio), saved.chosen, saved.chosen, **QUIET).then(
        show_changed, at, page, **in_turn
    )
    saved.chosen.change(show_changed, at, page, **in_turn)
    saved.back.click(lambda name, place: show(name, place, -1), at, page, **in_turn)
    saved.forward.click(lambda name, place: show(name, place, 1), at, page, **in_turn)
    saved.keep.click(handler(actions.save_page, studio), [*at, saved.table], changes.revision, **QUIET)
    saved.undo.click(handler(actions.undo, studio), saved.chosen, changes.revision, **QUIET)
    saved.split.click(
        handler(actions.split, studio), [saved.chosen, saved.share], changes.revision,
        api_visibility="private",
    )  # fmt: skip
    saved.export.click(
        handler(actions.download, studio), [saved.chosen, saved.ending], saved.exported,
        api_visibility="private",
    ).success(None, None, None, js="() => document.querySelector('#samples-exported').click()")  # fmt: skip
    saved.remove.click(
        handler(actions.delete, studio), saved.chosen, [saved.chosen, changes.revision],
        api_visibility="private",
    )  # fmt: skip
