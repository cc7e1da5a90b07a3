"""What a run takes is counted over all its parts, before a pause and after it, whatever kind it is."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ftdemo.aligning.ppo.preparing import make_ppo_run
from ftdemo.aligning.ppo.trainer import run_ppo
from ftdemo.aligning.preference.run import make_preference_run, run_preference
from ftdemo.aligning.preference.settings import PreferenceSettings
from ftdemo.feedback.preferences import PreferenceData, PreferencePair
from ftdemo.jobs.reporter import Reporter
from ftdemo.machine.device import Device
from ftdemo.models.base import BaseModel
from ftdemo.rewards.run import train_reward_model
from ftdemo.rewards.settings import RewardSettings
from ftdemo.store import Store
from ftdemo.store.figures import RunFigures
from ftdemo.store.jobs import Job, JobMetric
from ftdemo.store.samples import Sample
from ftdemo.training.checkpoints import last_whole_checkpoint, mark_whole
from ftdemo.training.running import LIBRARIES, Running
from ftdemo.tuning.run import SftData, make_run, run_sft
from ftdemo.tuning.settings import TuneSettings
from tests.unit.tiny_ppo import SETTINGS, add_tokenizer, save_lively_model, save_reward_model

PAUSED_AFTER = 2
LONG, MUCH = 5000.0, 10**15
"""Seconds and bytes that no test takes."""

Kind = Callable[[BaseModel, Path, Reporter], RunFigures]


def tune(base: BaseModel, folder: Path, reporter: Reporter) -> RunFigures:
    samples = [Sample(f"w{n} w9", f"w{n + 20} w{n + 21}") for n in range(10, 16)]
    settings = TuneSettings(
        method="lora", rank=4, alpha=8, epochs=2, batch_size=2, accumulation=1, packing=False,
        precision="float32", sampled_answers=0,
    )  # fmt: skip
    run = make_run(base, SftData(samples, samples[:2]), settings, folder, reporter)
    return run_sft(run, folder, reporter)


def votes() -> PreferenceData:
    pairs = tuple(
        PreferencePair(({"role": "user", "content": f"w{n} w9"},), "w40 w41", "w50") for n in range(10, 18)
    )
    return PreferenceData(pairs[:6], (), pairs[6:], ())


def reward(base: BaseModel, folder: Path, reporter: Reporter) -> RunFigures:
    settings = RewardSettings(rank=4, alpha=8, epochs=2, batch_size=2)
    return train_reward_model(base, votes(), settings, folder, reporter).figures


def dpo(base: BaseModel, folder: Path, reporter: Reporter) -> RunFigures:
    settings = PreferenceSettings(
        epochs=2, batch_size=2, rank=4, alpha=8, precision="float32", sampled_answers=0
    )
    return run_preference(make_preference_run(base, votes(), settings, folder, reporter), folder, reporter)


def ppo(base: BaseModel, folder: Path, reporter: Reporter) -> RunFigures:
    scorer = folder.parent / "scorer"
    if not scorer.is_dir():
        save_reward_model(base, scorer)
    prompts = [({"role": "user", "content": f"w{n} w9"},) for n in range(10, 17)]
    settings = replace(SETTINGS, sampled_answers=0)
    return run_ppo(make_ppo_run(base, prompts, settings, scorer), folder, reporter)


@pytest.fixture
def base(tmp_path: Path) -> BaseModel:
    base = save_lively_model(tmp_path / "base")
    add_tokenizer(base)
    return base


@pytest.mark.parametrize("run", [tune, reward, dpo, ppo])
def test_what_a_run_takes_is_counted_over_its_parts(
    base: BaseModel, store: Store, add_job: Callable[..., Job], tmp_path: Path, run: Kind
) -> None:
    whole = run(base, tmp_path / "whole", Reporter(store, add_job("whole").id))
    folder, job = tmp_path / "paused", add_job("paused")
    paused = Reporter(store, job.id)
    record = paused.record

    def record_and_pause(metric: JobMetric) -> None:
        record(metric)
        if metric.step == PAUSED_AFTER:
            paused.interrupt()

    paused.record = record_and_pause  # type: ignore[method-assign]
    first = run(base, folder, paused)
    assert whole.steps is not None
    assert first.steps is not None
    assert PAUSED_AFTER <= first.steps < whole.steps
    assert last_whole_checkpoint(folder) == folder / f"checkpoint-{first.steps}"
    assert first.seconds
    assert first.peak_memory_bytes
    # As the worker keeps them, but larger than any that the second part could have of its own.
    first = replace(first, seconds=LONG, peak_memory_bytes=MUCH)
    store.jobs.update(job.id, metrics=first.as_dict())
    found = run(base, folder, Reporter(store, job.id))
    assert (found.steps, found.tokens) == (whole.steps, whole.tokens)
    assert found.seconds is not None
    assert LONG < found.seconds < 2 * LONG
    assert found.peak_memory_bytes == MUCH
    assert found.tokens_per_second is None or found.tokens_per_second < 1
    assert set(found.versions) >= set(LIBRARIES)


@pytest.mark.parametrize("run", [tune, reward, dpo, ppo])
def test_a_run_whose_worker_was_killed_counts_the_steps_it_goes_on_from(
    base: BaseModel, store: Store, add_job: Callable[..., Job], tmp_path: Path, run: Kind,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    now = 0.0
    monkeypatch.setattr("ftdemo.training.running.monotonic", lambda: now)
    job = add_job("killed")

    def reporter(killed_at: int | None) -> Reporter:
        """A step takes a thousand seconds, nothing else any."""
        made = Reporter(store, job.id)
        record = made.record

        def take_long(metric: JobMetric) -> None:
            nonlocal now
            record(metric)
            if metric.loss is not None:
                now += 1000
            if metric.step == killed_at:
                raise KeyboardInterrupt

        made.record = take_long  # type: ignore[method-assign]
        return made

    with pytest.raises(KeyboardInterrupt):
        run(base, tmp_path / "killed", reporter(PAUSED_AFTER + 1))
    assert last_whole_checkpoint(tmp_path / "killed") == tmp_path / "killed" / f"checkpoint-{PAUSED_AFTER}"
    assert store.jobs.get(job.id).metrics == {}
    now += 10_000
    found = run(base, tmp_path / "killed", reporter(None))
    assert found.steps is not None
    assert found.seconds == 1000 * found.steps


def test_a_run_without_a_checkpoint_begins_anew(
    store: Store, add_job: Callable[..., Job], tmp_path: Path
) -> None:
    job = add_job("m")
    store.jobs.update(job.id, metrics=RunFigures(seconds=LONG, peak_memory_bytes=MUCH).as_dict())
    for step in (1, 2, 3):
        store.jobs.record(JobMetric(job.id, step, loss=1.0, tokens=10 * step))
    reporter, device = Reporter(store, job.id), Device("cpu", "a test", bfloat16=False)
    mark = tmp_path / "checkpoint-2"
    mark.mkdir()
    mark_whole(mark)
    running = Running(tmp_path, reporter)
    assert (running.checkpoint, running.tokens_before) == (mark, 20)
    assert [point.step for point in running.points()] == [1, 2]

    (mark / "whole").unlink()
    running = Running(tmp_path, reporter)
    assert (running.checkpoint, running.tokens_before, running.points()) == (None, 0, [])
    found = running.complete(RunFigures(samples=3), steps=0, tokens=0, device=device, bfloat16=False)
    assert (found.samples, found.steps, found.precision, found.device) == (3, 0, "float32", device.name)
    assert found.seconds is not None
    assert found.seconds < LONG
    assert found.peak_memory_bytes is not None
    assert 0 < found.peak_memory_bytes < MUCH


def test_a_run_that_trains_is_timed_to_the_end_of_its_training(
    store: Store, add_job: Callable[..., Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("ftdemo.training.running.monotonic", lambda: now)
    running = Running(tmp_path, Reporter(store, add_job("m").id))

    class Trainer:
        def add_callback(self, callback: Any) -> None:
            pass

        def train(self, resume_from_checkpoint: Any) -> None:
            nonlocal now
            assert resume_from_checkpoint is None
            now += 7

    running.train(Trainer())
    now += 60
    assert running.seconds == 7
