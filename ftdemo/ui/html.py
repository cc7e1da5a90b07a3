"""Small pieces of HTML. Whatever came from a person or a model goes through `escape` and stays text."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from ftdemo.store.figures import RunFigures


class Html(str):
    """HTML among texts: what is of this type is not escaped."""


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


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of long texts; whatever is not `Html` is escaped."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = ("".join(f'<td dir="auto">{_cell(value)}</td>' for value in row) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="ft-scroll"><table class="ft-samples ft-words"><tr>{top}</tr>{body}</table></div>'


def before_after(run: RunFigures) -> str | None:
    """How a run changed the loss on held-out samples: '3.10 → 1.42'."""
    before, after = run.held_out_loss_before, run.held_out_loss
    return f"{before:.2f} → {after:.2f}" if before is not None and after is not None else None


def _cell(value: object) -> str:
    return value if isinstance(value, Html) else escape(str(value))
