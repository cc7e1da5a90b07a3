"""An error reaches those whose answers it spoils, and nobody else."""

from pathlib import Path
from typing import Any

import pytest

from ftdemo.engines.transformers.batch import AnswerRow, Batch
from ftdemo.engines.transformers.group import Group
from ftdemo.engines.transformers.pool import ModelPool
from ftdemo.engines.transformers.steps import Steps, TunedGeneration
from ftdemo.models.base import BaseModel
from ftdemo.weights.tuned_files import TunedFiles

from .answers import LENGTH, LONG, OTHER, SHORT, Answer, begin, generated


def test_an_error_reaches_its_callers_and_the_next_are_answered(
    running: Steps, base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Batch, "_forward", lambda *_: (_ for _ in ()).throw(RuntimeError("out of memory")))
        answers = [begin(running, SHORT), begin(running, LONG)]
        for answer in answers:
            with pytest.raises(RuntimeError, match="out of memory"):
                answer.wait()
    assert begin(running, SHORT).wait() == generated(base, SHORT)


def test_an_error_in_one_prompt_leaves_the_others(
    running: Steps, base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = Batch._forward

    def fail_on_long(self: Batch, most: int) -> Any:
        if any(row.read + row.unread == len(LONG) for row in self.rows):
            raise RuntimeError("out of memory")
        return forward(self, most)

    monkeypatch.setattr(Batch, "_forward", fail_on_long)
    first, late = Answer(), []
    first.when = lambda count: late.append(begin(running, LONG)) if count == 3 else None
    running.submit(TunedGeneration(None, SHORT, LENGTH, first.cancelled, first.hear))
    assert first.wait() == generated(base, SHORT)
    with pytest.raises(RuntimeError, match="out of memory"):
        late[0].wait()


def test_an_error_while_joining_ends_what_it_may_have_spoiled(
    running: Steps, base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, late = Answer(), []
    first.when = lambda count: late.append(begin(running, SHORT)) if count == 3 else None
    with monkeypatch.context() as patch:
        patch.setattr(Batch, "join", lambda *_: (_ for _ in ()).throw(RuntimeError("out of memory")))
        running.submit(TunedGeneration(None, OTHER, LENGTH, first.cancelled, first.hear))
        for answer in (first, *late):
            with pytest.raises(RuntimeError, match="out of memory"):
                answer.wait()
    assert len(late) == 1
    assert begin(running, SHORT).wait() == generated(base, SHORT)


def test_a_model_that_cannot_be_loaded_is_its_own_callers_error(
    running: Steps, base: BaseModel, tmp_path: Path
) -> None:
    missing = TunedFiles(tmp_path, has_adapter=False, has_changed=True)
    answers = [begin(running, SHORT), begin(running, SHORT, files=missing), begin(running, OTHER)]
    with pytest.raises(OSError):
        answers[1].wait()
    assert [answers[0].wait(), answers[2].wait()] == [generated(base, SHORT), generated(base, OTHER)]


@pytest.mark.parametrize(
    "broken",
    [(ModelPool, "has_room"), (Steps, "_fits"), (Group, "goes_on"), (Group, "rows"), (AnswerRow, "most")],
)
def test_an_error_between_steps_reaches_all_who_wait_and_the_next_is_answered(
    running: Steps, base: BaseModel, monkeypatch: pytest.MonkeyPatch, broken: tuple[type, str]
) -> None:
    kind, name = broken
    first = Answer()

    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patch:
        late: list[Answer] = []

        def when(count: int) -> None:
            if count == 3:
                broken_one = getattr(kind, name)
                patch.setattr(kind, name, property(fail) if isinstance(broken_one, property) else fail)
                late.extend(begin(running, prompt) for prompt in (OTHER, LONG))

        first.when = when
        running.submit(TunedGeneration(None, SHORT, LENGTH, first.cancelled, first.hear))
        with pytest.raises(RuntimeError, match="out of memory"):
            first.wait()
        assert len(late) == 2
        for answer in late:
            with pytest.raises(RuntimeError, match="out of memory"):
                answer.wait()
    assert begin(running, SHORT).wait() == generated(base, SHORT)
