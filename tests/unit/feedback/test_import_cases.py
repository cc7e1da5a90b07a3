"""Every form in which people have preferences: what is taken, what is passed over, and why."""

import json
from pathlib import Path
from typing import Any

import pytest

from ftdemo.errors import UserError
from ftdemo.feedback.exchange import import_feedback
from ftdemo.feedback.forms.judgements import Judgement, Tie
from ftdemo.feedback.preferences import RatedAnswer
from ftdemo.feedback.reading import PreferenceFile
from ftdemo.store import Store
from ftdemo.store.feedback import Choice, Vote
from tests.unit.feedback.import_cases import CASES, REFUSED, Case, Expected, Refused


def written(folder: Path, content: Any) -> Path:
    # Nothing is told by the name.
    path = folder / "file"
    if isinstance(content, list):
        content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in content).encode()
    path.write_bytes(content() if callable(content) else content)
    return path


def plain(judgement: Judgement) -> Expected:
    prompt: Any = tuple((said["role"], said["content"]) for said in judgement.prompt)
    if len(prompt) == 1 and prompt[0][0] == "user":
        prompt = prompt[0][1]
    if isinstance(judgement, RatedAnswer):
        return ("up" if judgement.liked else "down", prompt, judgement.answer)
    if isinstance(judgement, Tie):
        return ("bad" if judgement.bad else "tie", prompt, judgement.first, judgement.second)
    return ("pair", prompt, judgement.chosen, judgement.rejected)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_what_a_file_says_is_taken_and_the_rest_is_named(case: Case, store: Store, tmp_path: Path) -> None:
    path = written(tmp_path, case.content)
    said = [plain(each) for _, judgements in PreferenceFile(path).rows() for each in judgements]
    assert list(dict.fromkeys(said)) == case.taken
    report = import_feedback(store, path)
    problems = {problem.row: problem for problem in report.problems if problem.severity == "error"}
    assert {row: problem.kind for row, problem in problems.items()} == case.passed
    for row, problem in problems.items():
        assert problem.message.startswith(f"Row {row} ")
        assert problem.remedy
    assert report.rows_read == report.rows_taken + len(case.passed)
    assert report.rows_passed_over == sum(report.problem_counts.values())
    assert sum(report.taken.values()) == len(case.taken)
    assert case.form in report.form
    if case.unused is not None:
        assert report.unused_columns == case.unused
    pairs = sum(kind in ("pair", "tie", "bad") for kind, *_ in case.taken)
    assert (report.added.choices, report.added.votes) == (pairs, len(case.taken) - pairs)
    assert json.dumps(report.as_dict(), default=vars)
    assert not any(vars(import_feedback(store, path).added).values())


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.id)
def test_nothing_taken_is_an_error_that_says_why(case: Refused, store: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        import_feedback(store, written(tmp_path, case.content))
    for part in case.says:
        assert part in caught.value.message
    assert caught.value.remedy
    assert len(caught.value.message) < 500
    assert not any(store.feedback.totals().values())


def test_there_are_enough_cases() -> None:
    assert len(CASES) + len(REFUSED) >= 120


def test_ties_are_kept_as_such(store: Store, tmp_path: Path) -> None:
    rows = [
        {"prompt": "q", "response_a": "x", "response_b": "y", "winner": winner, "n": winner}
        for winner in ("tie", "bothbad")
    ]
    report = import_feedback(store, written(tmp_path, rows))
    assert report.taken == {"ties": 1, "both_bad": 1}
    assert report.warning_counts == {"contradiction": 1}
    assert [choice.choice for choice in store.feedback.events(Choice)] == ["tie", "bad"]
    assert store.feedback.totals()["votes"] == len(list(store.feedback.events(Vote))) == 0
