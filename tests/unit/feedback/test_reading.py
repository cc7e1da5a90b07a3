import json
from pathlib import Path

import pytest

from ftdemo.errors import FileFormatError
from ftdemo.feedback.preferences import PreferencePair, RatedAnswer
from ftdemo.feedback.reading import read_preferences

PROMPT = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi?"}]

HI = ({"role": "user", "content": "Hi?"},)


def reply(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            {"prompt": "Hi?", "chosen": "Hello", "rejected": "Go"},
            PreferencePair(HI, "Hello", "Go", "imported"),
        ),
        (
            {"prompt": PROMPT, "chosen": reply("Hello"), "rejected": reply("Go")},
            PreferencePair(tuple(PROMPT), "Hello", "Go", "imported"),
        ),
        (
            {"chosen": [*PROMPT, *reply("Hello")], "rejected": [*PROMPT, *reply("Go")]},
            PreferencePair(tuple(PROMPT), "Hello", "Go", "imported"),
        ),
        (
            {"chosen": "\n\nHuman: Hi?\n\nAssistant: Hello", "rejected": "\n\nHuman: Hi?\n\nAssistant: Go"},
            PreferencePair(HI, "Hello", "Go", "imported"),
        ),
        ({"prompt": "Hi?", "completion": "Go", "label": False}, RatedAnswer(HI, "Go", False)),
        ({"prompt": "Hi?", "completion": "Go", "label": 1}, RatedAnswer(HI, "Go", True)),
    ],
)
def test_preferences_are_read(
    tmp_path: Path, record: dict[str, object], expected: PreferencePair | RatedAnswer
) -> None:
    path = tmp_path / "preferences.jsonl"
    path.write_text(json.dumps(record) + "\n")
    assert list(read_preferences(path)) == [expected]


def test_a_plain_file_has_no_preferences(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("question,answer\na,b\n")
    with pytest.raises(FileFormatError, match="not preferences"):
        list(read_preferences(path))
