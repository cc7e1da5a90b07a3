"""Models: the tuned models, where each came from, and its name."""

import gradio as gr

from ftdemo.names import BASE
from ftdemo.studio import Studio
from ftdemo.ui import html
from ftdemo.ui.events import QUIET, shown
from ftdemo.ui.polling import Changes, revision

NO_MODELS = "No tuned models yet. Tune one, and it is listed here."


def build(studio: Studio, changes: Changes) -> None:
    """Add the tab's components and events."""
    chosen = gr.Dropdown([], label="Tuned model", elem_id="models-chosen")
    details = gr.HTML(html.empty(NO_MODELS), elem_id="models-details")
    with gr.Row():
        new_name = gr.Textbox(label="New name", max_lines=1, scale=3, elem_id="models-new-name")
        rename = gr.Button("Rename", scale=1, min_width=90, elem_id="models-rename")
        remove = gr.Button("Remove", variant="stop", scale=1, min_width=90, elem_id="models-remove")

    @shown
    def choices(present: str | None) -> dict[str, object]:
        names = [name for name in studio.models.names() if name != BASE]
        value = present if present in names else (names[-1] if names else None)
        return gr.update(choices=names, value=value)

    @shown
    def show(name: str | None) -> str:
        return html.model_card(studio.models.describe(name)) if name else html.empty(NO_MODELS)

    @shown
    def give_name(name: str | None, wanted: str) -> tuple[dict[str, object], str, str]:
        renamed = studio.models.rename(name or "", wanted).name
        return choices(renamed), "", revision(studio)

    @shown
    def delete(name: str | None) -> tuple[dict[str, object], str]:
        studio.models.remove(name or "")
        return choices(None), revision(studio)

    changes.revision.change(choices, chosen, chosen, **QUIET)
    chosen.change(show, chosen, details, **QUIET)
    rename.click(give_name, [chosen, new_name], [chosen, new_name, changes.revision], **QUIET)
    remove.click(delete, chosen, [chosen, changes.revision], **QUIET)
