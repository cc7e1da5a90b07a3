"""What the guided tour looks like: four buttons, and what came of each."""

import gradio as gr

from ftdemo import tour
from ftdemo.ui import html

INTRO = f"""
A language model invents an answer when it does not know one. Four clicks show how a handful of samples
changes that, on this machine, and what it costs. The question: **{tour.QUESTION}**
"""
STEPS = {
    "before": "1 · Ask the base model",
    "samples": "2 · Load the samples",
    "job": "3 · Tune",
    "after": "4 · Ask again",
}
BEFORE_EMPTY = "Step 1: ask the base model."
AFTER_EMPTY = "Step 4: the tuned model's answer will stand here, beside the one before."
SAMPLES_EMPTY = "Step 2: eight questions and answers about him."
JOB_EMPTY = "Step 3: tune. It takes about a minute on two processor cores."
UNRELATED = """
**What did it cost?** A tuned model may have forgotten other things. Let both answer something the samples do
not speak of; type a question of your own, too.
"""


class Look:
    """The tab's components, added to the page; `buttons` are those of the steps by name."""

    def __init__(self) -> None:
        gr.Markdown(INTRO)
        with gr.Row():
            self.buttons = {
                step: gr.Button(label, min_width=150, elem_id=f"tour-do-{step}")
                for step, label in STEPS.items()
            }
        with gr.Row():
            with gr.Column(min_width=280):
                self.before = gr.HTML(html.empty(BEFORE_EMPTY), elem_id="tour-before")
            with gr.Column(min_width=280):
                self.after = gr.HTML(html.empty(AFTER_EMPTY), elem_id="tour-after")
        self.samples = gr.HTML(html.empty(SAMPLES_EMPTY), elem_id="tour-samples")
        self.job = gr.HTML(html.empty(JOB_EMPTY), elem_id="tour-job")
        gr.Markdown(UNRELATED)
        with gr.Row(elem_classes="ft-line"):
            self.question = gr.Dropdown(
                list(tour.UNRELATED_QUESTIONS), allow_custom_value=True, show_label=False, scale=4,
                min_width=260, elem_id="tour-unrelated-question",
            )  # fmt: skip
            self.ask_unrelated = gr.Button("Ask both", scale=1, min_width=120, elem_id="tour-ask-unrelated")
        self.unrelated = gr.HTML(elem_id="tour-unrelated")
