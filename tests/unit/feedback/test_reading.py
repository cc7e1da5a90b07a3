import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ftdemo.errors import FileFormatError
from ftdemo.feedback.preferences import PreferencePair, RatedAnswer
from ftdemo.feedback.reading import PreferenceFile, not_preferences
from ftdemo.files.rows import Row

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
    assert list(PreferenceFile(path).rows()) == [(1, (expected,))]


def test_a_plain_file_has_no_preferences(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("question,answer\na,b\n")
    file = PreferenceFile(path)
    assert list(file.rows()) == []
    with pytest.raises(FileFormatError, match="not preferences"):
        raise not_preferences(file)


def test_the_file_is_gone_through_again_only_for_the_meaning_of_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "preferences.jsonl"
    records: list[dict[str, Any]] = [
        {"prompt": "Hi?", "completion": str(at), "label": at < 2} for at in range(4)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in records))
    opened: list[str] = []
    original = PreferenceFile._rows

    def rows(file: PreferenceFile) -> Iterator[Row]:
        opened.append(file.name)
        return original(file)

    monkeypatch.setattr(PreferenceFile, "_rows", rows)
    assert len(list(PreferenceFile(path).rows())) == 4
    assert len(opened) == 1
    path.write_text("".join(json.dumps({**row, "label": int(row["label"])}) + "\n" for row in records))
    assert len(list(PreferenceFile(path).rows())) == 4
    assert len(opened) == 3


def test_of_very_many_numbers_a_few_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "preferences.jsonl"
    rows = [{"prompt": "Hi?", "completion": str(at), "score": at} for at in range(1000)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    file = PreferenceFile(path)
    assert list(file.rows()) == []
    numbers = file._numbers_in("score")
    assert len(numbers) < 50
    assert (min(numbers), max(numbers)) == (0, 999)
