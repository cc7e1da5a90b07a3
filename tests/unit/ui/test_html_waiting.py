import pytest

from ftdemo.chat.turns import Answer, Turn
from ftdemo.ui import turns_html


@pytest.mark.parametrize(
    ("position", "words"),
    [(1, "next"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (21, "21st"), (112, "112th")],
)
def test_a_place_in_line_in_words(position: int, words: str) -> None:
    shown = turns_html.turns([Turn(None, "Who?", (Answer("base"),), position)])
    assert f"waiting, {words} in line" in shown


def test_the_first_token_is_awaited_with_a_seat() -> None:
    assert "waiting for the first token" in turns_html.turns([Turn(1, "Who?", (Answer("base"),))])
