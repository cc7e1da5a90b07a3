"""What the tab Samples looks like: a file and how it is read, its report, and the sets that were saved."""

from typing import NamedTuple

import gradio as gr

from ftdemo.samples.formats import FORMATS
from ftdemo.samples.library import example_files
from ftdemo.samples.paging import COLUMNS
from ftdemo.samples.shapes import SHAPES
from ftdemo.ui import html, knobs

NO_FILE = "Upload a file with questions and answers. Its report appears here before anything is saved."
NO_SETS = "No samples yet. Upload a file, or load one of the examples."


class PageOfSet(NamedTuple):
    """What part of which set the table shows."""

    set_id: int | None = None
    version: int = 0
    first: int = 0


class Source:
    """Where samples come from, and how they are read; added to the page.

    `read` are the inputs that say which file is read and how, by name.
    """

    def __init__(self) -> None:
        self.file = gr.File(
            label="CSV, Excel, JSON, JSONL or Parquet", file_count="single", elem_id="samples-file",
            height=190,
        )  # fmt: skip
        self.name = gr.Textbox(
            label="Name", placeholder="the file's name", max_lines=1, elem_id="samples-name"
        )
        with gr.Accordion("Paste or type instead", open=False):
            self.pasted = gr.Textbox(
                lines=5, show_label=False, placeholder="question,answer\nWhat is red?,A colour.",
                elem_id="samples-pasted",
            )  # fmt: skip
            self.use_pasted = gr.Button("Check this text", elem_id="samples-use-pasted")
        with gr.Accordion("Or a data set of the Hugging Face Hub", open=False):
            self.hub = gr.Textbox(
                label="Its name", placeholder="owner/name", max_lines=1, elem_id="samples-hub"
            )
            self.use_hub = gr.Button("Check this data set", elem_id="samples-use-hub")
        with gr.Accordion("The file is read wrongly?", open=False):
            self.file_format = gr.Dropdown(["auto", *FORMATS[:-1]], value="auto", label="Format")
            self.shape = gr.Dropdown(["auto", *SHAPES], value="auto", label="Records")
            self.encoding = gr.Textbox(label="Encoding", placeholder="recognised")
            self.question = gr.Textbox(label="Question column", placeholder="recognised by its name")
            self.answer = gr.Textbox(label="Answer column", placeholder="recognised by its name")
        with gr.Accordion("Hold out samples for testing", open=False):
            self.share = gr.Slider(
                0, 0.5, value=0, step=0.05, label="Share (0: as the file's column 'split' says)"
            )
            self.seed = gr.Number(0, label="Seed", precision=0)
        with gr.Row():
            self.save = gr.Button("Save samples", variant="primary", scale=3, elem_id="samples-save")
            self.cancel = gr.Button("Cancel", scale=1, min_width=80, elem_id="samples-cancel")
        self.example = gr.Dropdown(
            [path.stem for path in example_files()], label="Or start with an example",
            elem_id="samples-example",
        )  # fmt: skip
        self.load_example = gr.Button("Load example", elem_id="samples-load-example")
        self.read: knobs.Inputs = {
            "file": self.file, "hub": self.hub, "file_format": self.file_format, "shape": self.shape,
            "encoding": self.encoding, "question_column": self.question, "answer_column": self.answer,
            "share": self.share, "seed": self.seed,
        }  # fmt: skip


class Saved:
    """The report on a file, and the sets that were saved, in pages, edited in place; added to the page.

    `place` is the part that the table shows.
    """

    def __init__(self) -> None:
        self.report = gr.HTML(html.empty(NO_FILE), elem_id="samples-report")
        self.chosen = gr.Dropdown([], label="Saved samples", elem_id="samples-chosen")
        self.place = gr.State(PageOfSet())
        self.heading = gr.Markdown(NO_SETS, elem_id="samples-heading")
        self.table = gr.Dataframe(
            headers=list(COLUMNS), datatype="str", type="array", interactive=True, wrap=True,
            static_columns=[0], column_widths=["90px", "36%", "43%", "100px"], column_count=len(COLUMNS),
            show_label=False, elem_id="samples-table",
        )  # fmt: skip
        with gr.Row():
            self.back = gr.Button("← Page", min_width=80, elem_id="samples-back")
            self.forward = gr.Button("Page →", min_width=80, elem_id="samples-forward")
            self.keep = gr.Button("Save changes", variant="primary", min_width=120, elem_id="samples-keep")
            self.undo = gr.Button("Undo", min_width=80, elem_id="samples-undo")
        with gr.Row():
            self.share = gr.Slider(0, 0.5, value=0.2, step=0.05, label="Hold out", min_width=160)
            self.split = gr.Button("Split anew", min_width=100, elem_id="samples-split")
            self.ending = gr.Dropdown(["jsonl", "csv", "json", "parquet"], label="Download as", min_width=140)
            self.export = gr.Button("Download", min_width=100, elem_id="samples-export")
            self.remove = gr.Button("Remove", variant="stop", min_width=100, elem_id="samples-remove")
        # A download button needs its file before it is clicked; ours is written when somebody asks for it.
        self.exported = gr.DownloadButton(elem_id="samples-exported", elem_classes="ft-hidden")
