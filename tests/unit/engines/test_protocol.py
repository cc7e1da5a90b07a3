from typing import Any

import pytest

from ftdemo.engines import GenerationSettings
from ftdemo.errors import UserError


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"max_new_tokens": 1},
        {"temperature": 0.0},
        {"temperature": 5.0},
        {"top_p": 1.0},
        {"top_p": 0.001},
        {"seed": 0},
        {"seed": 2**32 - 1},
    ],
)
def test_usable_settings(values: dict[str, Any]) -> None:
    settings = GenerationSettings(**values)
    assert {name: getattr(settings, name) for name in values} == values


@pytest.mark.parametrize(
    ("values", "in_message"),
    [
        ({"max_new_tokens": 0}, "number of new tokens is 0"),
        ({"max_new_tokens": -5}, "number of new tokens is -5"),
        ({"temperature": -0.1}, "temperature is -0.1"),
        ({"temperature": 5.1}, "temperature is 5.1"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"temperature": float("inf")}, "temperature is inf"),
        ({"top_p": 0.0}, "top-p is 0.0"),
        ({"top_p": 1.01}, "top-p is 1.01"),
        ({"top_p": float("nan")}, "top-p is nan"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**32}, "seed is 4294967296"),
    ],
)
def test_unusable_settings_are_refused(values: dict[str, Any], in_message: str) -> None:
    with pytest.raises(UserError) as caught:
        GenerationSettings(**values)
    assert in_message in caught.value.message
    assert caught.value.remedy.startswith("Set ")
