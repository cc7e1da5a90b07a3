"""Curves of runs: what can be drawn of a run, and the points of each curve."""

from collections.abc import Iterable, Sequence

from ftdemo.store.jobs import TUNE, JobMetric

Point = tuple[int, float, str]
"""Step, value, and the name of the curve."""
TRAIN, HELD_OUT = "train", "held out"
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


def of_job(metrics: Sequence[JobMetric], measure: str) -> list[Point]:
    """One measure of a run; its loss comes with the held-out loss."""
    if measure not in MEASURES:
        name = measure.replace(" ", "_")
        return [
            (one.step, one.figures[name], TRAIN) for one in metrics if one.figures and name in one.figures
        ]
    field, _, unit = MEASURES[measure]
    values = ((one.step, getattr(one, field)) for one in metrics)
    drawn = [(step, value * unit, TRAIN) for step, value in values if value is not None]
    return drawn + (_held_out(metrics, HELD_OUT) if measure == "loss" else [])


def of_runs(runs: Iterable[Sequence[JobMetric]], names: Iterable[str]) -> list[Point]:
    """The held-out loss of several runs, or the training loss of a run that has none, each under a name."""
    return [
        point
        for name, metrics in zip(names, runs, strict=False)
        for point in _held_out(metrics, name)
        or [(one.step, one.loss, name) for one in metrics if one.loss is not None]
    ]


def measures(metrics: Sequence[JobMetric]) -> list[str]:
    """What can be drawn of a run: what every run has, and its method's own figures."""
    own = dict.fromkeys(name for one in metrics for name in one.figures or ())
    return [*MEASURES, *(name.replace("_", " ") for name in own if not name.endswith("_seconds"))]


def title(measure: str, kind: str = TUNE) -> str:
    """What stands beside the axis of a measure, for a kind of job."""
    if measure == "loss" and kind != TUNE:
        return "loss"  # of votes, not of tokens
    return MEASURES[measure][1] if measure in MEASURES else FIGURES.get(measure.replace(" ", "_"), measure)


def _held_out(metrics: Sequence[JobMetric], curve: str) -> list[Point]:
    return [(one.step, one.held_out_loss, curve) for one in metrics if one.held_out_loss is not None]
