"""What the tab Compare looks like: the answers side by side, and one of them to be kept as a sample."""

import gradio as gr

from ftdemo.chat.room import MAX_SIDES
from ftdemo.chat.votes import FROM_CHAT
from ftdemo.names import BASE
from ftdemo.ui import html, knobs

EMPTY = "Choose the models, type a question and press Ask: the answers appear side by side."


class Sides:
    """The conversation and its question, added to the page.

    Args:
        most_tokens: how long an answer may be.
    """

    def __init__(self, most_tokens: int) -> None:
        self.models = gr.Dropdown(
            [BASE], value=[BASE], multiselect=True, max_choices=MAX_SIDES, label="Side by side",
            elem_id="compare-models",
        )  # fmt: skip
        self.view = gr.HTML(html.empty(EMPTY), elem_id="compare-view")
        with gr.Row(elem_classes="ft-line"):
            self.question = gr.Textbox(
                show_label=False, placeholder="Ask something", scale=6, min_width=260, max_lines=6,
                elem_id="compare-question",
            )  # fmt: skip
            self.ask = gr.Button("Ask", variant="primary", scale=1, min_width=90, elem_id="compare-ask")
            self.stop = gr.Button("Stop", interactive=False, scale=1, min_width=90, elem_id="compare-stop")
            self.clear = gr.Button("New conversation", scale=1, min_width=220, elem_id="compare-clear")
        with gr.Accordion("Generation settings (the same for every side)", open=False):
            self.generation = knobs.of_generation("compare", most_tokens)


class Keep:
    """An answer is made a sample, as it is or as it should have been; added to the page."""

    def __init__(self) -> None:
        with gr.Accordion("Keep an answer as a sample", open=False, elem_id="keep"):
            self.take = gr.Button("Take the last answer", elem_id="keep-take")
            self.question = gr.Textbox(label="Question", lines=1, elem_id="keep-question")
            self.answer = gr.Textbox(label="Answer, as it should be", lines=3, elem_id="keep-answer")
            with gr.Row():
                self.target = gr.Dropdown(
                    [], value=FROM_CHAT, allow_custom_value=True, label="Sample set", elem_id="keep-set",
                    scale=3,
                )  # fmt: skip
                self.keep = gr.Button(
                    "Save as a sample", variant="primary", scale=1, min_width=140, elem_id="keep-save"
                )
            self.told = gr.Markdown(elem_id="keep-told")
