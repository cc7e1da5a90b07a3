import dataclasses
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from ftdemo.engines import Engine
from ftdemo.engines.host import EngineHost
from ftdemo.errors import UserError
from ftdemo.models import BaseModel
from ftdemo.settings import Settings


class Maker:
    """Makes engines that are only told apart, and can be made to fail or to wait."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.bases: list[BaseModel] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def __call__(self, base: BaseModel) -> Engine:
        self.bases.append(base)
        self.may_go_on.wait(20)
        if self.failures:
            raise self.failures.pop(0)
        return SimpleNamespace(description="a tiny engine")


@pytest.fixture
def with_base(settings: Settings, tmp_path: Path) -> Settings:
    """Settings whose base model is a folder that is there."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    for file in ("config.json", "tokenizer.json", "model.safetensors"):
        (folder / file).write_text("{}")
    return dataclasses.replace(settings, base_model=str(folder))


def test_nothing_is_loaded_before_it_is_needed(with_base: Settings) -> None:
    make = Maker()
    host = EngineHost(with_base, make)
    assert host.status.state == "not loaded"
    assert "first question" in host.status.line
    assert make.bases == []


def test_engine_is_made_once(with_base: Settings) -> None:
    make = Maker()
    host = EngineHost(with_base, make)
    engines: list[Engine] = []
    threads = [threading.Thread(target=lambda: engines.append(host.get())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(engines) == 8
    assert len(set(map(id, engines))) == 1
    assert [base.name for base in make.bases] == [with_base.base_model]
    assert host.status.state == "ready"
    assert host.status.line == f"{with_base.base_model}, from a local folder; a tiny engine."
    assert host.status.engine == "a tiny engine"


def test_warm_up_loads_once_in_the_background(with_base: Settings, until: Callable[..., None]) -> None:
    make = Maker()
    make.may_go_on.clear()
    host = EngineHost(with_base, make)
    for _ in range(5):
        host.warm_up()
    until(lambda: host.status.state == "loading")
    assert host.status.line == f"Loading {with_base.base_model} from a local folder."
    host.warm_up()
    make.may_go_on.set()
    until(lambda: host.status.state == "ready")
    host.warm_up()
    host.get()
    assert len(make.bases) == 1


def test_failure_is_told_and_the_next_question_tries_again(with_base: Settings) -> None:
    make = Maker(UserError("The model is odd.", "Take another."))
    host = EngineHost(with_base, make)
    with pytest.raises(UserError, match="odd"):
        host.get()
    assert host.status.state == "failed"
    assert host.status.line == "The model is odd. Take another."
    host.warm_up()  # the page asks for it with every visit; that must not try for ever
    assert host.status.state == "failed"
    host.get()
    status = host.status
    assert status.state == "ready"


def test_failed_warm_up_raises_nothing(
    with_base: Settings, until: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    host = EngineHost(with_base, Maker(UserError("The model is odd.", "Take another.")))
    host.warm_up()
    until(lambda: "not ready" in caplog.text)
    assert host.status.state == "failed"


def test_fault_is_logged_under_the_id_that_is_shown(
    with_base: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    host = EngineHost(with_base, Maker(RuntimeError("secret detail")))
    with caplog.at_level(logging.ERROR), pytest.raises(UserError) as caught:
        host.get()
    message = caught.value.message
    assert "RuntimeError" in message
    assert "secret detail" not in str(caught.value)
    error_id = message.split("id ")[1].split(")")[0]
    assert error_id in caplog.text
    assert "secret detail" in caplog.text
    assert host.status.line == str(caught.value)


def test_missing_base_model_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    make = Maker()
    host = EngineHost(settings, make)
    with pytest.raises(UserError, match="could not be fetched"):
        host.get()
    assert host.status.state == "failed"
    assert "could not be fetched" in host.status.line
    assert make.bases == []
