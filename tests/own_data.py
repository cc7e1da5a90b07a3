"""Data folders of their own for tests and benchmarks, with the base model that all of them share."""

import sys
from pathlib import Path

from ftdemo.models import FetchProgress, ensure_base_model
from ftdemo.settings import REPOSITORY, Settings
from ftdemo.studio import Studio

SHARED = REPOSITORY / "tests" / "artifacts" / "data"
"""Here the base model is kept between runs."""


def shared_base_models() -> Path:
    """The folder of base models with the real one in it, fetched if it is not there yet."""
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
    return Settings(data=data, offline=True, **settings)  # type: ignore[arg-type]


def own_studio(data: Path, **settings: object) -> Studio:
    """The app on such a folder."""
    return Studio(own_settings(data, **settings))


def _show(progress: FetchProgress) -> None:
    if not progress.received:
        print(progress, file=sys.stderr)
