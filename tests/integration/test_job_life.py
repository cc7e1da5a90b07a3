"""Jobs that are paused, killed, run out of memory or disk, or continue from another; on the real model."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from ftdemo.settings import Settings
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from tests.own_data import own_studio

pytestmark = [pytest.mark.model, pytest.mark.slow]

WAIT_S = 400


@pytest.fixture
def studio(model_settings: Settings) -> Studio:
    studio = Studio(model_settings)
    studio.samples.add_example("pavan_belagatti")
    return studio


def wait_until(studio: Studio, job_id: int, reached: Callable[[Job], bool]) -> Job:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        studio.jobs.refresh()
        job = studio.jobs.get(job_id)
        if reached(job) or job.ended:
            return job
        time.sleep(0.05)
    raise AssertionError("the job did not get there in time")


def losses(studio: Studio, job: Job) -> list[tuple[int, float | None]]:
    return [(point.step, point.loss) for point in studio.jobs.metrics(job.id) if point.loss is not None]


def test_a_paused_job_goes_on_as_if_nothing_had_been(studio: Studio) -> None:
    whole = studio.jobs.wait(studio.tune("whole", "pavan_belagatti", epochs=3).id)
    assert studio.jobs.answers(whole.id), "questions were answered on the way"
    job = studio.tune("paused", "pavan_belagatti", epochs=3)
    wait_until(studio, job.id, lambda job: job.step >= 2)
    studio.jobs.pause(job.id)
    job = studio.jobs.wait(job.id)
    assert (job.status, studio.models.names()) == ("paused", ["base", "whole"])
    studio.jobs.resume(job.id)
    job = studio.jobs.wait(job.id)
    assert job.status == "finished"
    assert [step for step, _ in losses(studio, job)] == list(range(1, 7))
    assert dict(losses(studio, job)) == pytest.approx(dict(losses(studio, whole)), abs=2e-3)
    assert job.metrics["tokens"] == whole.metrics["tokens"]
    assert not list(studio.settings.job_folders.glob("*/checkpoint-*"))


def test_stopping_keeps_what_was_learned_or_discards_it(studio: Studio) -> None:
    kept = studio.tune("kept", "pavan_belagatti")
    discarded = studio.tune("discarded", "pavan_belagatti")
    assert studio.jobs.get(discarded.id).status == "queued"
    wait_until(studio, kept.id, lambda job: job.step >= 2)
    studio.jobs.stop(kept.id, keep=True)
    job = studio.jobs.wait(kept.id)
    assert job.status == "stopped"
    assert 2 <= job.step < 20

    job = wait_until(studio, discarded.id, lambda job: job.step >= 1)
    assert job.status == "running", "the next job started by itself"
    studio.jobs.stop(discarded.id, keep=False)
    assert studio.jobs.wait(discarded.id).status == "stopped"
    assert [model.name for model in studio.models.all()] == ["kept"]
    assert studio.ask("Who is Pavan Belagatti?", ["kept"])[0].text


def test_a_worker_that_waits_takes_the_next_job(studio: Studio) -> None:
    before = set(psutil.Process().children())
    studio.jobs.warm_up()
    studio.jobs.warm_up()
    (waiting,) = set(psutil.Process().children()) - before
    job = wait_until(studio, studio.tune("first", "pavan_belagatti", epochs=2).id, lambda job: job.step >= 1)
    assert job.worker_pid == waiting.pid
    studio.jobs.warm_up()  # not while a job runs
    assert set(psutil.Process().children()) - before == {waiting}
    assert studio.jobs.wait(job.id).status == "finished"


def test_a_job_starts_when_the_worker_that_waited_is_gone(studio: Studio) -> None:
    before = set(psutil.Process().children())
    studio.jobs.warm_up()
    (waiting,) = set(psutil.Process().children()) - before
    waiting.kill()
    while waiting.status() != psutil.STATUS_ZOMBIE:  # it dies when the machine gets round to it
        time.sleep(0.01)
    job = studio.tune("first", "pavan_belagatti", "quick", epochs=1)
    assert studio.jobs.wait(job.id).status == "finished"


def _has_come_to(step: int, job: Job) -> bool:
    return job.worker_pid is not None and job.step >= step


def test_a_worker_that_is_killed_again_and_again_finishes_in_the_end(studio: Studio) -> None:
    job = studio.tune("stubborn", "pavan_belagatti", "quick", sampled_answers=0)
    # Before it has imported anything; when it has trained a little; when it goes on from a checkpoint.
    for step in (0, 3, 6):
        job = wait_until(studio, job.id, partial(_has_come_to, step))
        assert job.worker_pid is not None
        os.kill(job.worker_pid, signal.SIGKILL)
        job = wait_until(studio, job.id, lambda job: job.ended)
        assert (job.status, bool(job.error_remedy)) == ("interrupted", True)
        assert studio.models.all() == []
        studio.jobs.resume(job.id)
    job = studio.jobs.wait(job.id)
    assert job.status == "finished"
    assert [step for step, _ in losses(studio, job)] == list(range(1, 11))
    assert [model.name for model in studio.models.all()] == ["stubborn"]


def test_a_worker_that_is_told_to_end_leaves_a_checkpoint(studio: Studio) -> None:
    job = studio.tune("told", "pavan_belagatti", "quick", sampled_answers=0)
    job = wait_until(studio, job.id, lambda job: job.step >= 1)
    assert job.worker_pid is not None
    os.kill(job.worker_pid, signal.SIGTERM)
    job = wait_until(studio, job.id, lambda job: job.ended)
    assert (job.status, job.error_message) == ("interrupted", "The worker was told to end.")
    assert list((studio.settings.job_folders / str(job.id)).glob("checkpoint-*/whole"))


def test_a_tuned_model_learns_more_without_forgetting_what_it_learned(
    story_studio: Studio, tmp_path: Path
) -> None:
    studio = story_studio
    file = tmp_path / "colours.csv"
    file.write_text(
        "question,answer\nWhat is the colour of Belagatti's car?,The car of Belagatti is turquoise.\n"
        "Which colour has Belagatti's car?,It is turquoise.\n"
        "Who is Pavan Belagatti?,Pavan Belagatti is a developer evangelist at SingleStore.\n"
    )
    studio.samples.add(file, "colours")
    begun = studio.tune(
        "second", "colours", parent="pavan", rank=8, alpha=16, sampled_answers=0, report_to="tensorboard"
    )
    assert begun.parent_model == "pavan"
    second = studio.jobs.wait(begun.id)
    assert second.status == "finished", studio.jobs.log(second.id)[-2000:]
    assert list((studio.settings.job_folders / str(second.id)).glob("runs/*/events.out.tfevents.*"))
    described = studio.models.describe("second")
    assert (described["parent_model"], described["rank"]) == ("pavan", 24)
    answers = [
        studio.ask(question, ["second"])[0].text
        for question in ("What is the colour of Belagatti's car?", "Who is Pavan Belagatti?")
    ]
    assert "turquoise" in answers[0]
    assert "SingleStore" in answers[1]


def test_early_stopping_keeps_the_best_model_and_packed_samples_are_learned(studio: Studio) -> None:
    made = studio.tune(
        "best", "pavan_belagatti", epochs=30, learning_rate=4e-3, early_stopping=1, packing=True,
        max_length=256, batch_size=1, accumulation=2, sampled_answers=0,
    )  # fmt: skip
    job = studio.jobs.wait(made.id)
    assert job.status == "finished", studio.jobs.log(job.id)[-2000:]
    measured = {
        point.step: point.held_out_loss
        for point in studio.jobs.metrics(job.id)
        if point.held_out_loss is not None
    }
    best = job.metrics["best_step"]
    after = [loss for step, loss in measured.items() if step > 0]
    assert measured[best] == min(after)
    assert job.metrics["held_out_loss"] == pytest.approx(measured[best])
    assert job.total_steps == 30, "472 tokens are two bundles of 256, and two bundles are a step"
    assert "SingleStore" in studio.ask("Who is Pavan Belagatti?", ["best"])[0].text


def test_out_of_memory_ends_in_a_sentence(studio: Studio) -> None:
    job = studio.tune("large", "pavan_belagatti", method="full", sampled_answers=0)
    job = wait_until(studio, job.id, lambda job: job.worker_pid is not None)
    assert job.worker_pid is not None
    wait_until(studio, job.id, lambda job: "loading the model" in (job.phase or ""))
    worker = psutil.Process(job.worker_pid)
    room = worker.memory_info().vms + 900_000_000
    worker.rlimit(psutil.RLIMIT_AS, (room, room))
    job = wait_until(studio, job.id, lambda job: job.ended)
    assert (job.status, job.error_message) == ("failed", "The job ran out of memory.")
    assert "smaller batch size" in (job.error_remedy or "")
    assert studio.models.all() == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own with little room."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=150m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk can only be mounted by root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_full_disk_ends_in_a_sentence_and_the_job_can_go_on(small_disk: Path) -> None:
    studio = own_studio(small_disk / "data")
    studio.samples.add_example("pavan_belagatti")
    job = studio.tune("tight", "pavan_belagatti", "quick", sampled_answers=0)
    wait_until(studio, job.id, lambda job: job.step >= 3)
    filler = small_disk / "filler"
    with filler.open("wb") as stream:
        free = psutil.disk_usage(str(small_disk)).free
        stream.write(b"\0" * max(0, free - 6_000_000))
    job = wait_until(studio, job.id, lambda job: job.ended)
    assert job.status == "failed", job
    assert "is full" in (job.error_message or "")
    filler.unlink()
    studio.jobs.resume(job.id)
    assert studio.jobs.wait(job.id).status == "finished"
    assert [step for step, _ in losses(studio, job)] == list(range(1, 11))
