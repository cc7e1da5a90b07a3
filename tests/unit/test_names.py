import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftdemo.errors import InvalidNameError
from ftdemo.names import BASE, MAX_LENGTH, check_name, first_free_name, name_from_file


@pytest.mark.parametrize(
    "name",
    [
        "pavan",
        "7",
        "_x",
        "My data 2.1-final_b",
        "问答样本",
        "Häuser",
        "e\u0301tudes",
        "हिन्दी",
        "ที่",
        "based",
        "x" * MAX_LENGTH,
    ],
)
def test_usable_name_is_kept(name: str) -> None:
    assert check_name("sample set", name) == name


def test_surrounding_white_space_is_dropped() -> None:
    assert check_name("sample set", "  pavan\n") == "pavan"


@pytest.mark.parametrize(
    ("name", "in_message"),
    [
        ("", "has no name"),
        (" \t\n", "has no name"),
        ("x" * (MAX_LENGTH + 1), f"has {MAX_LENGTH + 1} characters"),
        ("x" * 300, "has 300 characters"),
        ("a/b", "'/'"),
        ("a\\b", r"'\\'"),
        ("../etc", "'/'"),
        ("a\nb", r"'\n'"),
        ("a\x00b", r"'\x00'"),
        ("a'b", '"\'"'),
        ("a:b", "':'"),
        ("smile 😀", "'😀'"),
        ("..", "begins with '.'"),
        (".hidden", "begins with '.'"),
        ("-rf", "begins with '-'"),
        ("base", "kept for the untouched base model"),
        ("BASE", "kept for the untouched base model"),
        (" Base ", "kept for the untouched base model"),
    ],
)
def test_unusable_name_is_refused(name: str, in_message: str) -> None:
    with pytest.raises(InvalidNameError) as caught:
        check_name("tuned model", name)
    assert in_message in caught.value.message
    assert "tuned model" in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        ("pavan.jsonl", "pavan"),
        ("My data (1).csv", "My data 1"),
        ("/home/me/answers.v2.json", "answers.v2"),
        ("C:\\Users\\me\\answers.csv", "answers"),
        ("no_ending", "no_ending"),
        ("问答.csv", "问答"),
        ("हिन्दी.csv", "हिन्दी"),
        ("--x--.csv", "x"),
        (".csv", "samples"),
        ("!!!.csv", "samples"),
        ("", "samples"),
        ("x" * 300 + ".csv", "x" * MAX_LENGTH),
    ],
)
def test_name_from_file(file_name: str, name: str) -> None:
    assert name_from_file(file_name) == name


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=100))
def test_name_from_any_file_can_be_used(file_name: str) -> None:
    name = name_from_file(file_name)
    if name.lower() != BASE:
        assert check_name("sample set", name) == name


@pytest.mark.parametrize(
    ("wanted", "taken", "name"),
    [
        ("pavan", set(), "pavan"),
        ("pavan", {"other"}, "pavan"),
        ("pavan", {"pavan"}, "pavan-2"),
        ("Pavan", {"pAVAN"}, "Pavan-2"),
        ("pavan", {"pavan", "pavan-2", "Pavan-3", "pavan-5"}, "pavan-4"),
        ("Base", set(), "Base-2"),
        ("x" * MAX_LENGTH, {"x" * MAX_LENGTH}, "x" * (MAX_LENGTH - 6) + "-2"),
    ],
)
def test_first_free_name(wanted: str, taken: set[str], name: str) -> None:
    assert first_free_name(wanted, taken) == name


def test_first_free_name_among_many_taken() -> None:
    taken = {"x", *(f"x-{number}" for number in range(2, 1000))}
    assert first_free_name("x", taken) == "x-1000"
