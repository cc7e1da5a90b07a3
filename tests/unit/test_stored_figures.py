"""The figures that jobs keep are read by attributes, and stored and printed as they ever were.

The records in stored_figures.json were written by the version before they had classes.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from ftdemo.aligning.figures import AlignFigures, PpoFigures, PreferenceFigures
from ftdemo.cli.jobs import end_with_job
from ftdemo.evaluation.duel import WinRate
from ftdemo.evaluation.figures import EvaluationFigures
from ftdemo.jobs.sheet import run_sheet
from ftdemo.rewards.figures import Mistake, RewardFigures
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.figures import RunFigures
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from ftdemo.tuning.figures import TuneFigures
from ftdemo.ui.align.actions import results
from ftdemo.ui.job.html import job_card

Record = dict[str, Any]
RECORDS: dict[str, Record] = json.loads(Path(__file__).with_name("stored_figures.json").read_text())
CLASSES: dict[str, type[RunFigures]] = {
    "tune": TuneFigures, "reward": RewardFigures, "dpo": PreferenceFigures, "ppo": PpoFigures,
    "ppo_running": PpoFigures, "evaluation": EvaluationFigures,
}  # fmt: skip
JOBS = {"tune": "tune", "reward": "reward", "evaluation": "evaluate"}
"""The kinds of jobs that keep them; all others align."""
IN_SHEET = [
    "samples", "held_out_samples", "cut_off_samples", "steps", "tokens", "seconds", "tokens_per_second",
    "first_loss", "final_loss", "held_out_loss_before", "held_out_loss", "best_step",
    "trainable_parameters", "parameters", "peak_memory_bytes", "device", "precision",
]  # fmt: skip


@pytest.fixture
def keep(store: Store) -> Callable[[str, Record], Job]:
    """Saves a finished job with what it measured."""

    def saved(kind: str, record: Record) -> Job:
        job = store.jobs.add(JOBS.get(kind, "align"), "mine", "some/base", {"method": "lora"})
        store.jobs.update(job.id, status="finished", metrics=record)
        return store.jobs.get(job.id)

    return saved


@pytest.mark.parametrize("kind", CLASSES)
def test_a_record_is_read_and_written_again_as_it_was(kind: str) -> None:
    read = CLASSES[kind].read(RECORDS[kind])
    assert read.as_dict() == RECORDS[kind]
    assert CLASSES[kind].read(read.as_dict()) == read
    json.dumps(read.as_dict(), allow_nan=False)


@pytest.mark.parametrize("kind", CLASSES)
def test_names_of_another_version_are_passed_over(kind: str) -> None:
    record = {**deepcopy(RECORDS[kind]), "colour": "red", "shapes": [{"corners": 3}]}
    for nested in (record.get("mistakes", []), record.get("answers", [])):
        for one in nested:
            one["colour"] = "red"
    assert CLASSES[kind].read(record) == CLASSES[kind].read(RECORDS[kind])


@pytest.mark.parametrize("kind", CLASSES)
def test_any_name_may_be_missing(kind: str, keep: Callable[[str, Record], Job]) -> None:
    for missing in RECORDS[kind]:
        record = {name: value for name, value in RECORDS[kind].items() if name != missing}
        read, empty = CLASSES[kind].read(record), CLASSES[kind]()
        assert getattr(read, missing) == getattr(empty, missing)
        job = keep(kind, record)
        assert run_sheet(job)["model"] == "mine"
        assert "Job" in job_card(job)
        results(job)


def test_attributes_are_what_was_stored() -> None:
    tuned = TuneFigures.read(RECORDS["tune"])
    assert (tuned.samples, tuned.best_step, tuned.versions["peft"]) == (6, None, "0.21.2")
    taste = RewardFigures.read(RECORDS["reward"])
    assert (taste.votes, taste.interval, taste.histogram[0].low) == (6, (0.3424, 1.0), -5.71)
    assert taste.mistakes == (Mistake("Why?", None, "No.", None, 0.5, -0.5),)
    aligned = AlignFigures.read(RECORDS["dpo"])
    assert aligned.evaluation is not None
    assert aligned.evaluation.first_rate == WinRate(2, 0, 0)
    assert aligned.evaluation.forgetting is not None
    assert aligned.evaluation.forgetting.change.low == -float("inf")
    assert aligned.evaluation.answers[0].winner == "after"
    assert PpoFigures.read(RECORDS["ppo_running"]).warnings == tuple(RECORDS["ppo_running"]["warnings"])
    assert RunFigures.read({}) == RunFigures()


@pytest.mark.parametrize("kind", CLASSES)
def test_programs_are_told_what_was_stored(
    kind: str, keep: Callable[[str, Record], Job], settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    record = {**RECORDS[kind], "colour": "red"}
    job = keep(kind, record)
    assert asdict(job)["metrics"] == record
    end_with_job(Studio(settings), job, wait=False, as_json=True)
    printed = json.loads(capsys.readouterr().out)
    assert list(printed) == ["job", "model", "metrics"]
    assert printed["metrics"] == printed["job"]["metrics"] == record


@pytest.mark.parametrize("kind", CLASSES)
def test_the_run_sheet_has_the_figures_it_had(kind: str, keep: Callable[[str, Record], Job]) -> None:
    record = RECORDS[kind]
    sheet = run_sheet(keep(kind, record))
    figures = {name: record[name] for name in IN_SHEET if name in record}
    versions = {f"{name} version": number for name, number in record.get("versions", {}).items()}
    told = list(sheet)[list(sheet).index("method") + 1 :]
    assert told == [*figures, *versions] if kind == "tune" else set(told) == {*figures, *versions}
    assert {name: sheet[name] for name in told} == {**figures, **versions}


def test_a_job_that_has_measured_nothing_has_no_figures_in_its_sheet(
    keep: Callable[[str, Record], Job],
) -> None:
    assert list(run_sheet(keep("tune", {})))[-1] == "method"


def test_what_a_job_tells_is_shown(keep: Callable[[str, Record], Job]) -> None:
    assert "2 of 2 held-out votes foreseen" in results(keep("reward", RECORDS["reward"]))
    for kind in ("dpo", "evaluation"):
        shown = results(keep(kind, RECORDS[kind]))
        assert "mine against base, 2 questions" in shown
        assert "<b>100 %</b> of 2 won (34 to 100)" in shown
    assert results(keep("ppo", RECORDS["ppo"])) == results(keep("reward", {})) == ""
    card = job_card(keep("ppo", RECORDS["ppo"]))
    assert RECORDS["ppo"]["warnings"][0] in card
    assert "Peak memory" in card
