"""Whatever the texts and bytes: what is written in a form is read back equal, and nothing fails otherwise."""

import csv
import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftdemo.errors import UserError
from ftdemo.feedback.exchange import import_feedback
from ftdemo.feedback.forms.judgements import Judgement, Tie
from ftdemo.feedback.preferences import PreferencePair, RatedAnswer
from ftdemo.feedback.reading import PreferenceFile
from ftdemo.files.csv_reader import quote_formula
from ftdemo.store import Store
from tests.unit.feedback.import_cases import CASES, REFUSED, gpt, human, pairwise, reply, studio, user, webui

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(str.strip)
NASTY = st.sampled_from(
    [
        "### Output\nx",
        "a\n\nHuman: b\n\nAssistant: c",
        "{}",
        "[1]",
        '["a"]',
        "true",
        "0",
        "=1+1",
        "nan",
        "tie",
        " a ",
    ]
)
SAID = st.tuples(TEXTS, TEXTS | NASTY, TEXTS | NASTY).filter(lambda said: said[1] != said[2])
MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Record = dict[str, Any]
PAIR_FORMS: dict[str, Callable[[str, str, str], Record]] = {
    "text": lambda q, a, b: {"prompt": q, "chosen": a, "rejected": b},
    "messages": lambda q, a, b: {"prompt": [user(q)], "chosen": [reply(a)], "rejected": [reply(b)]},
    "prompt within": lambda q, a, b: {"chosen": [user(q), reply(a)], "rejected": [user(q), reply(b)]},
    "sharegpt": lambda q, a, b: {"conversations": [human(q)], "chosen": gpt(a), "rejected": gpt(b)},
    "openai": lambda q, a, b: {
        "input": {"messages": [user(q)]}, "preferred_output": [reply(a)], "non_preferred_output": [reply(b)]
    },
    "rejected beside": lambda q, a, b: {"messages": [user(q), reply(a)], "rejected_response": b},
    "stack exchange": lambda q, a, b: {"question": q, "response_j": a, "response_k": b},
    "PKU": lambda q, a, b: {"prompt": q, "response_0": b, "response_1": a, "better_response_id": 1},
    "Arena": lambda q, a, b: {
        "conversation_a": [user(q), reply(a)], "conversation_b": [user(q), reply(b)], "winner": "model_a"
    },
    "ranked": lambda q, a, b: {"instruction": q, "completions": [
        {"response": b, "overall_score": 1.5}, {"response": a, "overall_score": 8}]},
    "roles": lambda q, a, b: {"messages": [
        user(q), {"role": "chosen", "content": a}, {"role": "rejected", "content": b}]},
    "Label Studio": lambda q, a, b: studio({"prompt": q, "answer1": a, "answer2": b}, pairwise("left")),
    "Argilla": lambda q, a, b: {"fields": {"prompt": q, "response1": a, "response2": b},
                                "responses": {"preference": [{"value": "response1", "user_id": "u"}]}},
}  # fmt: skip
THUMB_FORMS: dict[str, Callable[[str, str, bool], Record]] = {
    "text": lambda q, a, up: {"prompt": q, "completion": a, "label": up},
    "messages": lambda q, a, up: {"messages": [user(q), reply(a)], "label": up},
    "sharegpt": lambda q, a, up: {"conversations": [human(q), gpt(a)], "kto_tag": up},
    "alpaca": lambda q, a, up: {"instruction": q, "input": "", "output": a, "kto_tag": up},
    "weights": lambda q, a, up: {"messages": [user(q), reply(a, weight=int(up))]},
    "stars": lambda q, a, up: {"question": q, "answer": a, "rating": "5/5" if up else "1/5"},
}


def read_back(folder: Path, name: str, records: list[Record]) -> list[Judgement]:
    path = folder / name
    if name.endswith(".csv"):
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(records[0])
            writer.writerows([[quote_formula(cell(value)) for value in row.values()] for row in records])
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in records), encoding="utf-8")
    file_read = PreferenceFile(path)
    said = [each for _, judgements in file_read.rows() for each in judgements]
    assert file_read.tally.problems == ()
    return said


def cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
@pytest.mark.parametrize("form", PAIR_FORMS)
@MANY
@given(said=st.lists(SAID, min_size=1, max_size=3))
def test_pairs_come_back_from_every_form(form: str, ending: str, said: list[tuple[str, str, str]]) -> None:
    records = [PAIR_FORMS[form](*each) for each in said]
    expected = [PreferencePair((user(q),), a, b, "imported") for q, a, b in said]
    with tempfile.TemporaryDirectory() as folder:
        assert read_back(Path(folder), f"file.{ending}", records) == expected


@pytest.mark.parametrize("form", THUMB_FORMS)
@MANY
@given(said=st.lists(st.tuples(TEXTS, TEXTS | NASTY, st.booleans()), min_size=1, max_size=3))
def test_thumbs_come_back_from_every_form(form: str, said: list[tuple[str, str, bool]]) -> None:
    records = [THUMB_FORMS[form](*each) for each in said]
    expected = [RatedAnswer((user(q),), a, up) for q, a, up in said]
    with tempfile.TemporaryDirectory() as folder:
        assert read_back(Path(folder), "file.jsonl", records) == expected


@MANY
@given(said=SAID, rating=st.booleans())
def test_ratings_of_open_webui_come_back(said: tuple[str, str, str], rating: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (found,) = read_back(Path(folder), "file.jsonl", [webui(1 if rating else -1, said[1])])
    assert isinstance(found, RatedAnswer)
    assert (found.answer, found.liked) == (said[1], rating)


NAMES = sorted(
    {
        name
        for content in (*(case.content for case in CASES), *(case.content for case in REFUSED))
        if isinstance(content, list)
        for row in content
        for name in row
    }
)
LEAVES = (
    st.none() | st.booleans() | st.integers(-2, 11) | st.floats() | TEXTS | NASTY
    | st.sampled_from(["a", "left", "good", "model_b", "[", '[{"role": "user", "content": "x"}]', ""])
)  # fmt: skip
KEY_WORDS = (
    "role content from value text messages rating user_id status result type history selected id parentId "
    "message_id chat rank score response annotations weight"
)
KEYS = st.sampled_from(KEY_WORDS.split())
ROLES = st.sampled_from(["user", "assistant", "system", "chosen", "rejected", "tool", "gpt", ""])
MESSAGES = st.lists(
    st.fixed_dictionaries({"role": ROLES, "content": LEAVES}, optional={"weight": LEAVES}), max_size=4
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)
RECORDS = st.lists(
    st.dictionaries(st.sampled_from([*NAMES, "data", "meta", "snapshot"]), VALUES | MESSAGES, max_size=6),
    max_size=4,
)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records=RECORDS)
def test_any_records_are_taken_or_passed_over_with_a_reason(records: list[Record]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in records), encoding="utf-8")
        file = PreferenceFile(path)
        with suppress(UserError):
            taken = list(file.rows())
            assert len(taken) + sum(file.tally.errors.values()) == file.rows_read
            for _, judgements in taken:
                assert judgements
                for each in judgements:
                    assert each.prompt[-1]["role"] == "user"
                    assert all(text.strip() for text in texts_of(each))


def texts_of(judgement: Judgement) -> tuple[str, ...]:
    if isinstance(judgement, RatedAnswer):
        return (judgement.answer,)
    if isinstance(judgement, Tie):
        return judgement.first, judgement.second
    return judgement.chosen, judgement.rejected


TOKENS = st.sampled_from(
    [
        *(b'"', b",", b"\n", b"{", b"}", b"[", b"]", b":", b"true", b"0", b"\xff", b"PAR1", b"PK\x03\x04"),
        *(b'"prompt"', b'"chosen"', b'"rejected"', b'"label"', b"prompt,chosen,rejected\n"),
        b'{"prompt":"a","chosen":"b","rejected":"c"}\n',
    ]
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=st.lists(TOKENS | st.binary(max_size=6), max_size=25).map(b"".join))
def test_any_bytes_give_a_report_or_an_error_for_people(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        store = Store(Path(folder) / "ftdemo.db")
        with suppress(UserError):
            report = import_feedback(store, path)
            assert report.rows_read == report.rows_taken + sum(report.problem_counts.values())
