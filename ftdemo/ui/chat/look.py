"""What the tab Chat & vote looks like: the chat, below it why one voted so, beside it who answers and how."""

import gradio as gr

from ftdemo.chat.dialogue import MOST_TRIES
from ftdemo.chat.votes import FROM_CHAT
from ftdemo.feedback.voters import MAX_CHARACTERS
from ftdemo.names import BASE
from ftdemo.ui import html, knobs
from ftdemo.ui.chat import html as chat_html
from ftdemo.ui.choices import NONE

EMPTY = "Choose a model and ask it something. One click on a thumb under an answer is a vote."
ONE, TWO = "one", "two"
SAME = [("the same model, sampled again", "")]
"""In place of a model: the same model once more."""


class Conversation:
    """The chat, added to the page.

    `editing` is the number of the turn in whose place something else is asked, or None.
    """

    def __init__(self) -> None:
        self.editing = gr.State(None)
        self.view = gr.HTML(
            html.empty(EMPTY), elem_id="chat-view", js_on_load=chat_html.CLICKS, max_height=560,
            autoscroll=True,
        )  # fmt: skip
        self.now = gr.HTML("", elem_id="chat-now", autoscroll=True, max_height=420)
        self.why = Why()
        with gr.Row(elem_classes="ft-line"):
            self.question = gr.Textbox(
                show_label=False, placeholder="Ask something", lines=1, max_lines=6, scale=6,
                min_width=260, elem_id="chat-question",
            )  # fmt: skip
            self.ask = gr.Button("Ask", variant="primary", scale=1, min_width=90, elem_id="chat-ask")
            self.stop = gr.Button("Stop", interactive=False, scale=1, min_width=90, elem_id="chat-stop")
            self.clear = gr.Button("New chat", scale=1, min_width=120, elem_id="chat-clear")


class Why:
    """Why an answer was liked or not, and what would have been a better one; added to the page, closed.

    `message` is the number of the answer's message that it is about, or None.
    """

    def __init__(self) -> None:
        self.message = gr.State(None)
        with gr.Column(visible=False, elem_id="chat-why", elem_classes="ft-card") as self.group:
            self.about = gr.HTML("", padding=False)
            self.reasons = gr.CheckboxGroup([], label="Because it is", elem_id="chat-reasons")
            self.comment = gr.Textbox(
                label="Comment", lines=1, max_lines=4, max_length=MAX_CHARACTERS, elem_id="chat-comment"
            )
            self.better = gr.Textbox(
                label="A better answer would be", lines=2, max_lines=8, max_length=MAX_CHARACTERS,
                elem_id="chat-better",
            )  # fmt: skip
            self.sample = gr.Checkbox(
                label=f"Keep the better answer as a sample too, in {FROM_CHAT}", elem_id="chat-sample"
            )
            with gr.Row():
                self.save = gr.Button(
                    "Save", variant="primary", size="sm", min_width=90, elem_id="chat-why-save"
                )
                self.close = gr.Button("Close", size="sm", min_width=90, elem_id="chat-why-close")


class Wanted:
    """Who answers, how, and which reward model looks on; added to the page.

    `asked` are the inputs of `ChatSettings` by name, `generation` those of `GenerationSettings`.

    Args:
        most_tokens: how long an answer may be.
    """

    def __init__(self, most_tokens: int) -> None:
        self.model = gr.Dropdown([BASE], value=BASE, label="Model", elem_id="chat-model")
        self.count = gr.Radio(
            [("One answer", ONE), ("Two, to choose between", TWO)], value=ONE, label="Answers",
            elem_id="chat-count",
        )  # fmt: skip
        self.against = gr.Dropdown(
            SAME, value="", label="The second answer is by",
            visible=False, elem_id="chat-against",
            info="Who is A and who is B is left to chance, and told when you have chosen.",
        )  # fmt: skip
        self.reward = gr.Dropdown(
            NONE, value="", label="Reward model", elem_id="chat-reward",
            info="Scores each answer, beside the thumbs. Train one on your votes in the tab Align.",
        )  # fmt: skip
        self.tries = gr.Slider(
            1, MOST_TRIES, value=1, step=1, label="Try several, show the one that scores highest",
            visible=False, elem_id="chat-tries",
        )  # fmt: skip
        with gr.Accordion("Generation settings", open=False, elem_id="chat-generation"):
            self.system = gr.Textbox(label="System prompt", lines=2, max_lines=6, elem_id="chat-system")
            self.generation = knobs.of_generation("chat", most_tokens, temperature=0.7, top_p=0.95)
        self.asked: knobs.Inputs = {
            "model": self.model, "count": self.count, "against": self.against, "reward": self.reward,
            "tries": self.tries, "system": self.system,
        }  # fmt: skip
