"""What a run costs and whether it can start; where it gets its settings from."""

import importlib.util
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from ftdemo.errors import NotFoundError, SourceError, UserError
from ftdemo.jobs.sheet import compare_runs, run_sheet
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.jobs import Job
from ftdemo.store.models import TunedModel
from ftdemo.store.samples import Sample
from ftdemo.studio import Studio
from ftdemo.tokens.sequences import TokenisedSample
from ftdemo.tuning import methods
from ftdemo.tuning.calibration import Calibration, calibrate, known_calibration
from ftdemo.tuning.estimate import Estimate, as_dict, estimate_run
from ftdemo.tuning.measure import through
from ftdemo.tuning.settings import TuneSettings
from ftdemo.tuning.tokenised import TokenisedSamples
from ftdemo.weights.shapes import ModelShapes, read_shapes
from ftdemo.worker.failures import explain

SHAPES = ModelShapes(
    {
        "model.embed_tokens.weight": (1000, 64),
        "model.layers.0.self_attn.q_proj.weight": (64, 64),
        "model.layers.0.mlp.up_proj.weight": (256, 64),
        "model.layers.0.input_layernorm.weight": (64,),
    },
    tied_head=True,
    layers=1,
    hidden_size=64,
    vocabulary=1000,
)
FAST = Calibration(5.0, 0.1, 0.001, 0.05)


def tokenised(count: int, length: int = 40) -> TokenisedSamples:
    return TokenisedSamples(
        [TokenisedSample([number, *[7] * (length - 1)], 20) for number in range(count)], 0, 0
    )


def estimated(
    settings: TuneSettings, count: int = 8, folder: Path | None = None, known: Calibration | None = FAST
) -> Estimate:
    return estimate_run(SHAPES, tokenised(count), tokenised(2), settings, folder or Path.cwd(), known)


def test_parameters_are_counted_by_method() -> None:
    assert estimated(TuneSettings(rank=4)).trainable_parameters == 4 * (128 + 320)
    assert estimated(TuneSettings(rank=4, targets="attention")).trainable_parameters == 4 * 128
    assert estimated(TuneSettings(rank=4, targets="mlp")).trainable_parameters == 4 * 320
    assert estimated(TuneSettings(method="dora", rank=4)).trainable_parameters == 4 * (128 + 320) + 64 + 256
    assert estimated(TuneSettings(method="features", parts="norms")).trainable_parameters == 64
    whole = estimated(TuneSettings(method="full"))
    assert (whole.trainable_parameters, whole.trainable_share) == (SHAPES.parameters, 1.0)


def test_steps_follow_from_batch_accumulation_packing_and_epochs() -> None:
    assert estimated(TuneSettings(epochs=3, batch_size=4), 9).steps == 9
    assert estimated(TuneSettings(epochs=3, batch_size=2, accumulation=2), 9).steps == 9
    assert estimated(TuneSettings(epochs=1, batch_size=1, max_length=100, packing=True), 10).steps == 4


def test_time_is_told_once_the_machine_was_measured_and_grows_with_the_work() -> None:
    assert estimated(TuneSettings(), known=None).seconds is None
    few, many = estimated(TuneSettings(), 8).seconds, estimated(TuneSettings(), 80).seconds
    assert few is not None
    assert many is not None
    assert 5.0 < few < many


def test_a_run_that_cannot_fit_is_refused_with_the_knob(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert estimated(TuneSettings()).refusal is None
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1_000_000))
    message, remedy = estimated(TuneSettings()).refusal or ("", "")
    assert "GB of memory, and 0.0 GB are free" in message
    assert "a smaller batch size or max length" in remedy
    assert "the method lora" in (estimated(TuneSettings(method="full")).refusal or ("", ""))[1]
    monkeypatch.undo()
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=10))
    message, remedy = estimated(TuneSettings(), folder=tmp_path).refusal or ("", "")
    assert f"on the disk of {tmp_path}" in message
    assert "Free some space" in remedy


def test_samples_without_answers_within_the_length_are_refused() -> None:
    found = estimate_run(
        SHAPES, TokenisedSamples([], 3, 3), tokenised(0), TuneSettings(max_length=16), Path.cwd(), None
    )
    assert found.refusal
    assert "Set max length higher." in found.refusal
    assert as_dict(found)["trainable_share"] > 0


def test_shapes_of_a_damaged_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be measured"):
        read_shapes(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"short")
    with pytest.raises(SourceError, match="cannot be measured"):
        read_shapes(tmp_path)


def test_a_measurement_is_made_once_for_each_method_and_number_of_threads(
    settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[list[str]] = []
    line = '{"start_seconds": 1, "seconds_per_batch": 2, "seconds_per_token": 3, "step_seconds": 4}'

    def run(command: list[str], **options: object) -> SimpleNamespace:
        runs.append(command)
        return SimpleNamespace(stdout=f"noise\n{line}\n")

    monkeypatch.setattr(subprocess, "run", run)
    assert known_calibration(store, settings, "lora") is None
    assert calibrate(store, settings, "lora") == Calibration(1, 2, 3, 4) == calibrate(store, settings, "lora")
    calibrate(store, settings, "full")
    assert [command[-1] for command in runs] == ["lora", "full"]
    other = Settings(data=settings.data, training_threads=7)
    assert known_calibration(store, other, "lora") is None


def test_a_measurement_that_fails_is_told_in_a_sentence(
    settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: SimpleNamespace(stdout=""))
    with pytest.raises(UserError, match="could not be measured"):
        calibrate(store, settings, "lora")


@pytest.mark.parametrize(
    ("small", "large", "per_batch", "per_token"),
    [(0.5, 1.64, 0.12, 1.14 / 384), (2.0, 1.0, 0.0, 1.0 / 512), (0.1, 1.0, 0.0, 1.0 / 512)],
)
def test_a_line_goes_through_both_times(
    small: float, large: float, per_batch: float, per_token: float
) -> None:
    found = through(1.0, small, large, 0.0)
    assert found.seconds_per_batch == pytest.approx(per_batch)
    assert found.seconds_per_token == pytest.approx(per_token)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(28, "No space left on device"), "is full"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "is full"),
        (
            RuntimeError("[enforce fail at inline_container.cc] . PytorchStreamWriter failed writing file"),
            "is full",
        ),
        (MemoryError(), "ran out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "ran out of memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate"), "ran out of memory"),
        (UserError("That is wrong.", "Mend it."), "That is wrong."),
        (KeyError("x"), "a fault in this program (KeyError, id "),
    ],
)
def test_what_ends_a_job_is_told_in_a_sentence(
    error: BaseException, message: str, settings: Settings
) -> None:
    told, remedy = explain(error, settings)
    assert message in told
    assert remedy.endswith(".")


def test_qlora_is_refused_with_the_reason(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.store.sample_sets.add("s", [Sample("a", "b")], file_name=None, file_format="csv")
    monkeypatch.setattr(methods, "has_cuda_device", lambda: False)
    with pytest.raises(UserError, match="needs an NVIDIA graphics card"):
        studio.tune("m", "s", method="qlora")
    monkeypatch.setattr(methods, "has_cuda_device", lambda: True)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="needs the package bitsandbytes"):
        studio.tune("m", "s", method="qlora")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert methods.unavailable("qlora") is None


def test_reporting_needs_its_package(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.store.sample_sets.add("s", [Sample("a", "b")], file_name=None, file_format="csv")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="needs the package trackio, which is not installed"):
        studio.tune("m", "s", report_to="trackio")


@pytest.fixture
def queued(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job on the set `s` that never starts."""
    monkeypatch.setattr(
        "ftdemo.jobs.executors.local.start_worker", lambda job, settings: SimpleNamespace(poll=lambda: None)
    )
    studio.store.sample_sets.add("s", [Sample("a", "b")], file_name=None, file_format="csv")
    return studio.tune("first", "s", method="features", parts="norms", seed=7)


def test_a_job_is_done_again_with_changes(studio: Studio, queued: Job) -> None:
    again = studio.tune("second", like=queued.id, epochs=3)
    assert again.sample_set_name == "s"
    assert again.settings == {**queued.settings, "epochs": 3}
    with pytest.raises(NotFoundError):
        studio.tune("third", like=99)
    with pytest.raises(UserError, match="No samples are chosen"):
        studio.tune("third")
    with pytest.raises(NotFoundError, match="no model named 'gone'"):
        studio.tune("third", "s", parent="gone")
    assert studio.tune("third", "s", parent="base").parent_model is None


def test_a_job_that_is_done_again_starts_from_the_model_that_was_renamed(
    studio: Studio, queued: Job, add_model: Callable[..., TunedModel]
) -> None:
    parent = add_model("parent", base_model=studio.settings.base_model)
    job = studio.tune("second", "s", parent="parent")
    studio.models.rename("parent", "renamed")
    add_model("parent", base_model=studio.settings.base_model)
    assert studio.tune("third", like=job.id).parent_id == parent.id
    studio.store.jobs.update(job.id, status="finished")
    studio.store.models.remove("renamed")
    with pytest.raises(NotFoundError, match="is not there any more"):
        studio.tune("fourth", like=job.id)


def test_an_estimate_needs_the_base_model(studio: Studio, queued: Job) -> None:
    with pytest.raises(UserError, match="is not on this machine yet"):
        studio.estimate("s")


def test_runs_are_told_apart_by_what_differs(studio: Studio, queued: Job) -> None:
    again = studio.tune("second", like=queued.id, epochs=3)
    rows = compare_runs([queued, again])
    assert rows["job"] == [queued.id, again.id]
    assert rows["epochs"] == [10, 3]
    assert "seed" not in rows
    sheet = run_sheet(queued)
    assert (sheet["seed"], sheet["method"], sheet["sample_set"]) == (7, "features", "s")


def test_a_queued_job_is_paused_resumed_and_removed(studio: Studio, queued: Job) -> None:
    waiting = studio.tune("second", like=queued.id)
    assert studio.jobs.pause(waiting.id).status == "paused"
    with pytest.raises(UserError, match="been paused already"):
        studio.jobs.pause(waiting.id)
    assert studio.jobs.resume(waiting.id).status == "queued"
    with pytest.raises(UserError, match="is queued"):
        studio.jobs.remove(waiting.id)
    studio.jobs.stop(waiting.id)
    studio.store.jobs.record_answers(waiting.id, 2, [("Red?", "Yes.")])
    assert [answer.answer for answer in studio.jobs.answers(waiting.id)] == ["Yes."]
    studio.jobs.remove(waiting.id)
    with pytest.raises(NotFoundError):
        studio.jobs.get(waiting.id)
    assert studio.store.jobs.answers(waiting.id) == []


def test_a_worker_killed_after_it_saved_its_model_has_finished(studio: Studio, queued: Job) -> None:
    studio.store.jobs.update(queued.id, status="running", worker_pid=2**22 + 1, worker_started=1.0)
    studio.store.models.add("first", base_model="b", method="lora", folder="job-1", job_id=queued.id)
    studio.jobs.refresh()
    job = studio.jobs.get(queued.id)
    assert (job.status, job.error_message) == ("finished", None)
