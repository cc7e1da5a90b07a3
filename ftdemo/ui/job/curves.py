"""Curves of runs, as tables for gradio's line plot."""

from collections.abc import Sequence

import pandas as pd

from ftdemo.store.jobs import TUNE, JobMetric

COLUMNS = ["step", "value", "curve"]
COLOURS = {"train": "#0d9488", "held out": "#f59e0b"}
RUN_COLOURS = {
    "A": "#0d9488", "B": "#f59e0b", "C": "#6366f1", "D": "#ef4444", "E": "#84cc16", "F": "#d946ef",
}  # fmt: skip
MEASURES = {
    "loss": ("loss", "loss (nats a token)", 1.0),
    "learning rate": ("learning_rate", "learning rate", 1.0),
    "gradient norm": ("gradient_norm", "gradient norm", 1.0),
    "tokens/s": ("tokens_per_second", "tokens a second", 1.0),
    "memory": ("memory_bytes", "memory (GB)", 1e-9),
}
"""What can be drawn of every run: the field of a point, the axis's title, and the unit."""
FIGURES = {
    "reward": "mean score less the price of the divergence",
    "score": "mean score of the reward model (standard deviations)",
    "held_out_score": "mean score of the other reward model (standard deviations)",
    "kl": "divergence from the reference (nats an answer)",
    "clip_share": "share of tokens whose ratio was clipped",
    "value_loss": "value loss",
    "entropy": "entropy of the next token (nats)",
    "answer_length": "tokens an answer",
    "repetition_share": "share of repeated word groups",
}
"""Titles of figures that only some methods measure; others are drawn under their own name."""


def of_job(points: Sequence[JobMetric], measure: str) -> pd.DataFrame:
    """One measure of a run; its loss comes with the held-out loss.

    Both curves are always named: gradio's plot draws only those that it knew when it was first drawn.
    """
    rows: list[tuple[int, float | None, str]] = [(0, None, curve) for curve in COLOURS]
    if measure not in MEASURES:
        name = measure.replace(" ", "_")
        rows += [(p.step, p.figures[name], "train") for p in points if p.figures and name in p.figures]
        return _frame(rows)
    field, _, unit = MEASURES[measure]
    rows += [(p.step, getattr(p, field) * unit, "train") for p in points if getattr(p, field) is not None]
    if measure == "loss":
        rows += _held_out(points, "held out")
    return _frame(rows)


def measures(points: Sequence[JobMetric]) -> list[str]:
    """What can be drawn of a run: what every run has, and its method's own figures."""
    own = dict.fromkeys(name for point in points for name in point.figures or ())
    return [*MEASURES, *(name.replace("_", " ") for name in own if not name.endswith("_seconds"))]


def title(measure: str, kind: str = TUNE) -> str:
    """What stands beside the axis of a measure, for a kind of job."""
    if measure == "loss" and kind != TUNE:
        return "loss"  # of votes, not of tokens
    return MEASURES[measure][1] if measure in MEASURES else FIGURES.get(measure.replace(" ", "_"), measure)


def of_runs(runs: Sequence[Sequence[JobMetric]]) -> pd.DataFrame:
    """The held-out loss of several runs, or the training loss of a run that has none; run A is the first."""
    rows: list[tuple[int, float | None, str]] = [(0, None, letter) for letter in RUN_COLOURS]
    for letter, points in zip(RUN_COLOURS, runs, strict=False):
        rows += _held_out(points, letter) or [(p.step, p.loss, letter) for p in points if p.loss is not None]
    return _frame(rows)


def _held_out(points: Sequence[JobMetric], curve: str) -> list[tuple[int, float | None, str]]:
    return [(p.step, p.held_out_loss, curve) for p in points if p.held_out_loss is not None]


def _frame(rows: Sequence[tuple[int, float | None, str]]) -> pd.DataFrame:
    # An empty table has no types of its own, and the plot would keep taking numbers for names.
    return pd.DataFrame(rows, columns=COLUMNS).astype({"step": "int64", "value": "float64", "curve": "str"})
