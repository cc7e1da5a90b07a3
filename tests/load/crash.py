"""Kill workers and the web process at random moments, and see that no job is lost.

    python -m tests.load.crash [--kills 20] [--seed 0]

First the worker of a job is killed again and again, and resumed each time. Then a job trains on while the
web process beside it is killed and started again; after each kill the list of jobs is looked at. Prints one
JSON object; ends with 1 if anything was lost or shown as what it is not.
"""

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from ftdemo.settings import REPOSITORY, child_environment
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from tests.own_data import own_studio

EPOCHS = 30


def main() -> None:
    """Kill, look, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        studio = own_studio(Path(folder) / "data")
        studio.samples.add_example("pavan_belagatti")
        result = {
            "worker": kill_workers(studio, arguments.kills, chance),
            "web_process": kill_web(studio, arguments.kills, chance),
        }
    print(json.dumps(result, indent=2))
    if any(part["faults"] for part in result.values()):
        raise SystemExit(1)


def kill_workers(studio: Studio, kills: int, chance: random.Random) -> dict[str, Any]:
    """Kill the worker of one job at random moments of its life."""
    faults: list[str] = []
    job = start(studio, "worker")
    steps_at_kill = []
    for _ in range(kills):
        job = wait_for_worker(studio, job)
        if job.ended:
            break
        time.sleep(chance.uniform(0, 14))
        job = studio.jobs.get(job.id)
        if job.ended or job.worker_pid is None:
            break
        steps_at_kill.append(job.step)
        kill(job.worker_pid)
        job = studio.jobs.wait(job.id)
        if job.status == "finished":  # the model was saved before the blow
            break
        if job.status != "interrupted":
            faults.append(f"after a kill the job is {job.status}")
        studio.jobs.resume(job.id)
    return {"kills": len(steps_at_kill), "steps_at_kill": steps_at_kill, "faults": faults + end(studio, job)}


def kill_web(studio: Studio, kills: int, chance: random.Random) -> dict[str, Any]:
    """Kill the web process at random moments while a job trains, and ask the new one for its jobs."""
    faults: list[str] = []
    job = start(studio, "web")
    for _ in range(kills):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = {**child_environment(studio.settings), "GRADIO_SERVER_PORT": str(port)}
        web = subprocess.Popen(
            [sys.executable, "app.py"], cwd=REPOSITORY, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if chance.random() < 0.5 and not answers(port):
            faults.append("the page did not come up")
        time.sleep(chance.uniform(0, 3))
        kill(web.pid)
        web.wait()
        seen = {known.id: known.status for known in Studio(studio.settings).jobs.all()}
        if seen.get(job.id) not in ("running", "finished"):
            faults.append(f"after a kill the job is {seen.get(job.id)}")
    return {"kills": kills, "faults": faults + end(studio, job)}


def start(studio: Studio, name: str) -> Job:
    """Queue a job that takes a few minutes."""
    return studio.tune(name, "pavan_belagatti", epochs=EPOCHS, sampled_answers=0)


def end(studio: Studio, job: Job) -> list[str]:
    """What is wrong with a job at its end."""
    job = studio.jobs.wait(job.id)
    faults = [] if job.status == "finished" else [f"the job ended as {job.status}: {job.error_message}"]
    steps = [point.step for point in studio.jobs.metrics(job.id) if point.loss is not None]
    if steps != list(range(1, (job.total_steps or 0) + 1)):
        faults.append(f"the curve has the steps {steps}")
    if [model.name for model in studio.models.all()].count(job.model_name) != 1:
        faults.append("there is not one model of the job's name")
    return faults


def wait_for_worker(studio: Studio, job: Job) -> Job:
    """The job once its worker has said its process id."""
    while True:
        studio.jobs.refresh()
        job = studio.jobs.get(job.id)
        if job.worker_pid is not None or job.ended:
            return job
        time.sleep(0.02)


def answers(port: int) -> bool:
    """Whether the page comes up within a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                return True
        except OSError:
            time.sleep(0.1)
    return False


def kill(pid: int) -> None:
    """End a process as a power cut would."""
    os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
