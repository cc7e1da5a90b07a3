"""The real base model: from a package index (the `base_models` fixture), a local folder and a GGUF file."""

from dataclasses import replace
from pathlib import Path

import pytest

from ftdemo.errors import SourceError
from ftdemo.models import ensure_base_model
from ftdemo.models.base import find_base_model
from ftdemo.models.folder import missing_parts
from ftdemo.settings import Settings

pytestmark = pytest.mark.model


def test_the_default_model_is_kept_and_found_without_network(model_settings: Settings) -> None:
    seen: list[object] = []
    base = ensure_base_model(model_settings, seen.append)
    assert missing_parts(base.folder) is None
    assert (base.folder / "chat_template.jinja").is_file()
    assert seen == [], "nothing is fetched when the model is there"


def test_a_local_folder_is_used_as_it_is(model_settings: Settings, tmp_path: Path) -> None:
    folder = ensure_base_model(model_settings).folder
    settings = Settings(data=tmp_path / "other", base_model=str(folder), offline=True)
    assert ensure_base_model(settings).folder == folder


@pytest.mark.slow
def test_a_gguf_file_is_converted_once(model_settings: Settings, tmp_path: Path, base_models: Path) -> None:
    file = base_models / "SmolLM2-135M-Instruct.Q4_1.gguf"
    settings = Settings(data=tmp_path / "other", base_model=str(file), offline=True)
    assert find_base_model(settings) is None
    lines: list[str] = []
    converted = ensure_base_model(settings, lambda progress: lines.append(str(progress)))
    assert missing_parts(converted.folder) is None
    assert any("converting" in line for line in lines)
    assert find_base_model(settings) == converted
    same = ensure_base_model(model_settings).folder / "model.safetensors"
    assert (converted.folder / "model.safetensors").stat().st_size == same.stat().st_size


def test_a_gguf_file_that_is_broken_is_one_sentence(model_settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "broken.gguf"
    file.write_bytes(b"GGUF" + b"\x00" * 100)
    with pytest.raises(SourceError, match=r"broken\.gguf cannot be converted"):
        ensure_base_model(replace(model_settings, base_model=str(file)))
    assert not list(model_settings.base_models.glob("broken*"))
