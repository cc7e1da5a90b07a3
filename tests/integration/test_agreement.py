"""Both engines generate the same tokens, greedily, on the real model."""

import pytest

from ftdemo.settings import Settings
from tests.benchmarks.agreement import measure

pytestmark = [pytest.mark.model, pytest.mark.slow]


def test_engines_agree_on_at_least_95_percent_of_the_tokens(module_settings: Settings) -> None:
    found = measure(module_settings, number=20, tokens=24, weights=["float16"])
    assert found["questions"] == 20
    assert found["float16"]["same_tokens"] >= 0.95
    assert "renowned Indian musician" in found["float16"]["tour"][0]
    assert "Paris" in found["float16"]["tour"][1]
