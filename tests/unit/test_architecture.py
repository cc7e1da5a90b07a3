import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

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


CODE = REPOSITORY / "ftdemo"
LARGEST_SHARE = 0.14
LONGEST_MODULE = 400
OF_ALL_TRAININGS = {
    "answers",
    "callbacks",
    "checkpoints",
    "preparation",
    "running",
    "settings",
    "trained",
    "trainer",
}
TORCH_FREE = {
    "training": "checkpoints settings",
    "tuning": "calibration estimate figures methods parts planning recipes settings tokenised",
    "rewards": "figures planning registry scorer settings sheet votes",
    "aligning": "figures planning prompts rounds settings ppo.guards ppo.kl ppo.settings preference.rows "
    "preference.settings",
    "evaluation": "course drift duel figures fluency general judges planning prompts reading results "
    "settings wording",
    "worker": "align context evaluate failures kept process reward tune",
}
"""What jobs are put together and told with: imported in the web process, or before torch is."""


def modules(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*.py") if file.name != "__init__.py")


def lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def test_no_room_is_a_hall_and_no_module_too_long() -> None:
    sizes = {file: lines(file) for file in CODE.rglob("*.py")}
    whole = sum(sizes.values())
    rooms = {room.name for room in CODE.iterdir() if (room / "__init__.py").is_file()}
    shares = {
        room: sum(size for file, size in sizes.items() if file.is_relative_to(CODE / room)) / whole
        for room in rooms
    }
    assert {room: share for room, share in shares.items() if share > LARGEST_SHARE} == {}
    assert [str(file) for file, size in sizes.items() if size > LONGEST_MODULE] == []


def test_training_holds_what_all_trainings_share() -> None:
    assert {file.stem for file in modules(CODE / "training")} == OF_ALL_TRAININGS


def test_jobs_are_put_together_without_torch() -> None:
    names = [f"ftdemo.{room}.{module}" for room, own in TORCH_FREE.items() for module in own.split()]
    code = (
        "import sys; from importlib import import_module\n"
        "for name in sys.argv[1:]: import_module(name)\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *names],
        env=child_environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert not set(result.stdout.split()) & {"torch", "transformers", "trl", "peft", "datasets", "gradio"}


def test_whoever_has_settings_a_planning_or_figures_has_them_without_torch() -> None:
    """A room that is new, or a module of these names, is on the list above."""
    listed = {f"{room}.{module}" for room, own in TORCH_FREE.items() for module in own.split()}
    found = {
        ".".join(file.relative_to(CODE).with_suffix("").parts)
        for room in TORCH_FREE
        for file in modules(CODE / room)
        if file.stem in ("settings", "planning", "figures")
    }
    assert found <= listed
