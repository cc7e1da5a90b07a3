"""Data folders of their own for tests and benchmarks, with the base model that all of them share."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from ftdemo.models import FetchProgress, ensure_base_model
from ftdemo.settings import REPOSITORY, Settings
from ftdemo.studio import Studio

SHARED = REPOSITORY / "tests" / "artifacts" / "data"
"""Here the base model is kept between runs."""

IN_PARALLEL = "PYTEST_XDIST_WORKER" in os.environ
"""Whether this is one of several processes that run tests beside each other."""


@cache
def shared_base_models() -> Path:
    """The folder of base models with the real one in it, fetched if it is not there yet; looked for once."""
    settings = Settings(data=SHARED, source_timeout=10)
    ensure_base_model(settings, _show)
    return settings.base_models


def own_settings(data: Path, **settings: object) -> Settings:
    """Settings with a data folder of its own that has the real base model.

    Args:
        data: the folder, made if it is not there.
        settings: others than the defaults.
    """
    data.mkdir(parents=True, exist_ok=True)
    (data / "base-models").symlink_to(shared_base_models(), target_is_directory=True)
    if IN_PARALLEL:
        # Threads of several processes on the same cores wait for each other more than they compute.
        settings = {"threads": 1, "training_threads": 1, **settings}
    return Settings(data=data, offline=True, **settings)  # type: ignore[arg-type]


def own_studio(data: Path, **settings: object) -> Studio:
    """The app on such a folder."""
    return Studio(own_settings(data, **settings))


@contextmanager
def training_job(studio: Studio) -> Iterator[int]:
    """The number of a job that trains the real model all the while; it is discarded afterwards.

    Raises:
        AssertionError: the job ended before it had trained two steps.
    """
    studio.samples.add_example("pavan_belagatti")
    job = studio.tune("beside", "pavan_belagatti", epochs=1000, sampled_answers=0)
    try:
        while job.step < 2:
            assert not job.ended, job.error_message
            time.sleep(0.2)
            studio.jobs.refresh()
            job = studio.jobs.get(job.id)
        yield job.id
    finally:
        studio.jobs.stop(job.id, keep=False)
        studio.jobs.wait(job.id)


def _show(progress: FetchProgress) -> None:
    if not progress.received:
        print(progress, file=sys.stderr)
