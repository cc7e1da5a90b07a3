"""Inputs for knobs, made from the classes of settings that declare them, and known by the knobs' names."""

from collections.abc import Collection, Mapping
from html import escape
from itertools import groupby
from typing import Any

import gradio as gr

from ftdemo.engines import GenerationSettings
from ftdemo.knobs import Kind, Option, options

WIDTH, SLIDER_WIDTH = 118, 220
"""Least width of an input, in pixels; those that do not fit beside each other go below."""

Inputs = dict[str, gr.components.Component]
"""Inputs by name: those of knobs by the knobs' names."""
Outputs = Mapping[str, Any]
"""Components and blocks by name."""
Values = Mapping[gr.components.Component, Any]
"""What an event handler is given whose inputs are a set of components."""


def build(
    prefix: str,
    *kinds: Kind,
    values: Mapping[str, Any] | None = None,
    leave_out: Collection[str] = (),
    slides: Mapping[str, tuple[float, float]] | None = None,
) -> Inputs:
    """Add an input for each knob to the page, those of a group below its heading.

    Args:
        prefix: begins the ids of the inputs; the knob's name follows.
        *kinds: the classes of settings.
        values: what the inputs show at first, where that is not the knob's default.
        leave_out: knobs that have no input here.
        slides: from where to where a slider goes, for knobs that have one.
    """
    wanted = [option for option in options(*kinds) if option.name not in leave_out]
    inputs: Inputs = {}
    for group, members in groupby(sorted(wanted, key=_group_order(wanted)), lambda option: option.group):
        if group:
            gr.Markdown(group, elem_classes="ft-note")
        lines: dict[bool, list[Option]] = {True: [], False: []}
        for option in members:
            lines[_is_narrow(option)].append(option)
        if lines[True]:
            with gr.Row(elem_classes="ft-knobs"):
                for option in lines[True]:
                    inputs[option.name] = _input(prefix, option, values or {}, slides or {})
        for option in lines[False]:
            inputs[option.name] = _input(prefix, option, values or {}, slides or {})
    return inputs


def of_generation(prefix: str, most_tokens: int, **values: Any) -> Inputs:
    """Add the inputs of `GenerationSettings` to the page.

    Args:
        prefix: begins the ids of the inputs.
        most_tokens: how long an answer may be.
        **values: what they show at first, where that is not the knob's default.
    """
    values = {"max_new_tokens": min(GenerationSettings.max_new_tokens, most_tokens), **values}
    slides = {"max_new_tokens": (1, most_tokens), "temperature": (0, 2), "top_p": (0.05, 1)}
    return build(prefix, GenerationSettings, values=values, slides=slides)


def given(inputs: Inputs, values: Values) -> dict[str, Any]:
    """The values of inputs by name; a number that was taken out is None, which leaves the default.

    The page shows a number that is None as 0, so 0 is taken for None there.

    Args:
        inputs: the inputs.
        values: what the event handler was given for them, and maybe for others.
    """
    return {
        name: None if values[field] == 0 and _is_off_at_first(field) else values[field]
        for name, field in inputs.items()
    }


def explain(*kinds: Kind, leave_out: Collection[str] = (), visible: bool = True) -> gr.Accordion:
    """Add what each knob does to the page, folded away."""
    told = {option.label: option.help for option in options(*kinds) if option.name not in leave_out}
    lines = "".join(f"<li><b>{escape(label)}</b> {escape(text)}</li>" for label, text in told.items())
    folded = gr.Accordion("What each of them does", open=False, visible=visible)
    with folded:
        gr.HTML(f'<ul class="ft-methods">{lines}</ul>', padding=False)
    return folded


def _is_off_at_first(field: gr.components.Component) -> bool:
    return isinstance(field, gr.Number) and field.value is None


def _group_order(wanted: list[Option]) -> Any:
    """Those without a group first, then the groups in the order in which they are met."""
    groups = ["", *dict.fromkeys(option.group for option in wanted)]
    return lambda option: groups.index(option.group)


def _is_narrow(option: Option) -> bool:
    """Whether an input shares its line with others: a number, or one of a few words."""
    return option.type in (int, float) or bool(option.choices)


def _input(
    prefix: str, option: Option, values: Mapping[str, Any], slides: Mapping[str, tuple[float, float]]
) -> gr.components.Component:
    value = values.get(option.name, option.default)
    shared: dict[str, Any] = {
        "label": option.label,
        "elem_id": f"{prefix}-{option.name.replace('_', '-')}",
        "min_width": WIDTH,
    }
    if option.type is bool:
        return gr.Checkbox(value, **shared)
    if option.choices:
        return gr.Dropdown(list(option.choices), value=value, **shared)
    if option.name in slides:
        low, high = slides[option.name]
        shared["min_width"] = SLIDER_WIDTH
        return gr.Slider(low, high, value=value, step=option.step or 1, **shared)
    if option.type in (int, float):
        # What is out of bounds is refused by the settings, in a sentence: not here.
        return gr.Number(value, step=option.step or 1, **shared)
    if option.type is tuple:
        return gr.Dropdown(
            [], value=list(value), multiselect=True, allow_custom_value=True, info=option.help, **shared
        )
    return gr.Textbox(value, max_lines=1, info=option.help, **shared)
