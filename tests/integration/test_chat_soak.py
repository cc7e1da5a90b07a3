"""The soak of tests/load/chat.py, shorter."""

from pathlib import Path

import pytest

from tests.load.chat import soak, studio_with_models

pytestmark = [pytest.mark.model, pytest.mark.slow]


def test_many_chats_leak_nothing_mix_nothing_and_lose_no_slot(tmp_path: Path, base_models: Path) -> None:
    result = soak(studio_with_models(tmp_path / "data", models=2), chats=40, visitors=8)
    assert result.wrong_sides == []
    assert result.all_slots_free
    assert result.cancelled and result.left
    assert result.memory_growth < 0.05
