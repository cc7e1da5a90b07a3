"""What the tab Feedback looks like: figures, filters, the answers, all that was said of one, and files."""

import gradio as gr

from ftdemo.feedback.exchange import Form
from ftdemo.ui import html

COLUMNS = ["No", "When", "Model", "Question", "Answer", "Up", "Down", "Better answers", "A/B", "Comments"]
FORMS: dict[str, Form] = {
    "everything, with its history": "full",
    "pairs (prompt, chosen, rejected)": "pairs",
    "thumbs (prompt, completion, label)": "thumbs",
}
IMPORTED_ENDINGS = [".jsonl", ".json", ".csv", ".tsv", ".xlsx", ".parquet"]
NOTHING = "No feedback yet. Vote on an answer in the tab Chat & vote, or import a file below."


class Look:
    """The tab's components, added to the page.

    `page` is the number of the page that is shown, `answer` the number of the answer that is opened, or None.
    """

    def __init__(self) -> None:
        self.summary = gr.HTML(html.empty(NOTHING), elem_id="feedback-summary", padding=False)
        with gr.Row():
            self.text = gr.Textbox(
                label="Text", placeholder="in question, answer or comment", elem_id="feedback-text"
            )
            self.model = gr.Dropdown([("all", "")], value="", label="Model", elem_id="feedback-model")
            self.vote = gr.Dropdown(
                [("any", ""), ("up", "up"), ("down", "down")], value="", label="Thumb",
                elem_id="feedback-vote",
            )  # fmt: skip
            self.since = gr.Textbox(
                label="Since", placeholder="2026-01-31", max_lines=1, elem_id="feedback-since"
            )
        self.heading = gr.Markdown("", elem_id="feedback-heading")
        self.table = gr.Dataframe(
            headers=COLUMNS, interactive=False, wrap=True, show_label=False, elem_id="feedback-table",
            column_widths=[
                "60px", "105px", "85px", "220px", "320px", "55px", "65px", "85px", "55px", "130px",
            ],
        )  # fmt: skip
        self.page, self.answer = gr.State(1), gr.State(None)
        with gr.Row():
            self.back = gr.Button("← Page", size="sm", min_width=80, elem_id="feedback-back")
            self.forward = gr.Button("Page →", size="sm", min_width=80, elem_id="feedback-forward")
            self.refresh = gr.Button("Refresh", size="sm", min_width=80, elem_id="feedback-refresh")
        self.details = gr.HTML("", elem_id="feedback-details", padding=False)
        with gr.Row(visible=False, elem_id="feedback-edit") as self.edit:
            self.voter = gr.Dropdown([], label="Voter", min_width=160, elem_id="feedback-voter")
            self.thumb = gr.Dropdown(
                [("as it is", ""), ("up", "up"), ("down", "down"), ("taken back", "withdrawn")],
                value="", label="Thumb", min_width=120, elem_id="feedback-thumb",
            )  # fmt: skip
            self.comment = gr.Textbox(label="Comment", min_width=200, elem_id="feedback-comment")
            self.better = gr.Textbox(label="Better answer", min_width=200, elem_id="feedback-better")
            self.save = gr.Button("Save", variant="primary", min_width=80, elem_id="feedback-save")
            self.remove = gr.Button("Delete answer", variant="stop", min_width=120, elem_id="feedback-remove")
        with gr.Accordion("Export and import", open=False, elem_id="feedback-files"):
            with gr.Row():
                self.form = gr.Dropdown(list(FORMS), value=next(iter(FORMS)), label="Form", min_width=220)
                self.ending = gr.Dropdown(["jsonl", "parquet"], value="jsonl", label="File", min_width=100)
                self.export = gr.Button("Download", min_width=100, elem_id="feedback-export")
                self.exported = gr.DownloadButton(elem_id="feedback-exported", elem_classes="ft-hidden")
                self.incoming = gr.File(
                    label="Import a file of preferences", file_types=IMPORTED_ENDINGS, height=120,
                    elem_id="feedback-import",
                )  # fmt: skip
            self.imported = gr.HTML("", elem_id="feedback-import-report", padding=False)
