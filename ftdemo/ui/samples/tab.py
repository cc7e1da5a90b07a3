"""Samples: a file is read, checked and shown, then saved under a name; saved sets are edited below."""

import tempfile
from pathlib import Path
from typing import Any

import gradio as gr

from ftdemo.errors import UserError
from ftdemo.samples import HoldOut, SampleReport
from ftdemo.samples.formats import FORMATS
from ftdemo.samples.library import example_files
from ftdemo.samples.shapes import SHAPES
from ftdemo.studio import Studio
from ftdemo.ui import html
from ftdemo.ui.events import QUIET, reading, shown
from ftdemo.ui.polling import Changes, revision
from ftdemo.ui.samples import saved as saved_samples
from ftdemo.ui.samples.report_html import report as report_html

NO_FILE = "Upload a file with questions and answers. Its report appears here before anything is saved."
PREVIEW = 8
CHECK, IMPORT = "check samples", "import samples"
"""Tasks of a session."""


def build(studio: Studio, changes: Changes) -> None:
    """Add the tab's components and events."""
    with gr.Row():
        with gr.Column(scale=1, min_width=280):
            file = gr.File(
                label="CSV, Excel, JSON, JSONL or Parquet",
                file_count="single",
                elem_id="samples-file",
                height=190,
            )
            name = gr.Textbox(
                label="Name", placeholder="the file's name", max_lines=1, elem_id="samples-name"
            )
            with gr.Accordion("Paste or type instead", open=False):
                pasted = gr.Textbox(
                    lines=5,
                    show_label=False,
                    placeholder="question,answer\nWhat is red?,A colour.",
                    elem_id="samples-pasted",
                )
                use_pasted = gr.Button("Check this text", elem_id="samples-use-pasted")
            with gr.Accordion("Or a data set of the Hugging Face Hub", open=False):
                hub = gr.Textbox(
                    label="Its name", placeholder="owner/name", max_lines=1, elem_id="samples-hub"
                )
                use_hub = gr.Button("Check this data set", elem_id="samples-use-hub")
            with gr.Accordion("The file is read wrongly?", open=False):
                file_format = gr.Dropdown(["auto", *FORMATS[:-1]], value="auto", label="Format")
                shape = gr.Dropdown(["auto", *SHAPES], value="auto", label="Records")
                encoding = gr.Textbox(label="Encoding", placeholder="recognised")
                question = gr.Textbox(label="Question column", placeholder="recognised by its name")
                answer = gr.Textbox(label="Answer column", placeholder="recognised by its name")
            with gr.Accordion("Hold out samples for testing", open=False):
                share = gr.Slider(
                    0, 0.5, value=0, step=0.05, label="Share (0: as the file's column 'split' says)"
                )
                seed = gr.Number(0, label="Seed", precision=0)
            with gr.Row():
                save = gr.Button("Save samples", variant="primary", scale=3, elem_id="samples-save")
                cancel = gr.Button("Cancel", scale=1, min_width=80, elem_id="samples-cancel")
            example = gr.Dropdown(
                [path.stem for path in example_files()],
                label="Or start with an example",
                elem_id="samples-example",
            )
            load_example = gr.Button("Load example", elem_id="samples-load-example")
        with gr.Column(scale=2, min_width=300):
            report = gr.HTML(html.empty(NO_FILE), elem_id="samples-report")
            saved = saved_samples.build(studio, changes)

    def options(
        kind: str, shaped: str, code: str, question_column: str, answer_column: str, part: float, start: int
    ) -> dict[str, Any]:
        return {
            "file_format": kind,
            "shape": shaped,
            "encoding": code or None,
            "question_column": question_column or None,
            "answer_column": answer_column or None,
            "hold_out": HoldOut(part, int(start)) if part else None,
        }

    @shown
    def check(path: str | None, hub_name: str, *chosen: Any, request: gr.Request, bar: gr.Progress) -> str:
        if not path and not hub_name:
            return html.empty(NO_FILE)
        path = path or studio.samples.hub_name(hub_name)
        with studio.cancellable(str(request.session_hash), CHECK) as cancelled:
            found = studio.samples.check(path, **options(*chosen), progress=reading(cancelled, bar))
        return _shown_report(studio, found)

    @shown
    def add(
        path: str | None, hub_name: str, set_name: str, *chosen: Any, request: gr.Request, bar: gr.Progress
    ) -> tuple[None, str, dict[str, object], str, str]:
        path = path or studio.samples.hub_name(hub_name)
        with studio.cancellable(str(request.session_hash), IMPORT) as cancelled:
            kept, found = studio.samples.add(
                path, set_name, **options(*chosen), progress=reading(cancelled, bar)
            )
        return None, _shown_report(studio, found), saved.choices(kept.name), revision(studio), ""

    # gradio reads a handler's signature to know what to pass: it wants each input by name.
    def on_check(
        path: str | None, hub_name: str, a: str, b: str, c: str, d: str, e: str, f: float, g: int,
        request: gr.Request, bar: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> str:  # fmt: skip
        return str(check(path, hub_name, a, b, c, d, e, f, g, request=request, bar=bar))

    def on_add(
        path: str | None, hub_name: str, set_name: str,
        a: str, b: str, c: str, d: str, e: str, f: float, g: int,
        request: gr.Request, bar: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Any:  # fmt: skip
        return add(path, hub_name, set_name, a, b, c, d, e, f, g, request=request, bar=bar)

    @shown
    def write_pasted(text: str) -> str:
        if not text.strip():
            raise UserError("There is no text.", "Paste or type some rows first.")
        path = Path(tempfile.mkdtemp(prefix="ftdemo-")) / "pasted.txt"
        path.write_text(text, encoding="utf-8")
        return str(path)

    @shown
    def stop(request: gr.Request) -> None:
        for task in (CHECK, IMPORT):
            studio.cancel(str(request.session_hash), task)

    @shown
    def add_example(stem: str | None) -> tuple[dict[str, object], str]:
        return saved.choices(studio.samples.add_example(stem or "").name), revision(studio)

    chosen = [file_format, shape, encoding, question, answer, share, seed]
    gr.on(
        [
            file.upload, file.clear, file_format.change, shape.change,
            encoding.submit, question.submit, answer.submit,
        ],
        on_check, [file, hub, *chosen], report, api_visibility="private",
    )  # fmt: skip
    use_pasted.click(write_pasted, pasted, file, **QUIET).success(
        on_check, [file, hub, *chosen], report, api_visibility="private"
    )
    use_hub.click(on_check, [file, hub, *chosen], report, api_visibility="private")
    save.click(
        on_add,
        [file, hub, name, *chosen],
        [file, report, saved.chosen, changes.revision, name],
        show_progress_on=report,
        api_visibility="private",
    )
    cancel.click(stop, None, None, queue=False, api_visibility="private")
    load_example.click(add_example, example, [saved.chosen, changes.revision], api_visibility="private")


def _shown_report(studio: Studio, found: SampleReport) -> str:
    first = list(found.samples[:PREVIEW])
    rendered = studio.samples.rendered_example(first[0]) if first else None
    note = f'<p class="ft-note">The first {len(first)} of {len(found.samples):,} samples:</p>'
    return report_html(found, rendered) + note + html.samples_table(first)
