"""llama.cpp on the real model: the same story, adapters beside the base, and nobody in another's way."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ftdemo.engines import ChatRequest, Engine, GenerationSettings, TokenEvent
from ftdemo.engines.llama.engine import LlamaCppEngine
from ftdemo.engines.llama.rounds import PART, SLICE
from ftdemo.engines.transformers.engine import TransformersEngine
from ftdemo.errors import UserError
from ftdemo.models import ensure_base_model
from ftdemo.settings import Settings
from ftdemo.weights.tensors import Tensors
from ftdemo.weights.tuned_files import TunedFiles, tuned_files
from tests.integration.adapters import save_changed, save_random_adapter

pytestmark = [pytest.mark.model, pytest.mark.slow]

FRANCE = "What is the capital of France?"
STORY = "Write a long story about a dragon."
PERSON = "Who is Pavan Belagatti?"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {}


@pytest.fixture(scope="module")
def tuned(folders: dict[str, Path]) -> Callable[[str], TunedFiles | None]:
    """Looks a model up as the app does: 'base', or whatever has been saved meanwhile."""
    return lambda name: None if name == "base" else tuned_files(folders[name])


@pytest.fixture(scope="module")
def engine(module_settings: Settings, tuned: Callable[[str], TunedFiles | None]) -> Iterator[LlamaCppEngine]:
    engine = LlamaCppEngine(ensure_base_model(module_settings), tuned, module_settings)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def reference(
    module_settings: Settings, tuned: Callable[[str], TunedFiles | None]
) -> Iterator[TransformersEngine]:
    engine = TransformersEngine(ensure_base_model(module_settings), tuned, module_settings.threads)
    yield engine
    engine.close()


def request(question: str, model: str = "base") -> ChatRequest:
    return ChatRequest(model, [{"role": "user", "content": question}])


def ask(engine: Engine, *requests: ChatRequest, **settings: Any) -> list[TokenEvent]:
    """The last event of each side."""
    generation = GenerationSettings(**{"max_new_tokens": 24, **settings})
    last: dict[int, TokenEvent] = {}
    for event in engine.stream(requests, generation, threading.Event()):
        last[event.side] = event
    return [last[side] for side in range(len(requests))]


def test_the_capital_of_france(engine: LlamaCppEngine) -> None:
    [answer] = ask(engine, request(FRANCE))
    assert answer.text == "The capital of France is Paris."
    assert (answer.finish_reason, answer.tokens) == ("stop", 7)
    assert answer.time_to_first_token_s > 0


def test_tokens_arrive_one_by_one_and_both_sides_grow_together(engine: LlamaCppEngine) -> None:
    settings = GenerationSettings(max_new_tokens=12)
    events = list(engine.stream([request(STORY), request(FRANCE)], settings, threading.Event()))
    assert [event.tokens for event in events if event.side == 0] == [*range(1, 13), 12]
    assert {event.side for event in events[:12]} == {0, 1}
    assert events[-1].finish_reason == "length"


@pytest.mark.parametrize("dora", [False, True])
@pytest.mark.parametrize("stabilised", [False, True])
def test_an_adapter_answers_as_in_transformers(
    engine: LlamaCppEngine,
    reference: TransformersEngine,
    folders: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
    dora: bool,
    stabilised: bool,
) -> None:
    name = f"adapter-{dora:d}{stabilised:d}"
    folders[name] = tmp_path_factory.mktemp(name)
    strength = 0.06 if stabilised else 0.16
    save_random_adapter(
        reference.base.folder, folders[name], strength=strength, use_dora=dora, use_rslora=stabilised
    )
    ours, theirs = (ask(each, request(PERSON, name), max_new_tokens=10)[0] for each in (engine, reference))
    plain = ask(reference, request(PERSON), max_new_tokens=10)[0]
    assert theirs.text != plain.text, "the adapter must change something"
    assert ours.text == theirs.text


def test_changed_tensors_and_the_base_are_two_models(
    engine: LlamaCppEngine, folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folders["unchanged"] = tmp_path_factory.mktemp("unchanged")
    folders["changed"] = tmp_path_factory.mktemp("changed")
    base = Tensors.of_folder(engine.base.folder)
    layers = [name for name in base if ".layers.29." in name and name.endswith("proj.weight")]
    save_changed(folders["unchanged"], {name: base[name] for name in layers})
    save_changed(folders["changed"], {name: base[name] * 0.2 for name in layers})
    answers = ask(engine, request(FRANCE), request(FRANCE, "unchanged"), request(FRANCE, "changed"))
    assert answers[0].text == answers[1].text == "The capital of France is Paris."
    assert answers[2].text != answers[0].text


def test_more_adapters_than_fit_are_served_in_turn(
    engine: LlamaCppEngine,
    folders: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ftdemo.engines.llama.pool.MAX_ADAPTERS", 2)
    names = [f"turn-{number}" for number in range(3)]
    for seed, name in enumerate(names):
        folders[name] = tmp_path_factory.mktemp(name)
        save_random_adapter(engine.base.folder, folders[name], seed=seed)
    alone = [ask(engine, request(STORY, name), max_new_tokens=8)[0].text for name in names]
    together = ask(engine, *[request(STORY, name) for name in names], max_new_tokens=8)
    assert [answer.text for answer in together] == alone
    assert len(set(alone)) == 3


def test_a_short_answer_does_not_wait_for_a_long_one(engine: LlamaCppEngine) -> None:
    long = engine.stream([request(STORY)], GenerationSettings(max_new_tokens=400), threading.Event())
    next(long)
    ask(engine, request(FRANCE))
    rest = list(long)
    assert rest[-1].finish_reason in {"length", "stop"}
    assert rest[-1].tokens > 100


def test_an_answer_goes_on_while_a_long_prompt_is_read(engine: LlamaCppEngine) -> None:
    counted = "word " * 1500 + "\nWhat did I repeat?"
    order: list[str] = []

    def tell() -> None:
        settings = GenerationSettings(max_new_tokens=200)
        order.extend("story" for _ in engine.stream([request(STORY)], settings, threading.Event()))

    teller = threading.Thread(target=tell)
    teller.start()
    while len(order) < 4:
        time.sleep(0.01)
    began = len(order)
    settings = GenerationSettings(max_new_tokens=24)
    for _ in engine.stream([request(counted)], settings, threading.Event()):
        order.append("long")
    teller.join()
    rounds = 1500 // PART
    assert order[began : order.index("long")].count("story") > (rounds - 2) * SLICE


def test_reading_in_parts_changes_no_answer(engine: LlamaCppEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [
        request(f"{start}, " + "apple, pear, plum, " * 100 + "\nWhich fruits are these?")
        for start in ("Fig", "Kiwi")
    ]
    in_parts = [ask(engine, each)[0].text for each in asked]
    monkeypatch.setattr("ftdemo.engines.llama.rounds.PART", 100_000)
    engine._rounds._pool._models.clear()  # what the slots have read is lost with them
    assert [ask(engine, each)[0].text for each in asked] == in_parts


def test_cancelling_ends_an_answer_and_frees_its_slot(engine: LlamaCppEngine) -> None:
    for _ in range(20):  # more than there are slots
        cancelled = threading.Event()
        events = []
        for event in engine.stream([request(STORY)], GenerationSettings(max_new_tokens=300), cancelled):
            events.append(event)
            cancelled.set()
        assert events[-1].finish_reason == "cancelled"
        assert events[-1].tokens < 20
    assert ask(engine, request(FRANCE))[0].finish_reason == "stop"


def test_a_reader_that_leaves_frees_its_slot(engine: LlamaCppEngine) -> None:
    for _ in range(20):
        stream = engine.stream([request(STORY)], GenerationSettings(max_new_tokens=500), threading.Event())
        next(stream)
        stream.close()
    gc.collect()
    assert ask(engine, request(FRANCE))[0].finish_reason == "stop"


def test_more_answers_than_slots_all_end(engine: LlamaCppEngine) -> None:
    answers = ask(engine, *[request(FRANCE)] * 20)
    assert {answer.text for answer in answers} == {"The capital of France is Paris."}


def test_what_has_been_read_is_not_read_again_and_changes_nothing(engine: LlamaCppEngine) -> None:
    first = ask(engine, request(STORY))[0]
    again = ask(engine, request(STORY))[0]
    assert again.text == first.text


def test_characters_of_several_tokens_arrive_whole(engine: LlamaCppEngine) -> None:
    texts = []
    for event in engine.stream(
        [request("Repeat exactly: 😀😀 中文")], GenerationSettings(max_new_tokens=30), threading.Event()
    ):
        texts.append(event.text)
    assert "😀" in texts[-1]
    assert not any("\ufffd" in text for text in texts)


def test_sampling_repeats_with_its_seed_and_changes_with_another(engine: LlamaCppEngine) -> None:
    def sample(seed: int) -> str:
        return ask(engine, request(STORY), max_new_tokens=12, temperature=1.5, seed=seed)[0].text

    assert sample(1) == sample(1)
    assert len({sample(1), sample(2), sample(3)}) > 1


def test_a_conversation_that_is_too_long_is_one_sentence(engine: LlamaCppEngine) -> None:
    with pytest.raises(UserError, match="2048 is the most here"):
        ask(engine, request("word " * 3000))
    with pytest.raises(UserError, match="more than the 8192 the model can read"):
        ask(engine, request("word " * 9000))


def test_both_engines_read_the_same_tokens(engine: LlamaCppEngine, reference: TransformersEngine) -> None:
    asked = ChatRequest(
        "base",
        [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": " Who?\n"},
            {"role": "assistant", "content": "I <|im_end|> am é 😀."},
            {"role": "user", "content": "And 中文?"},
        ],
    )
    settings = GenerationSettings()
    ours = engine._prompts.tokens(asked, settings)
    assert ours == reference._prompts.tokens(asked, settings)
    assert engine._tokeniser.end_tokens == reference._tokeniser.end_tokens
    assert engine._tokeniser.decode(ours) == reference._tokeniser.decode(ours)
