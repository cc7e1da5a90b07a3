"""The process that runs one job: `python -m ftdemo.worker.process JOB`.

Called with `standby` in place of a number it imports what jobs need and then waits to be told which to run.

It is started by the queue, reports through the store and outlives the web process. Whatever goes wrong ends
in the job's row: as a sentence if a person can mend it, else under an id that its log has the traceback of.
"""

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from ftdemo.jobs import JobQueue
from ftdemo.jobs.executors.local import STANDBY
from ftdemo.jobs.reporter import Reporter
from ftdemo.settings import Settings, settings_from_environment
from ftdemo.store import Store
from ftdemo.store.jobs import ALIGN, EVALUATE, REWARD, TUNE, Status
from ftdemo.store.rows import now
from ftdemo.training.checkpoints import remove_partial
from ftdemo.worker.align import align
from ftdemo.worker.context import JobContext, StopAskedError, stopped
from ftdemo.worker.evaluate import evaluate
from ftdemo.worker.failures import explain
from ftdemo.worker.reward import train_reward
from ftdemo.worker.tune import tune

log = logging.getLogger("ftdemo.worker")
STANDBY_IDLE_S = 900.0
KINDS: dict[str, Callable[[JobContext], Status]] = {
    TUNE: tune,
    REWARD: train_reward,
    ALIGN: align,
    EVALUATE: evaluate,
}


def run_job(job_id: int, settings: Settings) -> None:
    """Run one job to its end, whatever that end is, and start the next."""
    store = Store(settings.database)
    reporter = Reporter(store, job_id)
    # The system shuts down, or somebody ends the process by hand: a checkpoint first.
    signal.signal(signal.SIGTERM, lambda number, frame: reporter.interrupt())
    reporter.begin()
    end: dict[str, str | None] = {"error_message": None, "error_remedy": None}
    try:
        context = JobContext.begin(job_id, settings, reporter)
        status = KINDS[context.job.kind](context)
    except StopAskedError:
        status = stopped(reporter)
    except BaseException as error:
        log.exception("job %s failed", job_id)
        status = "failed"
        message, remedy = explain(error, settings)
        end = {"error_message": message, "error_remedy": remedy}
        # On a full disk this makes room for saying so.
        folder = settings.job_folders / str(job_id)
        remove_partial(folder, job_id, settings.tuned_models, settings.reward_models)
    if status == "interrupted":
        end = {"error_message": "The worker was told to end.", "error_remedy": "Resume the job: it goes on."}
    reporter.end()
    store.jobs.update(job_id, status=status, phase="", seconds_left=None, finished_at=now(), **end)
    JobQueue(store, settings).refresh()


def _give_way() -> None:
    """Lower this process's priority: the page and the chat come first."""
    process = psutil.Process()
    process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if psutil.WINDOWS else 10)
    # Linux may share the processor among sessions first, and heeds `nice` only within one.
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text("10", encoding="ascii")


def _wait_for_job() -> int:
    """Import what jobs need, and return the number of the job that comes on standard input with its log file.

    The process ends if none comes for long, or if the one that started it is gone.
    """
    import ftdemo.tuning.run  # noqa: F401

    idle = threading.Timer(STANDBY_IDLE_S, os._exit, [0])
    idle.daemon = True
    idle.start()
    order = sys.stdin.readline().rstrip("\n")
    idle.cancel()
    if not order:
        sys.exit()
    job_id, log_path = order.split("\t", 1)
    with open(log_path, "ab") as job_log:  # noqa: PTH123 - its descriptor is what is wanted
        os.dup2(job_log.fileno(), sys.stdout.fileno())
        os.dup2(job_log.fileno(), sys.stderr.fileno())
    return int(job_id)


if __name__ == "__main__":
    # What is imported stays: looking for garbage in it again and again would cost a second.
    gc.disable()
    _give_way()
    chosen = _wait_for_job() if sys.argv[1] == STANDBY else int(sys.argv[1])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    run_job(chosen, settings_from_environment())
