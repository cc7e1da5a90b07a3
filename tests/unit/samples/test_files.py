import pytest

from ftdemo.errors import UserError
from ftdemo.samples.library import SampleLibrary
from tests.unit.samples.case_parts import Bad, Good
from tests.unit.samples.cell_cases import CELLS_BAD, CELLS_GOOD
from tests.unit.samples.file_cases import BAD, GOOD
from tests.unit.samples.message_cases import MESSAGES_GOOD
from tests.unit.samples.record_cases import RECORDS_GOOD
from tests.unit.samples.workbook_cases import WORKBOOKS, WORKBOOKS_BAD

ALL_GOOD = [*GOOD, *RECORDS_GOOD, *MESSAGES_GOOD, *CELLS_GOOD, *WORKBOOKS]
ALL_BAD = [*BAD, *CELLS_BAD, *WORKBOOKS_BAD]


def write(path, content):
    path.write_bytes(content() if callable(content) else content)
    return path


@pytest.mark.parametrize("case", ALL_GOOD, ids=lambda case: case.id)
def test_good_file(case: Good, library: SampleLibrary, tmp_path):
    # Nothing is told by the name.
    report = library.check(write(tmp_path / "file", case.content), **case.options)
    assert [(sample.question, sample.answer) for sample in report.samples] == case.pairs
    assert {problem.kind for problem in report.problems} == case.kinds
    for problem in report.problems:
        assert f"Row {problem.row}" in problem.message or problem.row
        assert problem.remedy
    for name, value in case.extra.items():
        assert getattr(report, name) == value
    said = report.as_dict()
    assert said["samples"] == len(case.pairs)
    assert said["rows_read"] == said["rows_kept"] + sum(report.problem_counts.values())


@pytest.mark.parametrize("case", ALL_BAD, ids=lambda case: case.id)
def test_bad_file(case: Bad, library: SampleLibrary, tmp_path):
    with pytest.raises(UserError) as caught:
        library.check(write(tmp_path / "file", case.content), **case.options)
    assert case.says in caught.value.message
    assert caught.value.remedy
    assert len(caught.value.message) < 400


def test_there_are_enough_cases():
    assert len(ALL_GOOD) + len(ALL_BAD) >= 200


def test_no_two_cases_have_one_name():
    names = [*(case.id for case in ALL_GOOD), *(case.id for case in ALL_BAD)]
    assert len(set(names)) == len(names)
