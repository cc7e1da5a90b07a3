"""Rounds: whose model learned from whose votes, and what people say of it who saw both."""

import pytest

from ftdemo.evaluation.duel import WinRate
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.lineage import Lineage
from ftdemo.studio import Studio


@pytest.fixture
def studio(settings: Settings) -> Studio:
    return Studio(settings)


def align(store: Store, name: str, parent: str | None, base: str, rate: float) -> None:
    wins = round(10 * rate)
    found = {"win_rates": {"reward": WinRate(wins, 0, 10 - wins).as_dict()}}
    lineage = Lineage.of(parent=store.models.get(parent) if parent else None)
    job = store.jobs.add("align", name, base, {}, lineage)
    store.jobs.update(job.id, metrics={"votes": 36, "evaluation": found})
    store.models.add(
        name, base_model=base, method="dpo", folder=f"job-{job.id}", job_id=job.id,
        lineage=lineage,
    )  # fmt: skip


def test_a_line_of_rounds(studio: Studio) -> None:
    base = studio.settings.base_model
    align(studio.store, "first", None, base, 0.7)
    align(studio.store, "second", "first", base, 0.6)
    found = [(one.round, one.parent, one.model, one.votes, one.win_rate) for one in studio.rounds()]
    assert found == [(1, "base", "first", 36, 0.7), (2, "first", "second", 36, 0.6)]
    assert [one.people for one in studio.rounds()] == [None, None]


def test_renaming_a_model_does_not_begin_the_rounds_anew(studio: Studio) -> None:
    base = studio.settings.base_model
    align(studio.store, "first", None, base, 0.7)
    align(studio.store, "second", "first", base, 0.6)
    studio.models.rename("first", "renamed")
    align(studio.store, "first", None, base, 0.5)
    found = [(one.round, one.parent, one.model) for one in studio.rounds()]
    assert found == [(1, "base", "renamed"), (2, "renamed", "second"), (1, "base", "first")]


def test_people_who_saw_both_blind_are_counted_for_the_model_they_chose(studio: Studio) -> None:
    base = studio.settings.base_model
    align(studio.store, "first", None, base, 0.7)
    align(studio.store, "second", "first", base, 0.6)
    version = {"base": base, "first": "job-1", "second": "job-2"}

    def choose(left: str, right: str, choice: str, voter: str) -> None:
        shown = [
            studio.feedback.add("Why?", f"{name} {voter}", name, model_version=version[name]).id
            for name in (left, right)
        ]
        studio.feedback.choose(choice, voter, answers=(shown[0], shown[1]))  # type: ignore[arg-type]

    choose("base", "first", "right", "a")
    choose("first", "base", "left", "b")
    choose("first", "base", "right", "c")
    choose("first", "base", "bad", "d")
    choose("base", "second", "right", "e")  # not its start
    choose("second", "first", "tie", "f")
    first, second = studio.rounds()
    assert first.people == WinRate(wins=2, ties=1, losses=1)
    assert second.people == WinRate(wins=0, ties=1, losses=0)


def test_a_model_whose_job_was_removed_is_a_round_still(studio: Studio) -> None:
    base = studio.settings.base_model
    align(studio.store, "first", None, base, 0.7)
    align(studio.store, "second", "first", base, 0.6)
    job = studio.store.models.get("first").job_id
    assert job is not None
    studio.store.jobs.update(job, status="finished")
    studio.jobs.remove(job)
    found = [(one.round, one.parent, one.model, one.votes, one.win_rate) for one in studio.rounds()]
    assert found == [(1, "base", "first", None, None), (2, "first", "second", 36, 0.6)]
