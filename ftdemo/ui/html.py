"""Small pieces of HTML. Whatever came from a person or a model goes through `escape` and stays text."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from ftdemo.chat.turns import Answer, Turn
from ftdemo.engines.host import EngineStatus
from ftdemo.names import BASE
from ftdemo.store.figures import RunFigures
from ftdemo.store.jobs import EVALUATE, Job
from ftdemo.store.samples import Sample

SAMPLES_SHOWN = 200
_FINISHED = {"length": " · cut off at the token limit", "cancelled": " · stopped"}
_DOTS = {"ready": "ready", "failed": "failed", "fetching": "busy", "loading": "busy"}


def bar(share: float) -> str:
    """A progress bar filled to a share from 0 to 1."""
    percent = max(0.0, min(1.0, share)) * 100
    return (
        f'<div class="ft-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{percent:.0f}"><div style="width:{percent:.1f}%"></div></div>'
    )


def empty(sentence: str) -> str:
    """What stands where there is nothing yet: what to do."""
    return f'<div class="ft-empty">{escape(sentence)}</div>'


def facts(values: Mapping[str, Any]) -> str:
    """Names with their values, those that are None left out."""
    cells = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>"
        for name, value in values.items()
        if value is not None
    )
    return f'<dl class="ft-facts">{cells}</dl>'


def duration(seconds: float) -> str:
    """Seconds in words: '42 s', '3 min 05 s', '2 h 10 min'."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


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
    memory = run.peak_memory_bytes or job.memory_bytes
    figures = {
        "Status": job.status,
        "Method": job.settings.get("method"),
        "Compared with" if job.kind == EVALUATE else "Continued from": job.parent_model,
        "Step": f"{job.step} of {job.total_steps}" if job.total_steps else None,
        "Epoch": _epoch(job),
        "Time left": left,
        "Peak memory" if run.peak_memory_bytes is not None else "Memory": _gigabytes(memory),
        "Time": duration(run.seconds) if run.seconds is not None else None,
        "Speed": _per_second(run.tokens_per_second),
        "Held-out loss": _before_after(run),
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


def model_card(model: Mapping[str, Any]) -> str:
    """A tuned model: where it came from, how it was tuned, and what that gave."""
    settings, run = model["settings"], RunFigures.read(model["metrics"])
    figures = {
        "Tuned from": model["base_model"],
        "Continued from": model["parent_model"],
        "Method": model["method"],
        "Samples": model["sample_set_name"],
        "Made": model["created_at"][:16].replace("T", " "),
        "Size": f"{model['bytes'] / 1e6:.1f} MB",
        "Rank": model["rank"],
        "Epochs": settings.get("epochs"),
        "Learning rate": settings.get("learning_rate"),
        "Seed": settings.get("seed"),
        "Held-out loss": _before_after(run),
        "Time": duration(run.seconds) if run.seconds is not None else None,
        "Device": run.device,
        "Job": model["job_id"],
    }
    return f'<div class="ft-card"><h3>{escape(model["name"])}</h3>{facts(figures)}</div>'


def turns(history: Iterable[Turn]) -> str:
    """A conversation, each side's answers under each other in its own column."""
    return "".join(question(turn.question) + answers(turn) for turn in history)


def answers(turn: Turn) -> str:
    """A turn's answers beside each other, or its place in line before they begin."""
    return sides(turn.answers, place_in_line(turn.waiting) if turn.waiting else None)


def place_in_line(position: int) -> str:
    """A place in line in words: 'waiting, next in line', 'waiting, 2nd in line'."""
    if position == 1:
        return "waiting, next in line"
    teens = position % 100 in {11, 12, 13}
    ending = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(position % 10, "th")
    return f"waiting, {position}{ending} in line"


def question(text: str) -> str:
    """What was asked."""
    return f'<div class="ft-question"><div dir="auto">{escape(text)}</div></div>'


def sides(answers: Iterable[Answer], waiting: str | None = None) -> str:
    """Answers beside each other; `waiting` tells for what while there is no token."""
    columns = "".join(side(answer, waiting) for answer in answers)
    return f'<div class="ft-sides">{columns}</div>'


def side(
    answer: Answer, waiting: str | None = None, name: str | None = None, below: str = "", aside: bool = False
) -> str:
    """One answer with its figures.

    Args:
        answer: the answer.
        waiting: tells for what it waits while there is no token.
        name: what stands above it; the model's name if None. Where another name stands, who answered is not
            to be told, by its speed neither.
        below: HTML that follows it.
        aside: whether the conversation does not go on from it.
    """
    writing = answer.finish_reason is None
    blind = name is not None and not name.endswith(answer.model)
    kind = "" if blind else "base" if answer.model == BASE else "tuned"
    figures = (
        f"{answer.tokens} tokens · {answer.tokens_per_second:.1f} tokens/s · "
        f"first token after {answer.time_to_first_token_s:.2f} s"
        if answer.tokens
        else waiting or "waiting for the first token"
    )
    if blind:
        figures = "in the making" if writing and answer.tokens else f"{answer.tokens} tokens"
    figures += _FINISHED.get(answer.finish_reason or "", "")
    marked = "" if blind else f' data-model="{escape(answer.model)}"'
    return (
        f'<div class="ft-side {kind}{" aside" if aside else ""}"{marked}>'
        f'<div class="ft-name">{escape(name or answer.model)}</div>'
        f'<div class="ft-text{" ft-cursor" if writing else ""}" dir="auto">{escape(answer.text)}</div>'
        f'<div class="ft-figures">{figures}</div>{below}</div>'
    )


def samples_table(samples: list[Sample]) -> str:
    """Questions and answers in a table; of many, the first."""
    rows = "".join(
        f"<tr><td>{number}</td><td>{escape(sample.question)}</td><td>{escape(sample.answer)}</td>"
        f'<td><span class="ft-tag">{"held out" if sample.split == "held_out" else "train"}</span></td></tr>'
        for number, sample in enumerate(samples[:SAMPLES_SHOWN], start=1)
    )
    more = len(samples) - SAMPLES_SHOWN
    note = f'<p class="ft-note">and {more:,} more</p>' if more > 0 else ""
    head = "<tr><th></th><th>Question</th><th>Answer</th><th>Split</th></tr>"
    return f'<div class="ft-scroll"><table class="ft-samples">{head}{rows}</table></div>{note}'


def _epoch(job: Job) -> str | None:
    """Passes over the samples; PPO's epochs are passes over a batch of answers, which is something else."""
    epochs = None if "steps" in job.settings else job.settings.get("epochs")
    if job.epoch is None:
        return None
    return f"{job.epoch:.1f} of {epochs}" if epochs else f"{job.epoch:.1f}"


def _gigabytes(memory: float | None) -> str | None:
    return f"{memory / 1e9:.1f} GB" if memory else None


def _per_second(value: float | None) -> str | None:
    return f"{value:.0f} tokens/s" if value is not None else None


def _before_after(run: RunFigures) -> str | None:
    before, after = run.held_out_loss_before, run.held_out_loss
    return f"{before:.2f} → {after:.2f}" if before is not None and after is not None else None


def _trained_share(run: RunFigures) -> str | None:
    trained, parameters = run.trainable_parameters, run.parameters
    if trained is None or parameters is None:
        return None
    return f"{trained / 1e6:.1f} M of {parameters / 1e6:.0f} M"
