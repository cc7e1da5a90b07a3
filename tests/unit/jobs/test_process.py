import os
import subprocess
import sys
import time
from collections.abc import Callable

import psutil

from ftdemo.jobs.executors.local import START_TOLERANCE_S, is_alive


def test_this_process_is_alive() -> None:
    assert is_alive(os.getpid(), psutil.Process().create_time())


def test_process_id_that_was_given_out_again_is_another_process() -> None:
    started = psutil.Process().create_time()
    assert not is_alive(os.getpid(), started - START_TOLERANCE_S - 1)
    assert not is_alive(os.getpid(), started + START_TOLERANCE_S + 1)


def test_process_that_ended_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as process:
        started = psutil.Process(process.pid).create_time()
        assert is_alive(process.pid, started)
    assert not is_alive(process.pid, started)


def test_zombie_is_dead(until: Callable[..., None]) -> None:
    began = time.time()
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    try:
        until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
        assert abs(psutil.Process(process.pid).create_time() - began) < START_TOLERANCE_S
        assert not is_alive(process.pid, began)
    finally:
        process.wait()
