from pathlib import Path

import pytest

from tests.unit.cli.test_commands import Cli


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path / "data")


@pytest.fixture
def voted(cli: Cli) -> Cli:
    """Two answers to one question, voted on by two people."""
    for voter in ("ann", "bob"):
        cli.json("feedback", "add", "Who?", "Me.", "--vote", "up", "--model", "base", "--voter", voter)
    cli.json(
        "feedback", "add", "Who?", "<b>Nobody</b>", "--vote", "down", "--model", "mine", "--voter", "ann"
    )
    return cli


def test_add(cli: Cli) -> None:
    arguments = [
        "feedback",
        "add",
        "Who?",
        "Ann.",
        "--vote",
        "down",
        "--correction",
        "Bob.",
        "--model",
        "base",
    ]
    more = ["--reason", "wrong", "--comment", "no", "--voter", "ann"]
    saved = cli.json(*arguments, *more)["feedback"]
    assert saved["answer"]["prompt"] == [{"role": "user", "content": "Who?"}]
    assert saved["answer"]["model_version"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert [(v["vote"], v["reasons"], v["comment"]) for v in saved["votes"]] == [("down", ["wrong"], "no")]
    assert saved["votes"][0]["voter"] != "ann"
    assert saved["corrections"][0]["text"] == "Bob."
    assert cli.json(*arguments, *more)["feedback"] == saved
    assert cli.text(*arguments, *more) == "Saved for the answer 1: 1 down, 1 corrected.\n"


def test_add_refused(cli: Cli) -> None:
    assert "no vote 'maybe'" in cli.error("feedback", "add", "Who?", "Ann.", "--vote", "maybe")
    assert "answer is empty" in cli.error("feedback", "add", "Who?", "", "--vote", "up")
    assert "10,001" in cli.error("feedback", "add", "Who?", "Ann.", "--correction", "x" * 10_001)
    cli.text("feedback", "add", "Who?", "Ann.")
    assert cli.code == 2
    assert cli.json("feedback", "list") == {"feedback": [], "total": 0, "page": 1, "pages": 1}
    assert "feedback add" in cli.text("feedback", "list")


def test_list(voted: Cli) -> None:
    listed = voted.json("feedback", "list", "--vote", "up", "--model", "base")
    assert (listed["total"], listed["feedback"][0]["answer"]["answer"]) == (1, "Me.")
    assert voted.json("feedback", "list", "--text", "NOBODY")["total"] == 1
    assert voted.json("feedback", "list", "--since", "2999-01-01")["total"] == 0
    lines = voted.text("feedback", "list", "--limit", "1").splitlines()
    assert lines[1].split() == ["2", "mine", "1", "down", "Who?", "<b>Nobody</b>"]
    assert "no page 0" in voted.error("feedback", "list", "--page", "0")


def test_counts(voted: Cli) -> None:
    counted = voted.json("feedback", "counts")
    assert [(m["model"], m["up"], m["down"]) for m in counted["models"]] == [("base", 2, 0), ("mine", 0, 1)]
    assert (counted["agreement"]["share"], counted["agreement"]["alpha"]) == (1.0, None)
    printed = voted.text("feedback", "counts")
    assert printed.splitlines()[1].split()[:4] == ["base", "2", "0", "100%"]
    assert "2 voters agree in 100% of cases on 1 answers." in printed


def test_summary(voted: Cli) -> None:
    found = voted.json("feedback", "summary")
    assert (found["summary"]["pairs"], found["fit"]["method"]) == ({"thumbs": 1}, "dpo")
    assert "Pairs: 1 (1 by thumbs)" in voted.text("feedback", "summary")
    assert voted.json("feedback", "summary", "--model", "other")["fit"] is None
    assert "nothing to learn from" in voted.text("feedback", "summary", "--model", "other")
    assert "share is 2" in voted.error("feedback", "summary", "--held-out", "2")


def test_export_and_import(voted: Cli, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    assert voted.json("feedback", "export", "--to", file) == {"file": str(file), "rows": 2}
    other = Cli(tmp_path / "other")
    added = {"answers": 2, "votes": 3, "corrections": 0, "choices": 0}
    imported = other.json("feedback", "import", file)
    assert imported["imported"] == added
    assert (imported["report"]["rows_read"], imported["report"]["rows_taken"]) == (2, 2)
    assert other.json("feedback", "import", file)["imported"] == dict.fromkeys(added, 0)
    assert other.json("feedback", "counts") == voted.json("feedback", "counts")
    pairs = tmp_path / "pairs.parquet"
    assert voted.text("feedback", "export", "--to", pairs, "--form", "pairs") == f"Wrote 1 rows to {pairs}.\n"
    assert "no form 'some'" in voted.error("feedback", "export", "--to", file, "--form", "some")
    assert "nothing.jsonl" in voted.error("feedback", "import", tmp_path / "nothing.jsonl")


def test_import_tells_what_was_taken_and_what_was_not(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("id,input,chosen,rejected\n1,Who?,Ann.,Go.\n2,Where?,Here.,\n", encoding="utf-8")
    imported = cli.json("feedback", "import", file)
    assert imported["imported"] == {"answers": 2, "votes": 0, "corrections": 0, "choices": 1}
    report = imported["report"]
    assert report["form"] == "pairs of a chosen and a rejected answer"
    assert (report["rows_read"], report["rows_taken"], report["rows_passed_over"]) == (2, 1, 1)
    assert (report["taken"], report["unused_columns"]) == ({"pairs": 1}, ["id"])
    (problem,) = report["problems"]
    assert (problem["row"], problem["column"], problem["kind"]) == (3, "rejected", "empty")
    told = cli.text("feedback", "import", file).splitlines()
    assert told[:2] == [
        "Recognised: pairs of a chosen and a rejected answer.",
        "Read 2 rows, took 1 (1 pairs), passed over 1.",
    ]
    assert "All of it was there already." in told
    assert "Columns that were not used: id." in told
    assert told[-1].startswith("Row 3 has nothing in the column 'rejected'.")
    file.write_text("question,answer\nWho?,Ann.\n", encoding="utf-8")
    assert "'question', 'answer'" in cli.error("feedback", "import", file)


def test_remove(voted: Cli) -> None:
    assert voted.json("feedback", "remove", "1") == {"removed": 1}
    assert "answer 1" in voted.error("feedback", "remove", "1")
    assert voted.json("feedback", "list")["total"] == 1
