"""Watching a download that another process does: how much has arrived, how fast, and whether it stalled.

Both `pip` and the Hub's client are run as commands of their own, so that one that hangs can be ended. They
report their progress in forms that change from version to version; the bytes on the disk do not.
"""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.25


@dataclass(frozen=True)
class FetchProgress:
    """How far the search for a base model has come.

    Args:
        source: who is asked now, in words: 'the Hugging Face Hub'.
        note: what is being done there, or why this source was passed over.
        received: bytes that have arrived.
        total: bytes expected, if known.
        bytes_per_second: mean speed since the download began.
    """

    source: str
    note: str
    received: int = 0
    total: int | None = None
    bytes_per_second: float = 0.0

    @property
    def share(self) -> float | None:
        """What part has arrived, from 0 to 1, if the total is known."""
        return min(1.0, self.received / self.total) if self.total else None

    def __str__(self) -> str:
        line = f"{self.source}: {self.note}"
        if self.received:
            of_total = f" of {self.total / 1e6:.1f}" if self.total else ""
            line += f", {self.received / 1e6:.1f}{of_total} MB at {self.bytes_per_second / 1e6:.1f} MB/s"
        return line


Report = Callable[[FetchProgress], None]


def run_watched(
    command: Sequence[str],
    folder: Path,
    *,
    source: str,
    note: str,
    report: Report,
    total: int | None = None,
    stall_s: float = 60.0,
    first_byte_s: float | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[bool, str]:
    """Run a command that writes into `folder`, reporting the bytes that arrive there.

    Args:
        command: the command and its arguments; run without a shell.
        folder: where the bytes arrive; need not exist yet.
        source: passed on to the reports.
        note: passed on to the reports.
        report: called a few times a second.
        total: bytes expected, if known.
        stall_s: seconds without a new byte after which the command is ended.
        first_byte_s: seconds until the first byte, if fewer are allowed.
        environment: the command's variables; this process's own if None.

    Returns:
        Whether it succeeded, and its output on success or the reason in words on failure.
    """
    before = folder_size(folder)
    began = grown = time.monotonic()
    received = 0
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
    ) as process:
        try:
            while True:
                try:
                    output, _ = process.communicate(timeout=POLL_S)
                    break
                except subprocess.TimeoutExpired:
                    now = time.monotonic()
                size = max(0, folder_size(folder) - before)
                # pip copies the file once it is there, which is not news.
                size = min(size, total) if total else size
                if size > received:
                    grown, received = now, size
                # Also when nothing came: whoever hears of it may want to stop waiting.
                report(FetchProgress(source, note, received, total, received / (now - began)))
                allowed = first_byte_s if first_byte_s is not None and not received else stall_s
                if now - grown > allowed:
                    process.kill()
                    process.communicate()
                    return False, f"nothing arrived for {allowed:.0f} s"
        except BaseException:
            # A report may raise, to stop a job: the command must not go on, nor be waited for.
            process.kill()
            raise
    if process.returncode == 0:
        return True, output
    return False, _last_line(output) or f"the command ended with status {process.returncode}"


def folder_size(folder: Path) -> int:
    """Bytes of all files below a folder that may be changing while we look."""
    total = 0
    for path in folder.rglob("*"):
        try:
            if path.is_file() and not path.is_symlink():
                total += path.stat().st_size
        except OSError:
            continue
    return total


def _last_line(output: str) -> str:
    """The line of a command's output that most likely says what went wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or [""])[-1][:300]
