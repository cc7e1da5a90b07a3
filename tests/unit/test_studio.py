import dataclasses
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ftdemo.chat.dialogue import ChatSettings
from ftdemo.engines import ChatRequest, GenerationSettings, TokenEvent
from ftdemo.errors import NotFoundError, UserError
from ftdemo.machine.processor import CACHED_KERNELS, SPINS
from ftdemo.settings import Settings, child_environment
from ftdemo.store.jobs import Job
from ftdemo.store.models import TunedModel
from ftdemo.studio import Studio


class Talker:
    """An engine that goes on until it is cancelled, or for as many tokens as it may."""

    description = "a talker"

    def stream(
        self, requests: Sequence[ChatRequest], settings: GenerationSettings, cancelled: threading.Event
    ) -> Iterator[TokenEvent]:
        for tokens in range(1, settings.max_new_tokens + 1):
            for side, request in enumerate(requests):
                reason = "cancelled" if cancelled.is_set() else None
                yield TokenEvent(side, f"{request.model} " * tokens, tokens, 1.0, 0.1, reason)  # type: ignore[arg-type]
            if reason:
                return
        for side, request in enumerate(requests):
            yield TokenEvent(side, f"{request.model} " * tokens, tokens, 1.0, 0.1, "length")


@pytest.fixture
def talking(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """A studio whose base model is there and whose engine is a `Talker`."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    for file in ("config.json", "tokenizer.json", "model.safetensors"):
        (folder / file).write_text("{}")
    monkeypatch.setattr(Studio, "_make_engine", lambda self, base: Talker())
    return Studio(dataclasses.replace(settings, base_model=str(folder), max_answer_tokens=5))


@pytest.fixture
def with_samples(studio: Studio, samples_file: Path, workers: list[Job]) -> Studio:
    studio.samples.add(samples_file)
    return studio


FIVE = GenerationSettings(max_new_tokens=5)


def test_tune_queues_a_job_with_all_that_the_worker_needs(with_samples: Studio, workers: list[Job]) -> None:
    job = with_samples.tune(" mine ", "facts", "quick", rank=8, alpha=None)
    assert [started.id for started in workers] == [job.id]
    assert (job.kind, job.status, job.model_name) == ("tune", "running", "mine")
    assert job.base_model == with_samples.settings.base_model
    assert job.sample_set_id == with_samples.samples.get("facts").id
    assert job.sample_set_name == "facts"
    assert (job.settings["epochs"], job.settings["rank"], job.settings["alpha"]) == (5, 8, 32)


@pytest.mark.parametrize(
    ("arguments", "changes", "error"),
    [
        (("a/b", "facts"), {}, "character '/'"),
        (("base", "facts"), {}, "untouched base model"),
        (("m", "nothing"), {}, "no sample set named 'nothing'"),
        (("m", "facts", "best"), {}, "no recipe 'best'"),
        (("m", "facts"), {"rank": 0}, "rank is 0"),
        (("m", "tests only"), {}, "only held-out ones"),
        (("queued", "facts"), {}, "about to make a model named 'queued'"),
    ],
)
def test_tune_that_cannot_be_queues_nothing(
    with_samples: Studio, tmp_path: Path, arguments: tuple[str, ...], changes: dict[str, Any], error: str
) -> None:
    with_samples.tune("queued", "facts")
    file = tmp_path / "held_out.csv"
    file.write_text("question,answer,split\nWho?,Ann.,held_out\n")
    with_samples.samples.add(file, "tests only")
    with pytest.raises(UserError, match=error):
        with_samples.tune(*arguments, **changes)
    assert [job.model_name for job in with_samples.jobs.all()] == ["queued"]


def test_sample_set_that_a_job_needs_cannot_be_removed(with_samples: Studio) -> None:
    job = with_samples.tune("m", "facts")
    with pytest.raises(UserError, match=f"Job {job.id} "):
        with_samples.samples.remove("facts")
    with_samples.store.jobs.update(job.id, status="finished")
    with_samples.samples.remove("facts")
    assert with_samples.samples.all() == []


def test_status_shows_the_job_that_runs(with_samples: Studio) -> None:
    assert with_samples.status().job is None
    first = with_samples.tune("one", "facts")
    with_samples.tune("two", "facts")
    status = with_samples.status()
    assert status.job == first
    assert status.base_model == with_samples.settings.base_model
    assert status.engine.state == "not loaded"


def test_ask_gives_the_whole_answers(talking: Studio, add_model: Callable[..., TunedModel]) -> None:
    add_model("mine", base_model=talking.settings.base_model)
    answers = talking.ask("Who?", ["mine", "base"], FIVE)
    assert [(answer.model, answer.tokens, answer.finish_reason) for answer in answers] == [
        ("mine", 5, "length"),
        ("base", 5, "length"),
    ]


def test_conversation_can_be_read_again(talking: Studio) -> None:
    *_, turn = talking.chat.compare("Who?", generation=FIVE)
    assert talking.chat.turns(turn.conversation_id) == [turn]
    assert talking.chat.turns(99) == []
    assert talking.chat.turns(None) == []


def test_an_answer_is_voted_on_by_its_message(talking: Studio, add_model: Callable[..., TunedModel]) -> None:
    tuned = add_model("mine", base_model=talking.settings.base_model)
    base, mine = talking.ask("Who?", ["base", "mine"], FIVE)
    talking.models.rename("mine", "other")
    for answer in (base, mine):
        talking.feedback.vote("up", "v", message_id=answer.message_id)
    of_mine, of_base = talking.feedback.list().items
    assert (of_base.answer.answer, of_base.answer.model_version) == (base.text, talking.settings.base_model)
    assert (of_mine.answer.model, of_mine.answer.model_version) == ("mine", tuned.folder)
    talking.models.remove("other")
    assert [item.answer.model for item in talking.feedback.list().items] == ["mine", "base"]


def test_unknown_model_is_refused_before_the_engine_is_loaded(talking: Studio) -> None:
    with pytest.raises(NotFoundError, match="'nobody'"):
        talking.ask("Who?", ["base", "nobody"], FIVE)
    assert talking.status().engine.state == "not loaded"


def test_model_of_another_base_is_refused(talking: Studio, add_model: Callable[..., TunedModel]) -> None:
    add_model("foreign", base_model="some/other")
    with pytest.raises(UserError) as caught:
        talking.ask("Who?", ["foreign"], FIVE)
    assert "some/other" in caught.value.message
    assert "FTDEMO_BASE_MODEL=some/other" in caught.value.remedy


def test_longer_answers_than_allowed_are_refused(talking: Studio) -> None:
    with pytest.raises(UserError, match="6 tokens is asked for; 5 is the most"):
        talking.ask("Who?", ["base"], GenerationSettings(max_new_tokens=6))


def test_cancel_ends_the_answers_of_its_session_only(talking: Studio) -> None:
    mine = talking.chat.compare("Who?", generation=FIVE, session="mine")
    other = talking.chat.compare("Who?", generation=FIVE, session="other")
    next(mine)
    next(other)
    talking.cancel("mine")
    talking.cancel("nobody's")
    *_, last = mine
    assert last.answers[0].finish_reason == "cancelled"
    assert last.answers[0].tokens == 2
    *_, last = other
    assert last.answers[0].finish_reason == "length"


def test_second_question_of_a_session_ends_the_first(talking: Studio) -> None:
    first = talking.chat.compare("One?", generation=FIVE, session="mine")
    next(first)
    second = talking.chat.compare("Two?", generation=FIVE, session="mine")
    next(second)
    *_, last = first
    assert last.answers[0].finish_reason == "cancelled"
    talking.cancel("mine")  # the end of the first has not taken the second's name away
    *_, last = second
    assert last.answers[0].finish_reason == "cancelled"


def test_what_else_a_session_does_goes_on(talking: Studio) -> None:
    compared = talking.chat.compare("One?", generation=FIVE, session="mine")
    next(compared)
    chatting = talking.chat.ask("Two?", ChatSettings(generation=FIVE), session="mine")
    next(chatting)
    talking.cancel("mine", "chat")
    *_, last = chatting
    assert last.answers[0].finish_reason == "cancelled"
    *_, last = compared
    assert last.answers[0].finish_reason == "length"


def test_all_that_a_session_does_ends_with_it(talking: Studio) -> None:
    compared = talking.chat.compare("One?", generation=FIVE, session="mine")
    next(compared)
    chatting = talking.chat.ask("Two?", ChatSettings(generation=FIVE), session="mine")
    next(chatting)
    with talking.cancellable("mine", "import samples") as importing:
        talking.cancel("mine")
        assert importing.is_set()
    for turns in (compared, chatting):
        *_, last = turns
        assert last.answers[0].finish_reason == "cancelled"


def test_a_question_beyond_the_seats_waits_and_is_told_its_place(talking: Studio) -> None:
    talking = Studio(dataclasses.replace(talking.settings, chat_seats=1))
    first = talking.chat.compare("One?", generation=FIVE, session="a")
    assert isinstance(first, Generator)
    next(first)
    second = talking.chat.compare("Two?", generation=FIVE, session="b")
    waiting = next(second)
    assert (waiting.waiting, waiting.conversation_id) == (1, None)
    assert [answer.model for answer in waiting.answers] == ["base"]
    first.close()
    *_, last = second
    assert (last.waiting, last.answers[0].finish_reason) == (0, "length")


def test_who_stops_waiting_leaves_the_line(talking: Studio) -> None:
    talking = Studio(dataclasses.replace(talking.settings, chat_seats=1))
    first = talking.chat.compare("One?", generation=FIVE, session="a")
    next(first)
    second = talking.chat.compare("Two?", generation=FIVE, session="b")
    next(second)
    talking.cancel("b")
    *_, last = second
    assert last.answers[0].finish_reason == "cancelled"
    third = talking.chat.compare("Three?", generation=FIVE, session="c")
    assert next(third).waiting == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GOMP_SPINCOUNT", SPINS),
        ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", CACHED_KERNELS),
        ("LRU_CACHE_CAPACITY", CACHED_KERNELS),
    ],
)
@pytest.mark.parametrize("set_already", [None, "7"])
def test_libraries_that_compute_are_held_back_here_and_in_workers(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str, value: int, set_already: str | None
) -> None:
    monkeypatch.setenv(name, set_already or "")  # so that it is put back afterwards
    if set_already is None:
        monkeypatch.delenv(name)
    Studio(settings)
    assert child_environment(settings)[name] == (set_already or str(value))
