"""A job as HTML: in the page's top line, as a card, its answers on the way, its sheet beside others'."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ftdemo.engines.host import EngineStatus
from ftdemo.store.figures import RunFigures
from ftdemo.store.jobs import EVALUATE, Job, JobAnswer
from ftdemo.ui.html import bar, before_after, duration, facts

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


def job_line(job: Job) -> str:
    """A job in a line."""
    line = f"Job {job.id}, {job.model_name}: {job.phase or job.status}"
    if job.status == "running" and job.total_steps:
        line += f", step {job.step} of {job.total_steps}"
        if job.seconds_left is not None:
            line += f", {duration(job.seconds_left)} left"
    return line


def job_card(job: Job) -> str:
    """A job with its progress and figures."""
    share = job.step / job.total_steps if job.total_steps else 0.0
    error = (
        f'<div class="ft-bad"><b>{escape(job.error_message)}</b> {escape(job.error_remedy or "")}</div>'
        if job.error_message
        else ""
    )
    left = duration(job.seconds_left) if job.seconds_left is not None and not job.ended else None
    run = RunFigures.of(job)
    memory, speed = run.peak_memory_bytes or job.memory_bytes, run.tokens_per_second
    figures = {
        "Status": job.status,
        "Method": job.settings.get("method"),
        "Compared with" if job.kind == EVALUATE else "Continued from": job.parent_model,
        "Step": f"{job.step} of {job.total_steps}" if job.total_steps else None,
        "Epoch": _epoch(job),
        "Time left": left,
        "Peak memory" if run.peak_memory_bytes is not None else "Memory": f"{memory / 1e9:.1f} GB"
        if memory
        else None,
        "Time": duration(run.seconds) if run.seconds is not None else None,
        "Speed": f"{speed:.0f} tokens/s" if speed is not None else None,
        "Held-out loss": before_after(run),
        "Parameters tuned": _trained_share(run),
        "Precision": run.precision,
        "Learns from": job.reward_model,
    }
    warnings = "".join(f'<div class="ft-warn">{escape(said)}</div>' for said in run.warnings)
    phase = f'<p class="ft-note">{escape(job.phase)}</p>' if job.phase else ""
    samples = f" on {escape(job.sample_set_name)}" if job.sample_set_name else ""
    return (
        f'<div class="ft-card"><h3>Job {job.id}: {escape(job.model_name)}{samples}</h3>{bar(share)}{phase}'
        f"{error}{warnings}{facts(figures)}</div>"
    )


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


def _epoch(job: Job) -> str | None:
    """Passes over the samples; PPO's epochs are passes over a batch of answers, which is something else."""
    epochs = None if "steps" in job.settings else job.settings.get("epochs")
    if job.epoch is None:
        return None
    return f"{job.epoch:.1f} of {epochs}" if epochs else f"{job.epoch:.1f}"


def _trained_share(run: RunFigures) -> str | None:
    trained, parameters = run.trainable_parameters, run.parameters
    if trained is None or parameters is None:
        return None
    return f"{trained / 1e6:.1f} M of {parameters / 1e6:.0f} M"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
