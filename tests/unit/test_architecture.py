import subprocess
import sys

import pytest

from ftdemo.settings import REPOSITORY, child_environment


def test_imports_obey_the_contracts() -> None:
    result = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=REPOSITORY,
        env=child_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("module", ["ftdemo.studio", "ftdemo.cli", "ftdemo.tuning.recipes"])
def test_start_waits_for_no_heavy_package(module: str) -> None:
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    result = subprocess.run(
        [sys.executable, "-c", code], env=child_environment(), capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    assert "sqlite_utils" in loaded or module == "ftdemo.tuning.recipes"
    assert not loaded & {"torch", "transformers", "trl", "peft", "gradio", "datasets", "fastapi"}
