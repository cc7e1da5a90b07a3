"""Samples: a file is read, checked and shown, then saved under a name."""

import tempfile
from pathlib import Path

import gradio as gr

from ftdemo.samples.library import example_files
from ftdemo.samples.reading import FORMATS
from ftdemo.studio import Studio
from ftdemo.ui import html
from ftdemo.ui.events import QUIET, shown
from ftdemo.ui.polling import Changes, revision

NO_SETS = "No samples yet. Upload a file on the left, or load one of the examples."
NO_FILE = "A file needs two columns: question and answer. Its report appears here before anything is saved."


def build(studio: Studio, changes: Changes) -> None:
    """Add the tab's components and events."""
    with gr.Row():
        with gr.Column(scale=1, min_width=280):
            file = gr.File(
                label="CSV, JSON or JSONL", file_count="single", elem_id="samples-file", height=190
            )
            name = gr.Textbox(
                label="Name", placeholder="the file's name", max_lines=1, elem_id="samples-name"
            )
            with gr.Accordion("The file is read wrongly?", open=False):
                file_format = gr.Dropdown(["auto", *FORMATS], value="auto", label="Format")
                question = gr.Textbox(label="Question column", placeholder="recognised by its name")
                answer = gr.Textbox(label="Answer column", placeholder="recognised by its name")
            save = gr.Button("Save samples", variant="primary", elem_id="samples-save")
            example = gr.Dropdown(
                [path.stem for path in example_files()],
                label="Or start with an example",
                elem_id="samples-example",
            )
            load_example = gr.Button("Load example", elem_id="samples-load-example")
        with gr.Column(scale=2, min_width=300):
            report = gr.HTML(html.empty(NO_FILE), elem_id="samples-report")
            chosen = gr.Dropdown([], label="Saved samples", elem_id="samples-chosen")
            table = gr.HTML(html.empty(NO_SETS), elem_id="samples-table")
            with gr.Row():
                export = gr.Button("Download", interactive=False, elem_id="samples-export")
                remove = gr.Button("Remove", variant="stop", interactive=False, elem_id="samples-remove")

    # A download button needs its file before it is clicked; ours is written when somebody asks for it.
    exported = gr.DownloadButton(elem_id="samples-exported", elem_classes="ft-hidden")

    @shown
    def check(path: str | None, kind: str, question_column: str, answer_column: str) -> str:
        if not path:
            return html.empty(NO_FILE)
        found = studio.samples.check(path, kind, question_column, answer_column)
        return html.report(found) + html.samples_table(list(found.samples))

    @shown
    def add(
        path: str | None, set_name: str, kind: str, question_column: str, answer_column: str
    ) -> tuple[None, str, dict[str, object], str]:
        saved, found = studio.samples.add(path or "", set_name, kind, question_column, answer_column)
        return None, html.report(found), choices(saved.name), revision(studio)

    @shown
    def add_example(stem: str | None) -> tuple[dict[str, object], str]:
        return choices(studio.samples.add_example(stem or "").name), revision(studio)

    @shown
    def choices(present: str | None) -> dict[str, object]:
        names = [saved.name for saved in studio.samples.all()]
        value = present if present in names else (names[-1] if names else None)
        return gr.update(choices=names, value=value)

    @shown
    def show(set_name: str | None) -> tuple[str, dict[str, object], dict[str, object]]:
        if set_name is None:
            return html.empty(NO_SETS), gr.update(interactive=False), gr.update(interactive=False)
        table_html = html.samples_table(studio.samples.samples(set_name))
        return table_html, gr.update(interactive=True), gr.update(interactive=True)

    @shown
    def delete(set_name: str) -> tuple[dict[str, object], str]:
        studio.samples.remove(set_name)
        return choices(None), revision(studio)

    @shown
    def download(set_name: str) -> str:
        # The server hands out files below the temporary folder only.
        folder = Path(tempfile.gettempdir()) / "ftdemo-exports"
        folder.mkdir(exist_ok=True)
        studio.samples.export(set_name, folder / f"{set_name}.jsonl")
        return str(folder / f"{set_name}.jsonl")

    reading = [file, file_format, question, answer]
    gr.on(
        [file.upload, file.clear, file_format.change, question.submit, answer.submit],
        check, reading, report, api_visibility="private",
    )  # fmt: skip
    save.click(
        add, [file, name, file_format, question, answer], [file, report, chosen, changes.revision],
        api_visibility="private",
    ).success(lambda: "", None, name, api_visibility="private")  # fmt: skip
    load_example.click(add_example, example, [chosen, changes.revision], api_visibility="private")
    changes.revision.change(choices, chosen, chosen, **QUIET)
    chosen.change(show, chosen, [table, export, remove], **QUIET)
    export.click(download, chosen, exported, api_visibility="private").success(
        None, None, None, js="() => document.querySelector('#samples-exported').click()"
    )
    remove.click(delete, chosen, [chosen, changes.revision], api_visibility="private")
