"""What the Tune tab shows before a run, as HTML: the methods, and what it would cost."""

from html import escape

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
