"""What the tab Samples does: files are checked and saved, saved sets shown, edited, split and exported."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from ftdemo.errors import UserError
from ftdemo.samples import HoldOut, SampleReport
from ftdemo.samples.paging import as_rows
from ftdemo.studio import Studio
from ftdemo.ui import html
from ftdemo.ui.choices import offer, offer_anew
from ftdemo.ui.events import reading
from ftdemo.ui.polling import revision
from ftdemo.ui.samples.look import NO_FILE, NO_SETS, PageOfSet
from ftdemo.ui.samples.report_html import report as report_html
from ftdemo.ui.samples.table_html import samples_table

PAGE = 25
PREVIEW = 8
CHECK, IMPORT = "check samples", "import samples"
"""Tasks of a session."""
EDIT_NOTE = "Edit cells in place; a row without a place is added, an emptied row is deleted. Then save."

Update = dict[str, Any]


def check(
    studio: Studio,
    read: Mapping[str, Any],
    request: gr.Request,
    bar: gr.Progress = gr.Progress(),  # noqa: B008 - gradio knows by it that there is a bar
) -> str:
    """Report on a file, or a data set of the Hub, before anything is saved."""
    if not read["file"] and not read["hub"]:
        return html.empty(NO_FILE)
    with reading(studio, request, CHECK, bar) as progress:
        found = studio.samples.check(_path(studio, read), **_options(read), progress=progress)
    return _report(studio, found)


def add(
    studio: Studio,
    asked: Mapping[str, Any],
    read: Mapping[str, Any],
    request: gr.Request,
    bar: gr.Progress = gr.Progress(),  # noqa: B008 - gradio knows by it that there is a bar
) -> tuple[None, str, Update, str, str]:
    """Save the file's samples; the new set is chosen, and the fields of file and name are empty again."""
    path = _path(studio, read)
    with reading(studio, request, IMPORT, bar) as progress:
        saved, found = studio.samples.add(path, asked["name"], **_options(read), progress=progress)
    return None, _report(studio, found), offer(_names(studio), saved.name), revision(studio), ""


def stop(studio: Studio, request: gr.Request) -> None:
    """End the reading of a file."""
    for task in (CHECK, IMPORT):
        studio.cancel(str(request.session_hash), task)


def write_pasted(text: str) -> str:
    """Make a file of what was typed or pasted."""
    if not text.strip():
        raise UserError("There is no text.", "Paste or type some rows first.")
    path = Path(tempfile.mkdtemp(prefix="ftdemo-")) / "pasted.txt"
    path.write_text(text, encoding="utf-8")
    return str(path)


def add_example(studio: Studio, stem: str | None) -> tuple[Update, str]:
    """Save an example; it is chosen."""
    added = studio.samples.add_example(stem or "").name
    return offer(_names(studio), added), revision(studio)


def choices(studio: Studio, present: str | None) -> Update:
    """The saved sets, when some have changed; the newest is chosen if the present one is gone."""
    return offer_anew(_names(studio), present)


def show(
    studio: Studio, name: str | None, at: PageOfSet, step: int = 0
) -> tuple[list[list[str]], str, PageOfSet]:
    """A page of the chosen set, or the one `step` pages on; after the last comes the first."""
    if name is None:
        return [], NO_SETS, PageOfSet()
    saved = studio.samples.get(name)
    total, first = saved.train + saved.held_out, at.first + step * PAGE
    first = first if 0 <= first < total else 0
    page = studio.samples.samples_page(name, saved.version, first, PAGE)
    words = (
        f"**{first + 1:,} to {first + len(page):,} of {total:,}** · {saved.train:,} to learn from, "
        f"{saved.held_out:,} held out · version {saved.version} · {EDIT_NOTE}"
    )
    return as_rows(page), words, PageOfSet(saved.id, saved.version, first)


def show_changed(studio: Studio, name: str | None, at: PageOfSet) -> Any:
    """Draw the table only when its own set changed: to draw it anew ends what is being typed there."""
    saved = studio.samples.get(name) if name else None
    if saved and (saved.id, saved.version) == (at.set_id, at.version):
        return gr.skip()
    return show(studio, name, at if saved and saved.id == at.set_id else PageOfSet())


def save_page(studio: Studio, name: str, at: PageOfSet, rows: list[list[Any]]) -> str:
    """Save the page that is shown as it was edited."""
    page = studio.samples.samples_page(name, at.version, at.first, PAGE)
    studio.samples.save_page(name, at.version, page, rows)
    return revision(studio)


def undo(studio: Studio, name: str) -> str:
    """Go back to the version before."""
    studio.samples.undo(name)
    return revision(studio)


def split(studio: Studio, name: str, share: float) -> str:
    """Choose anew which samples are held out."""
    studio.samples.split(name, HoldOut(share))
    return revision(studio)


def delete(studio: Studio, name: str) -> tuple[Update, str]:
    """Remove the chosen set."""
    studio.samples.remove(name)
    return offer(_names(studio), None), revision(studio)


def download(studio: Studio, name: str, ending: str) -> str:
    """Write the chosen set into a file that the browser can fetch."""
    # The server hands out files below the temporary folder only.
    folder = Path(tempfile.gettempdir()) / "ftdemo-exports"
    folder.mkdir(exist_ok=True)
    studio.samples.export(name, folder / f"{name}.{ending}")
    return str(folder / f"{name}.{ending}")


def _names(studio: Studio) -> list[str]:
    return [saved.name for saved in studio.samples.all()]


def _path(studio: Studio, read: Mapping[str, Any]) -> str:
    return read["file"] or studio.samples.hub_name(read["hub"])


def _options(read: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "file_format": read["file_format"],
        "shape": read["shape"],
        "encoding": read["encoding"] or None,
        "question_column": read["question_column"] or None,
        "answer_column": read["answer_column"] or None,
        "hold_out": HoldOut(read["share"], int(read["seed"])) if read["share"] else None,
    }


def _report(studio: Studio, found: SampleReport) -> str:
    first = list(found.samples[:PREVIEW])
    rendered = studio.samples.rendered_example(first[0]) if first else None
    note = f'<p class="ft-note">The first {len(first)} of {len(found.samples):,} samples:</p>'
    return report_html(found, rendered) + note + samples_table(first)
