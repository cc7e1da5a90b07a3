"""The line at the top of the page, as HTML."""

from html import escape

from ftdemo.engines.host import EngineStatus
from ftdemo.store.jobs import Job
from ftdemo.ui.html import bar
from ftdemo.ui.job.html import job_line

_DOTS = {"ready": "ready", "failed": "failed", "fetching": "busy", "loading": "busy"}


def status_line(base_model: str, engine: EngineStatus, job: Job | None) -> str:
    """The line at the top of the page."""
    dot = _DOTS.get(engine.state, "")
    words = f"ready, {engine.engine}" if engine.state == "ready" else engine.line
    arrived = bar(engine.share) if engine.share is not None else ""
    parts = [
        f'<span><span class="ft-dot {dot}"></span><b>{escape(base_model)}</b></span>',
        f'<span class="ft-grow">{escape(words)}{arrived}</span>',
    ]
    if job is not None:
        share = job.step / job.total_steps if job.total_steps else 0.0
        parts.append(f'<span class="ft-grow">{escape(job_line(job))}{bar(share)}</span>')
    else:
        parts.append("<span>No job is running.</span>")
    return f'<div class="ft-status">{"".join(parts)}</div>'
