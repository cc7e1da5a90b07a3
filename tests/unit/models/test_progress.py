import os
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from ftdemo.models.progress import FetchProgress, folder_size, run_watched


def run(code: str, folder: Path, **options: Any) -> tuple[tuple[bool, str], list[FetchProgress]]:
    reports: list[FetchProgress] = []
    options = {"report": reports.append, **options}
    result = run_watched(
        [sys.executable, "-S", "-c", code, str(folder)], folder, source="a test", note="fetching", **options
    )
    return result, reports


WRITE = """
import os, sys, time
def write(name, count):
    os.makedirs(sys.argv[1], exist_ok=True)
    with open(sys.argv[1] + "/" + name, "wb") as file:
        file.write(b"x" * count)
"""


def test_success_gives_the_output(tmp_path: Path) -> None:
    result, _ = run("import sys; print('out'); print('err', file=sys.stderr)", tmp_path)
    assert result[0]
    assert sorted(result[1].split()) == ["err", "out"]


def test_bytes_are_reported_as_they_arrive_up_to_the_total(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    code = WRITE + "for name in 'abc': write(name, 1000); time.sleep(0.6)"
    (succeeded, _), reports = run(code, folder, total=2500)
    arrived = [report for report in reports if report.received]
    received = [report.received for report in arrived]
    assert succeeded
    assert received[0] >= 1000
    assert received == sorted(received)
    assert received[-1] == 2500
    assert {(report.source, report.note, report.total) for report in reports} == {
        ("a test", "fetching", 2500)
    }
    assert reports[-1].share == 1.0
    assert all(report.bytes_per_second > 0 for report in arrived)


@pytest.mark.timeout(30)
def test_whoever_hears_the_reports_can_end_the_command_while_nothing_arrives(tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop(_: object) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        run_watched(
            [sys.executable, "-c", "import time; time.sleep(60)"],
            tmp_path,
            source="a test",
            note="waiting",
            report=stop,
        )


def test_bytes_that_were_there_before_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"x" * 5000)
    _, reports = run(WRITE + "write('new', 700); time.sleep(0.6)", tmp_path)
    assert {report.received for report in reports} - {0} == {700}
    assert reports[0].share is None


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            "print('looking'); print('ERROR: no such package'); print('bye'); sys.exit(1)",
            "ERROR: no such package",
        ),
        ("print('looking'); print('gave up'); sys.exit(2)", "gave up"),
        ("sys.exit(3)", "the command ended with status 3"),
        ("print('Error ' + 'x' * 1000); sys.exit(1)", "Error " + "x" * 294),
        ("os.kill(os.getpid(), 9)", "the command ended with status -9"),
    ],
)
def test_failure_gives_the_reason(tmp_path: Path, code: str, reason: str) -> None:
    result, _ = run("import os, sys; " + code, tmp_path)
    assert result == (False, reason)


def killed(file: Path) -> bool:
    """Whether the process that wrote its id into a file is gone."""
    return not psutil.pid_exists(int(file.read_text()))


def test_command_that_stalls_is_killed(tmp_path: Path) -> None:
    began = time.monotonic()
    code = WRITE + "write('a', 100); open(sys.argv[1] + '/pid', 'w').write(str(os.getpid())); time.sleep(60)"
    result, reports = run(code, tmp_path / "f", stall_s=2)
    assert result == (False, "nothing arrived for 2 s")
    assert reports
    assert killed(tmp_path / "f" / "pid")
    assert time.monotonic() - began < 10


def test_command_that_brings_no_first_byte_is_killed_sooner(tmp_path: Path) -> None:
    result, _ = run("import time; time.sleep(60)", tmp_path, stall_s=30, first_byte_s=0.6)
    assert result == (False, "nothing arrived for 1 s")


def test_after_the_first_byte_the_longer_patience_applies(tmp_path: Path) -> None:
    result, _ = run(WRITE + "write('a', 1); time.sleep(2.6); print('done')", tmp_path, first_byte_s=2)
    assert result == (True, "done\n")


def test_report_that_raises_ends_the_command(tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def report(progress: FetchProgress) -> None:
        raise StoppedError

    began = time.monotonic()
    code = WRITE + "open(sys.argv[1] + '/pid', 'w').write(str(os.getpid())); time.sleep(60)"
    with pytest.raises(StoppedError):
        run(code, tmp_path, report=report)
    assert killed(tmp_path / "pid")
    assert time.monotonic() - began < 10


def test_command_gets_its_environment(tmp_path: Path) -> None:
    result, _ = run("import os; print(os.environ['X'])", tmp_path, environment={**os.environ, "X": "7"})
    assert result == (True, "7\n")


def test_folder_size_counts_each_file_once(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "blob").write_bytes(b"x" * 10)
    (tmp_path / "a" / "file").write_bytes(b"x" * 5)
    (tmp_path / "link").symlink_to(tmp_path / "a" / "b" / "blob")
    (tmp_path / "broken").symlink_to(tmp_path / "nothing")
    assert folder_size(tmp_path) == 15
    assert folder_size(tmp_path / "nothing") == 0


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (FetchProgress("the Hub", "asking"), "the Hub: asking"),
        (FetchProgress("the Hub", "down", 1_500_000, None, 2e6), "the Hub: down, 1.5 MB at 2.0 MB/s"),
        (
            FetchProgress("the Hub", "down", 500_000, 2_000_000, 1e5),
            "the Hub: down, 0.5 of 2.0 MB at 0.1 MB/s",
        ),
    ],
)
def test_progress_in_a_line(progress: FetchProgress, line: str) -> None:
    assert str(progress) == line
