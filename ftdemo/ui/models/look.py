"""What the tab Models looks like."""

import gradio as gr

from ftdemo.ui import html

NO_MODELS = "No tuned models yet. Tune one, and it is listed here."


class Look:
    """The tab's components, added to the page."""

    def __init__(self) -> None:
        self.chosen = gr.Dropdown([], label="Tuned model", elem_id="models-chosen")
        self.details = gr.HTML(html.empty(NO_MODELS), elem_id="models-details")
        with gr.Row():
            self.new_name = gr.Textbox(label="New name", max_lines=1, scale=3, elem_id="models-new-name")
            self.rename = gr.Button("Rename", scale=1, min_width=90, elem_id="models-rename")
            self.remove = gr.Button("Remove", variant="stop", scale=1, min_width=90, elem_id="models-remove")
