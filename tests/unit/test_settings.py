import os
from pathlib import Path

import pytest

from ftdemo.errors import UserError
from ftdemo.settings import (
    DEFAULT_BASE_MODEL,
    REPOSITORY,
    Settings,
    child_environment,
    settings_from_environment,
)


def test_defaults_without_any_variable() -> None:
    settings = settings_from_environment({})
    assert settings.base_model == DEFAULT_BASE_MODEL
    assert settings.threads == settings.training_threads == os.cpu_count()
    assert not settings.offline


def test_each_variable_is_read(tmp_path: Path) -> None:
    settings = settings_from_environment(
        {
            "FTDEMO_DATA": str(tmp_path),
            "FTDEMO_BASE_MODEL": "some/model",
            "FTDEMO_THREADS": "3",
            "FTDEMO_TRAINING_THREADS": "4",
            "FTDEMO_MAX_UPLOAD_MB": "0.5",
            "FTDEMO_MAX_ANSWER_TOKENS": "77",
            "FTDEMO_MAX_PROMPT_TOKENS": "88",
            "FTDEMO_ENGINE": "llama.cpp",
            "FTDEMO_CHAT_WEIGHTS": "file",
            "FTDEMO_CHAT_SEATS": "5",
            "FTDEMO_CHAT_LINE": "0",
            "FTDEMO_CHAT_PER_VISITOR": "1",
            "FTDEMO_SOURCE_TIMEOUT": "2.5",
            "FTDEMO_OFFLINE": "true",
        }
    )
    assert settings == Settings(
        tmp_path,
        "some/model",
        threads=3,
        training_threads=4,
        max_upload_mb=0.5,
        max_answer_tokens=77,
        max_prompt_tokens=88,
        engine="llama.cpp",
        chat_weights="file",
        chat_seats=5,
        chat_line=0,
        chat_per_visitor=1,
        source_timeout=2.5,
        offline=True,
    )


def test_process_environment_is_the_default_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FTDEMO_DATA", str(tmp_path))
    assert settings_from_environment().data == tmp_path


NUMBERS = [
    "FTDEMO_THREADS",
    "FTDEMO_TRAINING_THREADS",
    "FTDEMO_MAX_UPLOAD_MB",
    "FTDEMO_MAX_ANSWER_TOKENS",
    "FTDEMO_SOURCE_TIMEOUT",
]


@pytest.mark.parametrize("value", ["many", "-1", "0", "nan", "inf", "1e300", "2,5"])
@pytest.mark.parametrize("name", NUMBERS)
def test_bad_number_names_the_variable(name: str, value: str) -> None:
    with pytest.raises(UserError) as caught:
        settings_from_environment({name: value})
    assert name in caught.value.message
    assert repr(value) in caught.value.message
    assert "number from" in caught.value.remedy


def test_unknown_engine_names_those_there_are() -> None:
    with pytest.raises(UserError, match=r"FTDEMO_ENGINE is 'vllm'.*auto, transformers, llama\.cpp"):
        settings_from_environment({"FTDEMO_ENGINE": "vllm"})


@pytest.mark.parametrize("name", NUMBERS)
def test_empty_number_is_the_default(name: str) -> None:
    assert settings_from_environment({name: ""}) == settings_from_environment({})


@pytest.mark.parametrize(
    ("value", "offline"), [("1", True), ("TRUE", True), ("yes", True), ("0", False), ("", False)]
)
def test_offline(value: str, offline: bool) -> None:
    assert settings_from_environment({"FTDEMO_OFFLINE": value}).offline is offline


@pytest.mark.parametrize("value", ["maybe", "2", "of", " "])
def test_offline_is_told_in_words_that_are_known(value: str) -> None:
    with pytest.raises(UserError, match="FTDEMO_OFFLINE is") as caught:
        settings_from_environment({"FTDEMO_OFFLINE": value})
    assert repr(value) in caught.value.message
    assert "true" in caught.value.remedy
    assert "false" in caught.value.remedy


@pytest.mark.parametrize("name", ["FTDEMO_THREADS", "FTDEMO_CHAT_SEATS", "FTDEMO_MAX_ANSWER_TOKENS"])
def test_a_count_is_a_whole_number(name: str) -> None:
    with pytest.raises(UserError, match=f"{name} is '2.5'. Set it to a whole number from 1 to"):
        settings_from_environment({name: "2.5"})
    assert settings_from_environment({name: "2.0"}) == settings_from_environment({name: "2"})


@pytest.mark.parametrize("offline", [True, False])
def test_a_worker_reads_back_the_same_settings(tmp_path: Path, offline: bool) -> None:
    settings = Settings(
        tmp_path / "with space",
        "a/b",
        threads=3,
        training_threads=1,
        max_upload_mb=0.25,
        max_answer_tokens=99,
        max_prompt_tokens=98,
        engine="transformers",
        chat_weights="file",
        chat_seats=1,
        chat_line=2,
        chat_per_visitor=3,
        source_timeout=0.5,
        offline=offline,
    )
    assert settings_from_environment(settings.as_environment()) == settings


def test_argument_beats_environment(tmp_path: Path) -> None:
    settings = settings_from_environment({"FTDEMO_DATA": "/elsewhere"}, data=tmp_path / "mine")
    assert settings.data == tmp_path / "mine"


def test_data_folder_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert settings_from_environment({"FTDEMO_DATA": "here"}).data == tmp_path / "here"
    assert settings_from_environment({"FTDEMO_DATA": "~/there"}).data == tmp_path / "home" / "there"


def test_child_environment_finds_the_package_and_keeps_the_rest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("SOME_VARIABLE", "kept")
    environment = child_environment(Settings(tmp_path, threads=7))
    assert environment["PYTHONPATH"].split(os.pathsep) == [str(REPOSITORY), "/somewhere"]
    assert environment["SOME_VARIABLE"] == "kept"
    assert environment["FTDEMO_THREADS"] == "7"
    assert settings_from_environment(environment).data == tmp_path
