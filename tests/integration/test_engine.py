"""The transformers engine on the real model."""

import dataclasses
import threading
from collections.abc import Iterator

import pytest
import torch

from ftdemo.engines import ChatRequest, GenerationSettings, TokenEvent
from ftdemo.engines.transformers.engine import TransformersEngine
from ftdemo.errors import UserError
from ftdemo.models import ensure_base_model
from ftdemo.settings import Settings

pytestmark = pytest.mark.model

FRANCE = "What is the capital of France?"
LONGER = "Count from one to ten, in words, and then say which of these numbers you like best."


@pytest.fixture(scope="module")
def engine(module_settings: Settings) -> Iterator[TransformersEngine]:
    settings = module_settings
    engine = TransformersEngine(ensure_base_model(settings), lambda name: None, settings.threads)
    yield engine
    engine.close()


def request(question: str) -> ChatRequest:
    return ChatRequest("base", [{"role": "user", "content": question}])


def final(events: Iterator[TokenEvent]) -> dict[int, TokenEvent]:
    return {event.side: event for event in events if event.finish_reason}


def test_an_answer_does_not_depend_on_the_other_side(engine: TransformersEngine) -> None:
    settings = GenerationSettings(max_new_tokens=24)
    alone = final(engine.stream([request(FRANCE)], settings, threading.Event()))[0]
    beside = final(engine.stream([request(FRANCE), request(LONGER)], settings, threading.Event()))
    assert alone.text == "The capital of France is Paris."
    assert beside[0].text == alone.text
    assert (beside[0].finish_reason, beside[1].finish_reason) == ("stop", "length")


def test_both_sides_grow_together(engine: TransformersEngine) -> None:
    settings = GenerationSettings(max_new_tokens=8)
    events = list(engine.stream([request(LONGER), request(FRANCE)], settings, threading.Event()))
    assert [event.side for event in events[:4]] == [0, 1, 0, 1]
    assert all(event.time_to_first_token_s > 0 and event.tokens_per_second > 0 for event in events[2:])


def test_four_callers_at_once_each_get_their_own_answer(engine: TransformersEngine) -> None:
    settings = GenerationSettings(max_new_tokens=40)
    asked = [LONGER, FRANCE, "How do I bake bread?", "word " * 300 + "\nHow many words are these?"]
    alone = [final(engine.stream([request(each)], settings, threading.Event()))[0].text for each in asked]
    log: list[int] = []
    texts: dict[int, str] = {}

    def ask(caller: int) -> None:
        for event in engine.stream([request(asked[caller])], settings, threading.Event()):
            log.append(caller)
            texts[caller] = event.text

    callers = [threading.Thread(target=ask, args=(caller,)) for caller in range(len(asked))]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert [texts[caller] for caller in range(len(asked))] == alone
    ends = [len(log) - log[::-1].index(caller) for caller in range(len(asked))]
    assert log.index(1) < ends[0]
    assert log.index(3) < ends[2], "the longest prompt is read while others are answered"


def test_the_answer_is_that_of_generate(engine: TransformersEngine) -> None:
    ids = engine._prompts.tokens(request(LONGER), GenerationSettings())
    output = engine._model.generate(torch.tensor([ids]), max_new_tokens=60, do_sample=False)
    answer = final(engine.stream([request(LONGER)], GenerationSettings(max_new_tokens=60), threading.Event()))
    assert answer[0].text == engine._tokeniser.decode(output[0, len(ids) :].tolist()).strip()


def test_a_second_caller_does_not_wait_for_the_first(engine: TransformersEngine) -> None:
    long = engine.stream([request(LONGER)], GenerationSettings(max_new_tokens=150), threading.Event())
    next(long)
    ended = final(engine.stream([request(FRANCE)], GenerationSettings(max_new_tokens=8), threading.Event()))
    assert ended[0].text == "The capital of France is Paris."
    seen = [event.tokens for event in long]
    assert seen[-1] > 20


def test_cancelling_ends_every_side_with_what_it_has(engine: TransformersEngine) -> None:
    cancelled = threading.Event()
    events = []
    for event in engine.stream([request(LONGER)], GenerationSettings(max_new_tokens=200), cancelled):
        events.append(event)
        if event.tokens == 5:
            cancelled.set()
    assert events[-1].finish_reason == "cancelled"
    assert events[-1].text
    assert events[-1].tokens < 20


def test_a_reader_that_leaves_frees_the_engine(engine: TransformersEngine) -> None:
    stream = engine.stream([request(LONGER)], GenerationSettings(max_new_tokens=500), threading.Event())
    next(stream)
    stream.close()
    assert final(engine.stream([request(FRANCE)], GenerationSettings(max_new_tokens=2), threading.Event()))


def test_each_side_samples_with_its_own_seed(engine: TransformersEngine) -> None:
    sides = [dataclasses.replace(request(LONGER), seed=seed) for seed in (1, 2, 1)]
    settings = GenerationSettings(max_new_tokens=12, temperature=1.5)
    answers = final(engine.stream(sides, settings, threading.Event()))
    assert answers[0].text == answers[2].text != answers[1].text


def test_sampling_repeats_with_its_seed_and_changes_with_another(engine: TransformersEngine) -> None:
    def sample(seed: int) -> str:
        settings = GenerationSettings(max_new_tokens=12, temperature=1.5, seed=seed)
        return final(engine.stream([request(LONGER)], settings, threading.Event()))[0].text

    assert sample(1) == sample(1)
    assert len({sample(1), sample(2), sample(3)}) > 1


def test_a_prompt_longer_than_the_context_is_one_sentence(engine: TransformersEngine) -> None:
    with pytest.raises(UserError, match="more than the 8192 the model can read"):
        list(engine.stream([request("word " * 9000)], GenerationSettings(), threading.Event()))
