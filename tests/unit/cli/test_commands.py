import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from ftdemo.aligning.ppo.settings import PpoSettings
from ftdemo.aligning.preference.settings import PreferenceSettings
from ftdemo.aligning.settings import AlignSettings
from ftdemo.cli.app import app
from ftdemo.engines import ChatRequest, GenerationSettings, TokenEvent
from ftdemo.evaluation.settings import EvaluationSettings
from ftdemo.knobs import names
from ftdemo.rewards.settings import RewardSettings
from ftdemo.settings import Settings, child_environment
from ftdemo.store.jobs import Job
from ftdemo.store.models import TunedModel
from ftdemo.studio import Studio
from ftdemo.tuning.settings import TuneSettings


class Cli:
    """Runs commands on one data folder, in this process."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.code = 0
        self.stderr = ""

    def text(self, *arguments: object) -> str:
        """Run a command and return what it printed on standard output."""
        result = CliRunner().invoke(app, [*map(str, arguments), "--data", str(self.data)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        self.code, self.stderr = result.exit_code, result.stderr
        return result.stdout

    def json(self, *arguments: object) -> dict[str, Any]:
        """Run a command with --json and return its one object."""
        printed = self.text(*arguments, "--json")
        assert printed.count("\n") == 1
        value = json.loads(printed)
        assert isinstance(value, dict)
        return value

    def error(self, *arguments: object) -> str:
        """Run a command that fails, both ways, and return the message."""
        value = self.json(*arguments)
        assert self.code == 1
        assert list(value) == ["error"]
        assert sorted(value["error"]) == ["message", "remedy"]
        message, remedy = value["error"]["message"], value["error"]["remedy"]
        assert self.text(*arguments) == ""
        assert self.code == 1
        assert self.stderr == f"Error: {message}\n{remedy}\n"
        return str(message)


@pytest.fixture
def cli(studio: Studio, workers: list[Job]) -> Cli:
    return Cli(studio.settings.data)


@pytest.fixture
def with_set(cli: Cli, samples_file: Path) -> Cli:
    cli.json("samples", "add", samples_file)
    return cli


def test_samples_add(cli: Cli, samples_file: Path) -> None:
    added = cli.json("samples", "add", samples_file, "--name", "mine")
    assert cli.code == 0
    assert {
        key: added["sample_set"][key] for key in ("name", "train", "held_out", "file_name", "format")
    } == {
        "name": "mine",
        "train": 2,
        "held_out": 1,
        "file_name": "facts.csv",
        "format": "csv",
    }
    assert (added["report"]["rows_read"], added["report"]["rows_kept"]) == (3, 3)
    assert "Saved as 'facts': 2 to learn from, 1 held out." in cli.text("samples", "add", samples_file)


def test_samples_add_with_columns_named(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("x,y\nWho?,Ann.\n")
    cli.json("samples", "add", file, "--question-column", "x", "--answer-column", "y", "--format", "csv")
    (sample,) = cli.json("samples", "show", "odd")["samples"]
    assert (sample["question"], sample["answer"]) == ("Who?", "Ann.")


def test_samples_check_says_what_was_not_used(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("question,answer,note,place\nWho?,Ann.,At work.,x\nWhere?,,,\n")
    said = cli.text("samples", "check", file, "--column", "note=context")
    assert "2 rows read, 1 kept, 1 left out" in said
    assert "columns not used: place" in said
    assert "left out: Row 3 has nothing in the column 'answer'." in said
    report = cli.json("samples", "check", file, "--column", "note=context", "--column", "place=ignore")
    assert report["unused_columns"] == []
    assert "NAME=ROLE" in cli.error("samples", "check", file, "--column", "note")
    assert "cannot hold 'x'" in cli.error("samples", "check", file, "--column", "note=x")


def test_samples_add_refused(with_set: Cli, samples_file: Path, tmp_path: Path) -> None:
    assert "'facts' already" in with_set.error("samples", "add", samples_file)
    assert "'/'" in with_set.error("samples", "add", samples_file, "--name", "a/b")
    assert "nothing.csv" in with_set.error("samples", "add", tmp_path / "nothing.csv")
    assert len(with_set.json("samples", "list")["samples"]) == 1


def test_samples_list(with_set: Cli) -> None:
    (listed,) = with_set.json("samples", "list")["samples"]
    assert (listed["name"], listed["train"], listed["held_out"]) == ("facts", 2, 1)
    header, row = with_set.text("samples", "list").splitlines()
    assert header.split()[:2] == ["NAME", "TRAIN"]
    assert row.split()[:3] == ["facts", "2", "1"]


def test_empty_lists_say_what_to_do(cli: Cli) -> None:
    assert cli.json("samples", "list") == {"samples": []}
    assert cli.json("jobs", "list") == {"jobs": []}
    assert "samples add FILE" in cli.text("samples", "list")
    assert "tune NAME" in cli.text("jobs", "list")


def test_samples_show(with_set: Cli) -> None:
    shown = with_set.json("samples", "show", "facts")
    assert shown["sample_set"]["name"] == "facts"
    assert shown["samples"][2] == {"question": "When?", "answer": "Now.", "split": "held_out"}
    assert "[held_out] When?\n    Now." in with_set.text("samples", "show", "facts")
    assert "'nobody'" in with_set.error("samples", "show", "nobody")


def test_samples_check_saves_nothing(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "facts.csv"
    file.write_text("question,answer\nWho?,Ann.\nWhere?,\nWho?,Ann.\n")
    report = cli.json("samples", "check", file)
    assert (report["rows_read"], report["rows_kept"], report["duplicates"]) == (3, 1, 1)
    assert [problem["row"] for problem in report["problems"]] == [3, 4]
    assert "3 rows read, 1 kept" in cli.text("samples", "check", file)
    assert cli.json("samples", "list") == {"samples": []}


@pytest.mark.parametrize("ending", ["jsonl", "json", "csv"])
def test_exported_samples_can_be_added_again(with_set: Cli, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"out.{ending}"
    exported = with_set.json("samples", "export", "facts", "--to", file)
    assert exported == {"file": str(file), "samples": 3}
    with_set.json("samples", "add", file, "--name", "again")
    sets = [with_set.json("samples", "show", name)["samples"] for name in ("facts", "again")]
    assert sets[0] == sets[1]


def test_export_refused(with_set: Cli, tmp_path: Path) -> None:
    assert "out.exe" in with_set.error("samples", "export", "facts", "--to", tmp_path / "out.exe")
    assert "cannot be written" in with_set.error(
        "samples", "export", "facts", "--to", tmp_path / "no" / "x.csv"
    )


def test_samples_remove(with_set: Cli) -> None:
    assert with_set.json("samples", "remove", "facts") == {"removed": "facts"}
    assert "'facts'" in with_set.error("samples", "remove", "facts")


def test_chinese_is_printed_as_it_is(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "问答.csv"
    file.write_text("问题,答案\n谁？,小安。\n", encoding="utf-8")
    cli.json("samples", "add", file, "--question-column", "问题", "--answer-column", "答案")
    assert "谁？" in cli.text("samples", "show", "问答", "--json")


def test_models_list_begins_with_base(cli: Cli, add_model: Callable[..., TunedModel]) -> None:
    add_model("pavan")
    base, pavan = cli.json("models", "list")["models"]
    assert (base["name"], base["base_model"]) == ("base", Settings(cli.data).base_model)
    assert (pavan["name"], pavan["method"], pavan["sample_set_name"]) == ("pavan", "lora", "s")
    assert [line.split()[0] for line in cli.text("models", "list").splitlines()] == ["NAME", "base", "pavan"]


def test_models_show_rename_remove(cli: Cli, add_model: Callable[..., TunedModel]) -> None:
    add_model("pavan")
    shown = cli.json("models", "show", "pavan")["model"]
    assert (shown["name"], shown["rank"], shown["settings"]) == ("pavan", 4, {"method": "lora"})
    assert cli.json("models", "rename", "pavan", "new")["model"]["name"] == "new"
    assert "rank: 4" in cli.text("models", "show", "new")
    assert cli.json("models", "remove", "new") == {"removed": "new"}
    assert "'new'" in cli.error("models", "show", "new")


def test_tune_queues_and_jobs_are_listed_and_shown(with_set: Cli, workers: list[Job]) -> None:
    first = with_set.json("tune", "one", "--samples", "facts", "--recipe", "quick", "--rank", "8")
    assert first["job"]["status"] == "running"
    assert first["job"]["settings"]["rank"] == 8
    assert first["model"] == {"name": "one"}
    assert first["metrics"] == {}
    assert "Job 2 (two): queued" in with_set.text("tune", "two", "--samples", "facts")
    assert [started.model_name for started in workers] == ["one"]

    jobs = with_set.json("jobs", "list")["jobs"]
    assert [(job["id"], job["status"], job["model_name"]) for job in jobs] == [
        (1, "running", "one"),
        (2, "queued", "two"),
    ]
    assert [line.split()[:3] for line in with_set.text("jobs", "list").splitlines()[1:]] == [
        ["1", "running", "one"],
        ["2", "queued", "two"],
    ]
    shown = with_set.json("jobs", "show", "1")
    assert shown["job"]["id"] == 1
    assert shown["curves"] == []
    assert "rank: 8" in with_set.text("jobs", "show", "1")


def test_tune_refused(with_set: Cli, workers: list[Job]) -> None:
    assert "no sample set named 'nothing'" in with_set.error("tune", "m", "--samples", "nothing")
    assert "rank is 0" in with_set.error("tune", "m", "--samples", "facts", "--rank", "0")
    assert "no recipe 'best'" in with_set.error("tune", "m", "--samples", "facts", "--recipe", "best")
    assert "untouched base model" in with_set.error("tune", "base", "--samples", "facts")
    assert workers == []


COMMANDS = {
    "tune": (TuneSettings,),
    "estimate": (TuneSettings,),
    "reward": (RewardSettings,),
    "align": (PreferenceSettings, PpoSettings, AlignSettings),
    "evaluate": (EvaluationSettings,),
    "ask": (GenerationSettings,),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_an_option_for_every_knob(name: str) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    assert names(*COMMANDS[name]) <= {parameter.name for parameter in group.commands[name].params}


def test_options_of_before_are_taken(with_set: Cli) -> None:
    assert "no model named 'nobody'" in with_set.error("tune", "m", "--samples", "facts", "--from", "nobody")
    assert "no model named 'nobody'" in with_set.error(
        "tune", "m", "--samples", "facts", "--parent", "nobody"
    )
    for option in ("--start", "--parent"):
        assert "no model named 'nobody'" in with_set.error("align", "m", "--method", "dpo", option, "nobody")
    for option in ("--hold-out", "--held-out-share"):
        assert with_set.json("samples", "split", "facts", option, "0.5")["sample_set"]["held_out"] > 0
    for option in ("--held-out", "--held-out-share"):
        assert "summary" in with_set.json("feedback", "summary", option, "0.5")


def test_lists_are_given_one_by_one(with_set: Cli) -> None:
    said = with_set.error(
        "align", "m", "--method", "dpo", "--model", "a", "--model", "b", "--question", "Why?"
    )
    assert "0 pairs" in said
    said = with_set.error("evaluate", "base", "--question", "Why?", "--rule", "short", "--rule", "long")
    assert "There is no rule 'long'" in said


def test_tune_names_another_base_model(with_set: Cli) -> None:
    job = with_set.json("tune", "m", "--samples", "facts", "--base", "some/other")["job"]
    assert job["base_model"] == "some/other"


def test_job_that_fails_while_waited_for(
    with_set: Cli, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(job: Job, settings: Settings) -> "subprocess.Popen[bytes]":
        studio.store.jobs.update(
            job.id, status="failed", error_message="The disk is full.", error_remedy="Free some space."
        )
        return subprocess.Popen([sys.executable, "-S", "-c", ""])

    monkeypatch.setattr("ftdemo.jobs.executors.local.start_worker", fail)
    result = with_set.json("tune", "m", "--samples", "facts", "--wait")
    assert with_set.code == 1
    assert result["error"] == {"message": "The disk is full.", "remedy": "Free some space."}
    assert result["job"]["status"] == "failed"
    assert "The disk is full. Free some space." in with_set.text("tune", "n", "--samples", "facts", "--wait")
    assert with_set.code == 1


def test_jobs_stop_and_resume(with_set: Cli, workers: list[Job]) -> None:
    for name in ("one", "two"):
        with_set.json("tune", name, "--samples", "facts")
    assert with_set.json("jobs", "stop", "2")["job"]["status"] == "stopped"
    assert "has been stopped already" in with_set.error("jobs", "stop", "2")
    running = with_set.json("jobs", "stop", "1", "--discard")["job"]
    assert (running["status"], running["stop_request"]) == ("running", "discard")
    assert with_set.json("jobs", "resume", "2")["job"]["status"] == "queued"
    assert [started.id for started in workers] == [1]


def test_job_that_does_not_exist(cli: Cli) -> None:
    for action in ("show", "stop", "resume"):
        assert "no job 99" in cli.error("jobs", action, "99")


class Parrot:
    description = "a parrot"

    def stream(self, requests: Sequence[ChatRequest], *rest: object) -> Iterator[TokenEvent]:
        for side, request in enumerate(requests):
            said = f"{request.model}: {request.messages[-1]['content']}"
            yield TokenEvent(side, said, 3, 12.5, 0.25, "stop")


def test_ask(
    cli: Cli, add_model: Callable[..., TunedModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "tiny"
    base.mkdir()
    for file in ("config.json", "tokenizer.json", "model.safetensors"):
        (base / file).write_text("{}")
    monkeypatch.setenv("FTDEMO_BASE_MODEL", str(base))
    monkeypatch.setattr(Studio, "_make_engine", lambda self, base: Parrot())
    add_model("mine", base_model=str(base))
    said = cli.json("ask", "Who?", "--model", "mine", "--model", "base")
    assert said["engine"] == "a parrot"
    answers = said["answers"]
    assert answers == [
        {
            "model": model,
            "text": f"{model}: Who?",
            "tokens": 3,
            "tokens_per_second": 12.5,
            "time_to_first_token_s": 0.25,
            "finish_reason": "stop",
            "message_id": number,
            "place": "line",
            "score": None,
        }
        for number, model in ((2, "mine"), (3, "base"))
    ]
    assert cli.text("ask", "Who?").startswith("base: base: Who?\n")
    (told,) = cli.json("ask", "Who?", "--system", "Be short.")["answers"]
    assert told["text"] == "base: Who?"
    assert "no reward model is chosen" in cli.error("ask", "Who?", "--tries", "3")
    assert "no reward model named 'taste'" in cli.error("ask", "Who?", "--reward", "taste")
    assert cli.json("rewards", "list") == {"reward_models": []}
    assert "no reward model named" in cli.error("rewards", "show", "taste")
    assert "no reward model named" in cli.error("rewards", "remove", "taste")
    assert "'nobody'" in cli.error("ask", "Who?", "--model", "nobody")
    assert "question is empty" in cli.error("ask", " ")
    assert "temperature is -1" in cli.error("ask", "Who?", "--temperature", "-1")


@pytest.mark.parametrize(
    "arguments",
    [
        ["dance"],
        ["samples", "dance"],
        ["samples", "show"],
        ["samples", "list", "--colour"],
        ["jobs", "show", "first"],
        ["tune", "m"],
        ["tune", "m", "--samples", "s", "--epochs", "many"],
        ["ask"],
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage" in result.stderr


def test_data_option_beats_the_environment(
    with_set: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FTDEMO_DATA", str(with_set.data))
    result = CliRunner().invoke(app, ["samples", "list", "--json"])
    assert len(json.loads(result.stdout)["samples"]) == 1
    assert Cli(tmp_path / "other").json("samples", "list") == {"samples": []}
    assert (tmp_path / "other" / "ftdemo.db").is_file()


def test_bad_setting_and_bad_data_folder_are_errors_like_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    assert "cannot be opened" in Cli(tmp_path / "file").error("samples", "list")
    monkeypatch.setenv("FTDEMO_THREADS", "many")
    assert "FTDEMO_THREADS" in Cli(tmp_path / "data").error("samples", "list")


def test_program_prints_one_object_and_ends_with_its_status(samples_file: Path, tmp_path: Path) -> None:
    commands = [
        (["samples", "add", str(samples_file), "--json"], 0, ["report", "sample_set"]),
        (["samples", "show", "nothing", "--json"], 1, ["error"]),
        (["samples", "show", "--json"], 2, None),
    ]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "ftdemo", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=child_environment(Settings(tmp_path / "data")),
        )
        for arguments, _, _ in commands
    ]
    for process, (_, code, keys) in zip(processes, commands, strict=True):
        printed, complaint = process.communicate(timeout=60)
        assert process.returncode == code
        if keys is None:
            assert printed == ""
            assert "Usage" in complaint
        else:
            assert sorted(json.loads(printed)) == keys
            assert complaint == ""
    assert [s.name for s in Studio(Settings(tmp_path / "data")).samples.all()] == ["facts"]
