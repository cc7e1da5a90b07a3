"""Make a sample out of an answer: as it is, or as it should have been."""

import gradio as gr

from ftdemo.studio import Studio
from ftdemo.ui.events import QUIET, shown
from ftdemo.ui.polling import Changes, revision

DEFAULT_SET = "from-chat"


def build(studio: Studio, changes: Changes, memory: gr.BrowserState) -> None:
    """Add the components and events.

    Args:
        studio: the app.
        changes: what the page listens to.
        memory: holds the id of the conversation in view.
    """
    with gr.Accordion("Keep an answer as a sample", open=False, elem_id="keep"):
        take = gr.Button("Take the last answer", elem_id="keep-take")
        question = gr.Textbox(label="Question", lines=1, elem_id="keep-question")
        answer = gr.Textbox(label="Answer, as it should be", lines=3, elem_id="keep-answer")
        with gr.Row():
            target = gr.Dropdown(
                [],
                value=DEFAULT_SET,
                allow_custom_value=True,
                label="Sample set",
                elem_id="keep-set",
                scale=3,
            )
            keep = gr.Button(
                "Save as a sample", variant="primary", scale=1, min_width=140, elem_id="keep-save"
            )
        told = gr.Markdown(elem_id="keep-told")

    @shown
    def last_answer(known: dict[str, int]) -> tuple[str, str]:
        turns = studio.chat.turns(known.get("conversation"))
        return (turns[-1].question, turns[-1].answers[-1].text) if turns else ("", "")

    @shown
    def save(name: str, asked: str, said: str) -> tuple[str, str]:
        kept = studio.samples.keep(name, asked, said)
        return f"Saved in **{kept.name}**, version {kept.version}.", revision(studio)

    @shown
    def names() -> dict[str, object]:
        return gr.update(choices=[saved.name for saved in studio.samples.all()])

    take.click(last_answer, memory, [question, answer], **QUIET)
    keep.click(save, [target, question, answer], [told, changes.revision], **QUIET)
    changes.revision.change(names, None, target, **QUIET)
