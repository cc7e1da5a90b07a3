"""Which engine answers, on the real model."""

import dataclasses
import sys

import pytest

from ftdemo.engines.selection import make_engine
from ftdemo.models import ensure_base_model
from ftdemo.settings import EngineSetting, Settings
from ftdemo.studio import Studio

pytestmark = pytest.mark.model


def described(settings: Settings, engine: EngineSetting) -> str:
    settings = dataclasses.replace(settings, engine=engine)
    made = make_engine(ensure_base_model(settings), lambda name: None, settings)
    return made.description


def test_the_setting_names_the_engine(module_settings: Settings) -> None:
    assert described(module_settings, "llama.cpp").startswith("llama.cpp, ")
    assert described(module_settings, "transformers").startswith("transformers, ")


def test_a_processor_gets_llama_cpp_and_a_gpu_transformers(
    module_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ftdemo.engines.selection.gpu_in_use", lambda: False)
    assert described(module_settings, "auto").startswith("llama.cpp, ")
    monkeypatch.setattr("ftdemo.engines.selection.gpu_in_use", lambda: True)
    assert described(module_settings, "auto").startswith("transformers, ")


def test_without_the_wheel_transformers_answers_and_says_why(
    module_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ftdemo.engines.selection.gpu_in_use", lambda: False)
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    description = described(module_settings, "auto")
    assert description.startswith("transformers, ")
    assert "llama.cpp is not used: its package xllamacpp is not installed" in description


def test_the_status_line_tells_the_engine(module_settings: Settings) -> None:
    studio = Studio(dataclasses.replace(module_settings, engine="llama.cpp", threads=2))
    studio.engine.get()
    assert studio.status().engine.engine == "llama.cpp, 2 threads"
    assert studio.status().engine.line.endswith("; llama.cpp, 2 threads.")
