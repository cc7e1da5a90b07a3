import json

import pytest

from ftdemo.errors import FileFormatError
from ftdemo.samples.preferences import LabelledAnswer, PreferencePair, read_preferences

PROMPT = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi?"}]


def reply(text):
    return [{"role": "assistant", "content": text}]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"prompt": "Hi?", "chosen": "Hello", "rejected": "Go"}, PreferencePair("Hi?", "Hello", "Go")),
        (
            {"prompt": PROMPT, "chosen": reply("Hello"), "rejected": reply("Go")},
            PreferencePair("Hi?", "Hello", "Go", "Be kind."),
        ),
        (
            {"chosen": [*PROMPT, *reply("Hello")], "rejected": [*PROMPT, *reply("Go")]},
            PreferencePair("Hi?", "Hello", "Go", "Be kind."),
        ),
        (
            {"chosen": "\n\nHuman: Hi?\n\nAssistant: Hello", "rejected": "\n\nHuman: Hi?\n\nAssistant: Go"},
            PreferencePair("Hi?", "Hello", "Go"),
        ),
        ({"prompt": "Hi?", "completion": "Go", "label": False}, LabelledAnswer("Hi?", "Go", False)),
        ({"prompt": "Hi?", "completion": "Go", "label": 1}, LabelledAnswer("Hi?", "Go", True)),
    ],
)
def test_preferences_are_read(tmp_path, record, expected):
    path = tmp_path / "preferences.jsonl"
    path.write_text(json.dumps(record) + "\n")
    assert list(read_preferences(path)) == [expected]


def test_a_plain_file_has_no_preferences(tmp_path):
    path = tmp_path / "plain.csv"
    path.write_text("question,answer\na,b\n")
    with pytest.raises(FileFormatError, match="not preferences"):
        list(read_preferences(path))
