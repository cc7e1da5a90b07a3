"""How fast this machine trains: a short measurement, made once for each base model and method and kept.

Measuring trains the real model on made-up tokens in a process of its own, for two sizes of batch; a straight
line through them tells what a batch costs and what each of its tokens costs. No torch is imported here.
"""

import json
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import version

from ftdemo.errors import UserError
from ftdemo.settings import Settings, child_environment
from ftdemo.store import Store
from ftdemo.tuning.methods import Method

MEASURER = "ftdemo.tuning.measure"
TIMEOUT_S = 600


@dataclass(frozen=True)
class Calibration:
    """What was measured.

    Args:
        start_seconds: from the start of a worker to its first step.
        seconds_per_batch: what a batch costs whatever its size.
        seconds_per_token: what each token of a batch costs on top.
        step_seconds: what the optimizer's step costs.
    """

    start_seconds: float
    seconds_per_batch: float
    seconds_per_token: float
    step_seconds: float

    def batch_seconds(self, tokens: float) -> float:
        """Expected time of the forward and backward pass of a batch."""
        return self.seconds_per_batch + self.seconds_per_token * tokens


def known_calibration(store: Store, settings: Settings, method: Method) -> Calibration | None:
    """What was measured before on this machine with these versions, or None."""
    figures = store.calibrations.get(_key(settings, method))
    return Calibration(**figures) if figures else None


def calibrate(store: Store, settings: Settings, method: Method) -> Calibration:
    """Measure this machine, unless that has been done; it takes some ten seconds.

    Args:
        store: where the result is kept.
        settings: name the base model, which must be on this machine, and the threads.
        method: the method to train by.

    Raises:
        UserError: the measurement failed.
    """
    known = known_calibration(store, settings, method)
    if known is not None:
        return known
    try:
        done = subprocess.run(
            [sys.executable, "-m", MEASURER, method],
            env=child_environment(settings),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        found = Calibration(**json.loads(done.stdout.splitlines()[-1]))
    except (subprocess.TimeoutExpired, ValueError, TypeError, IndexError) as error:
        raise UserError(
            f"This machine's speed by the method {method} could not be measured.",
            "Start the job without an estimate of its time, or choose another method.",
        ) from error
    store.calibrations.put(_key(settings, method), asdict(found))
    return found


def _key(settings: Settings, method: Method) -> str:
    parts = (
        platform.node(), platform.machine(), settings.training_threads, version("torch"),
        settings.base_model, method,
    )  # fmt: skip
    return "|".join(map(str, parts))
