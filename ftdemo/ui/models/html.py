"""A tuned model as HTML."""

from collections.abc import Mapping
from html import escape
from typing import Any

from ftdemo.store.figures import RunFigures
from ftdemo.ui.html import before_after, duration, facts


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
        "Held-out loss": before_after(run),
        "Time": duration(run.seconds) if run.seconds is not None else None,
        "Device": run.device,
        "Job": model["job_id"],
    }
    return f'<div class="ft-card"><h3>{escape(model["name"])}</h3>{facts(figures)}</div>'
