"""Curves as tables for gradio's line plot."""

from collections.abc import Collection, Sequence

import pandas as pd

from ftdemo.jobs.curves import HELD_OUT, TRAIN, Point

COLOURS = {TRAIN: "#0d9488", HELD_OUT: "#f59e0b"}
RUN_COLOURS = {
    "A": "#0d9488", "B": "#f59e0b", "C": "#6366f1", "D": "#ef4444", "E": "#84cc16", "F": "#d946ef",
}  # fmt: skip


def table(points: Sequence[Point], curves: Collection[str]) -> pd.DataFrame:
    """Points as a plot takes them.

    All curves are always named: gradio's plot draws only those that it knew when it was first drawn.
    """
    rows = [*((0, None, curve) for curve in curves), *points]
    # An empty table has no types of its own, and the plot would keep taking numbers for names.
    types = {"step": "int64", "value": "float64", "curve": "str"}
    return pd.DataFrame(rows, columns=list(types)).astype(types)
