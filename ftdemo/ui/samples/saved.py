"""Saved sample sets: shown in pages, edited in place, with versions to go back to."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from ftdemo.samples import HoldOut
from ftdemo.samples.paging import COLUMNS, as_rows
from ftdemo.studio import Studio
from ftdemo.ui.events import QUIET, shown
from ftdemo.ui.polling import Changes, revision

PAGE = 25
NO_SETS = "No samples yet. Upload a file, or load one of the examples."
EDIT_NOTE = "Edit cells in place; a row without a place is added, an emptied row is deleted. Then save."


class PageOfSet(NamedTuple):
    """What part of which set the table shows."""

    set_id: int | None = None
    version: int = 0
    first: int = 0


@dataclass(frozen=True)
class SavedSamples:
    """What the rest of the tab needs of this part.

    Args:
        chosen: the drop-down with the sets' names.
        choices: the drop-down's update that chooses a set.
    """

    chosen: gr.Dropdown
    choices: Callable[[str | None], dict[str, object]]


def build(studio: Studio, changes: Changes) -> SavedSamples:
    """Add the components and events."""
    chosen = gr.Dropdown([], label="Saved samples", elem_id="samples-chosen")
    place = gr.State(PageOfSet())
    heading = gr.Markdown(NO_SETS, elem_id="samples-heading")
    table = gr.Dataframe(
        headers=list(COLUMNS),
        datatype="str",
        type="array",
        interactive=True,
        wrap=True,
        static_columns=[0],
        column_widths=["90px", "36%", "43%", "100px"],
        column_count=len(COLUMNS),
        show_label=False,
        elem_id="samples-table",
    )
    with gr.Row():
        back = gr.Button("← Page", min_width=80, elem_id="samples-back")
        forward = gr.Button("Page →", min_width=80, elem_id="samples-forward")
        keep = gr.Button("Save changes", variant="primary", min_width=120, elem_id="samples-keep")
        undo = gr.Button("Undo", min_width=80, elem_id="samples-undo")
    with gr.Row():
        share = gr.Slider(0, 0.5, value=0.2, step=0.05, label="Hold out", min_width=160)
        split = gr.Button("Split anew", min_width=100, elem_id="samples-split")
        ending = gr.Dropdown(["jsonl", "csv", "json", "parquet"], label="Download as", min_width=140)
        export = gr.Button("Download", min_width=100, elem_id="samples-export")
        remove = gr.Button("Remove", variant="stop", min_width=100, elem_id="samples-remove")
    # A download button needs its file before it is clicked; ours is written when somebody asks for it.
    exported = gr.DownloadButton(elem_id="samples-exported", elem_classes="ft-hidden")

    @shown
    def choices(present: str | None) -> dict[str, object]:
        names = [saved.name for saved in studio.samples.all()]
        value = present if present in names else (names[-1] if names else None)
        return gr.update(choices=names, value=value)

    @shown
    def show(set_name: str | None, first: int) -> tuple[list[list[str]], str, PageOfSet]:
        if set_name is None:
            return [], NO_SETS, PageOfSet()
        saved = studio.samples.get(set_name)
        total = saved.train + saved.held_out
        first = first if 0 <= first < total else 0
        page = studio.samples.samples_page(set_name, saved.version, first, PAGE)
        words = (
            f"**{first + 1:,} to {first + len(page):,} of {total:,}** · {saved.train:,} to learn from, "
            f"{saved.held_out:,} held out · version {saved.version} · {EDIT_NOTE}"
        )
        return as_rows(page), words, PageOfSet(saved.id, saved.version, first)

    @shown
    def show_changed(set_name: str | None, at: PageOfSet) -> Any:
        """Draw the table only when its own set changed: to draw it anew ends what is being typed there."""
        saved = studio.samples.get(set_name) if set_name else None
        if saved and (saved.id, saved.version) == (at.set_id, at.version):
            return gr.skip()
        return show(set_name, at.first if saved and saved.id == at.set_id else 0)

    @shown
    def save_page(set_name: str, at: PageOfSet, rows: list[list[Any]]) -> str:
        page = studio.samples.samples_page(set_name, at.version, at.first, PAGE)
        studio.samples.save_page(set_name, at.version, page, rows)
        return revision(studio)

    @shown
    def take_back(set_name: str) -> str:
        studio.samples.undo(set_name)
        return revision(studio)

    @shown
    def split_anew(set_name: str, part: float) -> str:
        studio.samples.split(set_name, HoldOut(part))
        return revision(studio)

    @shown
    def delete(set_name: str) -> tuple[dict[str, object], str]:
        studio.samples.remove(set_name)
        return choices(None), revision(studio)

    @shown
    def download(set_name: str, kind: str) -> str:
        # The server hands out files below the temporary folder only.
        folder = Path(tempfile.gettempdir()) / "ftdemo-exports"
        folder.mkdir(exist_ok=True)
        studio.samples.export(set_name, folder / f"{set_name}.{kind}")
        return str(folder / f"{set_name}.{kind}")

    shown_page = [table, heading, place]
    # One after the other, so that each sees what the other has drawn.
    in_turn: Any = {**QUIET, "concurrency_id": "saved samples"}
    changes.revision.change(choices, chosen, chosen, **QUIET).then(
        show_changed, [chosen, place], shown_page, **in_turn
    )
    chosen.change(show_changed, [chosen, place], shown_page, **in_turn)
    back.click(lambda name, at: show(name, at.first - PAGE), [chosen, place], shown_page, **in_turn)
    forward.click(lambda name, at: show(name, at.first + PAGE), [chosen, place], shown_page, **in_turn)
    keep.click(save_page, [chosen, place, table], changes.revision, **QUIET)
    undo.click(take_back, chosen, changes.revision, **QUIET)
    split.click(split_anew, [chosen, share], changes.revision, api_visibility="private")
    export.click(download, [chosen, ending], exported, api_visibility="private").success(
        None, None, None, js="() => document.querySelector('#samples-exported').click()"
    )
    remove.click(delete, chosen, [chosen, changes.revision], api_visibility="private")
    return SavedSamples(chosen, choices)
