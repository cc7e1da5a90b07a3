"""An input for each setting of tuning."""

from typing import Any

import gradio as gr

from ftdemo.training.settings import TARGETS
from ftdemo.tuning.settings import TuneSettings

WIDTH = 118


def build(default: TuneSettings) -> dict[str, gr.components.Component]:
    """Add the inputs to the page, and return them by the names of the settings."""

    def whole(name: str, label: str, minimum: int = 0, info: str | None = None) -> gr.Number:
        value = getattr(default, name)
        return gr.Number(value, label=label, precision=0, minimum=minimum, info=info, min_width=WIDTH)

    def choice(name: str, label: str, choices: list[str]) -> gr.Dropdown:
        return gr.Dropdown(choices, value=getattr(default, name), label=label, min_width=WIDTH)

    knobs: dict[str, Any] = {}
    with gr.Row():
        knobs["epochs"] = whole("epochs", "Epochs", 1)
        knobs["learning_rate"] = gr.Number(
            default.learning_rate, label="Learning rate", step=0.0001, min_width=WIDTH
        )
        knobs["schedule"] = choice("schedule", "Schedule", ["linear", "cosine", "constant"])
        knobs["warmup_steps"] = whole("warmup_steps", "Warm-up steps")
        knobs["batch_size"] = whole("batch_size", "Batch size", 1)
        knobs["accumulation"] = whole("accumulation", "Accumulation", 1)
        knobs["max_length"] = whole("max_length", "Max length (tokens)", 16)
        knobs["seed"] = whole("seed", "Seed")
        knobs["precision"] = choice("precision", "Precision", ["auto", "float32", "bfloat16"])
        knobs["early_stopping"] = whole("early_stopping", "Early stopping (0: off)")
        knobs["sampled_answers"] = whole("sampled_answers", "Answers on the way")
        knobs["report_to"] = choice("report_to", "Also report to", ["none", "tensorboard", "trackio"])
    knobs["packing"] = gr.Checkbox(default.packing, label="Packing: fill batches up to the max length")
    gr.Markdown("LoRA, DoRA and QLoRA", elem_classes="ft-note")
    with gr.Row():
        knobs["rank"] = whole("rank", "Rank r", 1)
        knobs["alpha"] = whole("alpha", "Alpha", 1)
        knobs["dropout"] = gr.Number(
            default.dropout, label="Dropout", minimum=0, maximum=0.9, step=0.05, min_width=WIDTH
        )
        knobs["targets"] = choice("targets", "Target layers", list(TARGETS))
    gr.Markdown("Feature-based", elem_classes="ft-note")
    knobs["parts"] = gr.Textbox(
        default.parts,
        label="Parts to retrain",
        info="last:N, embeddings, head, norms or name:PATTERN, separated by commas",
        max_lines=1,
    )
    return knobs
