"""Whatever the texts and bytes: no text is lost, and nothing but a UserError is raised."""

import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftdemo.errors import UserError
from ftdemo.files.csv_reader import quote_formula, unquote_formula
from ftdemo.files.rows import ReadOptions
from ftdemo.samples.checking import HoldOut, check_file
from ftdemo.samples.similarity import groups_of, sample_key
from ftdemo.samples.splitting import choose_held_out
from ftdemo.samples.writing import write_samples
from ftdemo.store.samples import Sample
from tests.unit.samples.case_parts import excel, parquet

TEXTS = st.text(min_size=1, max_size=60).filter(str.strip)
NASTY = st.sampled_from(
    ["=1+1", "'=x", "''-", "+", "@a", "\tq", "\rq", 'a"b', "a,b;c|d\te", "\ufeffx", "sep=;", "\x00", "问题"]
)
TURNS = st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(
    lambda pairs: tuple(turn for ask, reply in pairs for turn in (("user", ask), ("assistant", reply)))
)
SAMPLES = st.builds(
    Sample,
    question=TEXTS | NASTY,
    answer=TEXTS | NASTY,
    split=st.sampled_from(["train", "held_out"]),
    system=st.none() | TEXTS,
    history=TURNS,
    # A weight of 0 says that a row is not to be learned: such rows are left out.
    weight=st.sampled_from([1.0, 0.5, 2.0]) | st.floats(0, 1e6, exclude_min=True),
)
MANY = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl", "parquet"])
@MANY
@given(samples=st.lists(SAMPLES, min_size=1, max_size=8, unique_by=sample_key))
def test_samples_survive_writing_and_reading(ending, samples):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"set.{ending}"
        assert write_samples(iter(samples), path) == len(samples)
        assert list(Path(folder).iterdir()) == [path]
        assert check_file(path).samples == samples


@MANY
@given(st.text(max_size=20) | NASTY)
def test_formula_quoting_is_undone(text):
    assert unquote_formula(quote_formula(text)) == text
    assert not quote_formula(text).startswith(("=", "+", "-", "@", "\t", "\r"))


STARTS = st.sampled_from(
    [
        b"",
        b"PAR1",
        b"PK\x03\x04",
        b"question,answer\n",
        b'{"question":',
        b"[",
        b'{"a"}\n',
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"q;a\n",
    ]
)
TOKENS = st.sampled_from(
    [
        b'"',
        b",",
        b"\n",
        b"\r",
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b'"question"',
        b'"answer"',
        b'"x"',
        b"1",
        b"null",
        b"\x00",
        b"\xe9",
    ]
)


@pytest.mark.parametrize("file_format", ["auto", "csv", "json", "jsonl", "parquet", "xlsx"])
@MANY
@given(
    content=st.tuples(STARTS, st.binary(max_size=300) | st.lists(TOKENS, max_size=40).map(b"".join)).map(
        b"".join
    )
)
def test_any_bytes_give_a_report_or_a_user_error(file_format, content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        began = time.monotonic()
        try:
            report = check_file(path, ReadOptions(file_format=file_format), hold_out=HoldOut(0.5))
        except UserError as error:
            assert error.message
            assert error.remedy
        else:
            assert report.rows_read == report.rows_kept + sum(report.problem_counts.values())
            assert report.rows_kept <= len(list(report.samples))
        assert time.monotonic() - began < 5


ROWS = [{"question": f"question {number}", "answer": f"answer {number}"} for number in range(20)]
WHOLE = {
    "parquet": parquet(ROWS)(),
    "xlsx": excel(["question", "answer"], *[list(row.values()) for row in ROWS])(),
}


@pytest.mark.parametrize("file_format", WHOLE)
@MANY
@given(
    damage=st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=8),
    kept=st.just(1.0) | st.floats(0.1, 1.0),
)
def test_damaged_binary_files_give_a_report_or_a_user_error(file_format, damage, kept):
    content = bytearray(WHOLE[file_format])
    for place, byte in damage:
        content[place % len(content)] = byte
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content[: int(kept * len(content))])
        with suppress(UserError):
            assert check_file(path).rows_kept <= len(ROWS)


@MANY
@given(
    count=st.integers(1, 60),
    pairs=st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59)), max_size=20),
    share=st.floats(0.01, 0.9),
    seed=st.integers(0, 5),
)
def test_a_split_never_parts_near_duplicates(count, pairs, share, seed):
    pairs = [(max(pair), min(pair)) for pair in pairs if max(pair) < count]
    held_out = set(choose_held_out(count, pairs, share, seed))
    assert held_out or len(set(groups_of(count, pairs))) < 3
    assert all((one in held_out) == (other in held_out) for one, other in pairs)
    assert held_out == set(choose_held_out(count, pairs, share, seed))
