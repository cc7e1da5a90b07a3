"""Freed memory goes back to the system, also what lies between memory in use."""

import subprocess
import sys

import pytest

from ftdemo.jobs.executors.local import KEEP_FREED_MEMORY
from ftdemo.machine.heap import _glibc
from ftdemo.settings import REPOSITORY, child_environment

HOLES = """
import psutil
from ftdemo.machine.heap import give_back_memory
blocks = [bytearray(b"x" * 200_000) for _ in range(1000)]
kept = blocks[1::2]  # every other one: no hole is at the heap's end
blocks.clear()
before = psutil.Process().memory_info().rss
give_back_memory()
print(before - psutil.Process().memory_info().rss)
"""


@pytest.mark.skipif(_glibc() is None, reason="only glibc is told to keep what is freed, and can hand it back")
def test_holes_of_a_worker_that_keeps_freed_memory_go_back_to_the_system() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HOLES],
        cwd=REPOSITORY,
        env={**child_environment(), **KEEP_FREED_MEMORY},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) > 80_000_000
