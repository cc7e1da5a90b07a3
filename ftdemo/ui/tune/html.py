"""What the Tune tab shows before, during and after a run, as HTML."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ftdemo.store.jobs import JobAnswer
from ftdemo.tuning.estimate import Estimate
from ftdemo.tuning.methods import METHODS, unavailable
from ftdemo.ui.html import duration, facts


def methods() -> str:
    """Each method with when to use it; one that this machine cannot use is grey, with the reason."""
    lines = []
    for info in METHODS.values():
        reason = unavailable(info.name)
        words = escape(info.when) if reason is None else f"{escape(info.when)} <b>{escape(reason)}</b>"
        off = "" if reason is None else ' class="ft-off" aria-disabled="true"'
        lines.append(f"<li{off}><b>{escape(info.title)}</b> {words}</li>")
    return f'<ul class="ft-methods">{"".join(lines)}</ul>'


def unavailable_methods() -> str:
    """The methods that this machine cannot use, each with the reason; nothing if it can use all."""
    reasons = [unavailable(name) for name in METHODS]
    return "".join(
        f'<p class="ft-note ft-off" aria-disabled="true">○ {escape(reason)}</p>'
        for reason in reasons
        if reason is not None
    )


def estimate_card(found: Estimate) -> str:
    """What a run would cost."""
    gb = 1e9
    held_out = f", {found.held_out_samples:,} held out" if found.held_out_samples else ""
    lost = f", {found.cut_off_samples:,} cut off" if found.cut_off_samples else ""
    lost += f", {found.dropped_samples:,} left out" if found.dropped_samples else ""
    figures = facts(
        {
            "Samples": f"{found.samples:,}{held_out}{lost}",
            "Tokens an epoch": f"{found.tokens:,}",
            "Steps": f"{found.steps:,}",
            "Trainable": f"{found.trainable_parameters / 1e6:.1f} M of {found.parameters / 1e6:.0f} M "
            f"({found.trainable_share:.1%})",
            "Memory": f"{found.memory_bytes / gb:.1f} GB, {found.memory_free_bytes / gb:.1f} GB free",
            "Disk": f"{found.disk_bytes / gb:.2f} GB, {found.disk_free_bytes / gb:.0f} GB free",
            "Time": f"about {duration(found.seconds)}" if found.seconds is not None else "not measured yet",
        }
    )
    refusal = ""
    if found.refusal is not None:
        message, remedy = found.refusal
        refusal = f'<div class="ft-bad"><b>{escape(message)}</b> {escape(remedy)}</div>'
    return f'<div class="ft-card ft-estimate"><h3>Before the start</h3>{figures}{refusal}</div>'


def answers(given: Sequence[JobAnswer]) -> str:
    """The same questions, answered as training went on."""
    if not given:
        return ""
    questions = list(dict.fromkeys(answer.question for answer in given))
    parts = []
    for question in questions:
        rows = "".join(
            f"<tr><td>step {answer.step}</td><td>{escape(answer.answer) or '(nothing)'}</td></tr>"
            for answer in given
            if answer.question == question
        )
        parts.append(
            f'<p class="ft-note"><b>{escape(question)}</b></p><div class="ft-scroll ft-short">'
            f'<table class="ft-samples ft-flat">{rows}</table></div>'
        )
    return f'<div class="ft-card"><h3>Answers on the way</h3>{"".join(parts)}</div>'


def sheet(values: Mapping[str, Any]) -> str:
    """A run sheet."""
    return facts({_words(name): _text(value) for name, value in values.items() if value is not None})


def differences(rows: Mapping[str, Sequence[Any]], letters: Sequence[str]) -> str:
    """What differs between runs, one column a run, headed by the letter of its curve."""
    head = "".join(
        f"<th>{letter} · {number}: {escape(str(model))}</th>"
        for letter, number, model in zip(letters, rows["job"], rows["model"], strict=False)
    )
    body = "".join(
        f"<tr><td>{escape(_words(name))}</td>{''.join(f'<td>{escape(_text(v))}</td>' for v in values)}</tr>"
        for name, values in rows.items()
        if name not in ("job", "model")
    )
    return f'<div class="ft-scroll"><table class="ft-samples"><tr><th></th>{head}</tr>{body}</table></div>'


def _words(name: str) -> str:
    return name.replace("_", " ")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
