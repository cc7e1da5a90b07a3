from typing import Any

import pytest

from ftdemo.aligning.ppo.settings import PpoSettings
from ftdemo.errors import UserError


def test_settings_come_back_from_the_store() -> None:
    settings = PpoSettings(method="rloo", samples_per_prompt=4, kl_target=3.0)
    assert PpoSettings(**settings.as_dict()) == settings
    assert settings.answers_per_batch == 64


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "grpo"},
        {"precision": "float64"},
        {"steps": 0},
        {"temperature": 0.0},
        {"kl_coefficient": -0.1},
        {"kl_target": 0.0},
        {"gamma": 1.1},
        {"clip": 0.0},
        {"minibatch": 0},
        {"seed": -1},
        {"learning_rate": float("nan")},
        {"method": "rloo"},
    ],
)
def test_values_that_cannot_be_used_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        PpoSettings(**changes)
