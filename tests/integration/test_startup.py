"""Opening the page must not wait for torch."""

import json
import subprocess
import sys

from ftdemo.settings import REPOSITORY, Settings, child_environment

HEAVY = ["torch", "transformers", "trl", "peft", "datasets"]


def test_building_the_page_imports_no_model_library(settings: Settings) -> None:
    code = f"import app, json, sys; print(json.dumps([name for name in {HEAVY} if name in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env=child_environment(settings),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []
