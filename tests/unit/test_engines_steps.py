"""Continuous batching on a tiny random model: whoever else asks, an answer is the one it is alone."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    Lfm2Config,
    Lfm2ForCausalLM,
    MistralConfig,
    MistralForCausalLM,
)

from ftdemo.engines import GenerationSettings, adapters, steps
from ftdemo.engines.batch import Batch
from ftdemo.engines.steps import Steps, TunedGeneration
from ftdemo.engines.weights import WeightsPool
from ftdemo.models.base import BaseModel
from ftdemo.models.tuned_files import TunedFiles, tuned_files

from .tiny_model import VOCABULARY, load_tiny_model, save_tiny_model

END = VOCABULARY
"""No model says it, so that answers are as long as they may be."""
PART = 16
SHORT, OTHER, LONG = [5, 9, 11], [30, 7, 8, 41, 3], [(7 * n) % VOCABULARY for n in range(5, 75)]
TINY: dict[str, Any] = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3,
    "max_position_embeddings": 1024, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2,
}  # fmt: skip
LENGTH = GenerationSettings(max_new_tokens=24)


class Answer:
    """Submits a generation and notes what is heard of it.

    Args:
        log: what is heard of all answers, in order, with whose it is.
    """

    def __init__(self, log: "list[tuple[Answer, Any]] | None" = None) -> None:
        self.tokens: list[int] = []
        self.end: Any = None
        self.ended = threading.Event()
        self.cancelled = threading.Event()
        self.when: Callable[[int], None] = lambda count: None
        self._log = [] if log is None else log

    def hear(self, what: Any) -> None:
        self._log.append((self, what))
        if isinstance(what, int):
            self.tokens.append(what)
            self.when(len(self.tokens))
        else:
            self.end = what
            self.ended.set()

    def wait(self) -> list[int]:
        assert self.ended.wait(60), "the answer did not end"
        if isinstance(self.end, BaseException):
            raise self.end
        return self.tokens


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    """A model whose next token depends on all it has read: freshly made ones only repeat themselves."""
    base = save_tiny_model(tmp_path_factory.mktemp("tiny") / "base", tied=False)
    model = load_tiny_model(base)
    torch.manual_seed(1)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(base.folder)
    return base


@pytest.fixture
def weights(base: BaseModel) -> WeightsPool:
    return WeightsPool(load_tiny_model(base))


@pytest.fixture
def running(weights: WeightsPool) -> Iterator[Steps]:
    running = Steps(weights, "cpu", {END}, PART)
    yield running
    running.close()


@pytest.fixture(scope="module")
def tuned(base: BaseModel, tmp_path_factory: pytest.TempPathFactory) -> dict[str, TunedFiles]:
    """Models 'a', 'b', 'c', … with an adapter, and 'x', 'y', 'z' with changed tensors."""
    found = {}
    for seed, name in enumerate("abcdefghijkl"):
        torch.manual_seed(seed)
        peft = get_peft_model(load_tiny_model(base), LoraConfig(r=4, target_modules=["q_proj", "v_proj"]))
        for key, parameter in peft.named_parameters():
            if "lora_B" in key:
                torch.nn.init.normal_(parameter, std=0.5)
        folder = tmp_path_factory.mktemp(f"adapter-{name}")
        peft.save_pretrained(folder)
        found[name] = folder
    for seed, name in enumerate("xyz"):
        torch.manual_seed(seed)
        folder = tmp_path_factory.mktemp(f"changed-{name}")
        key = "model.layers.1.mlp.up_proj.weight"
        save_file({key: torch.randn(48, 32)}, folder / "changed.safetensors")
        found[name] = folder
    return {name: files for name, folder in found.items() if (files := tuned_files(folder))}


def begin(
    running: Steps,
    prompt: Sequence[int],
    settings: GenerationSettings = LENGTH,
    files: TunedFiles | None = None,
    log: "list[tuple[Answer, Any]] | None" = None,
) -> Answer:
    answer = Answer(log)
    running.submit(TunedGeneration(files, prompt, settings, answer.cancelled, answer.hear))
    return answer


def generated(base: BaseModel, prompt: Sequence[int], tokens: int = 24) -> list[int]:
    """What `generate` answers."""
    return said_by(load_tiny_model(base), prompt, tokens)


def said_by(model: Any, prompt: Sequence[int], tokens: int = 24) -> list[int]:
    output = model.generate(
        torch.tensor([list(prompt)]),
        max_new_tokens=tokens,
        do_sample=False,
        eos_token_id=END,
        pad_token_id=END,
    )
    return list(output[0, len(prompt) :].tolist())


@pytest.mark.parametrize("prompt", [SHORT, OTHER, LONG, LONG[: PART + 1], LONG[:PART], [1]])
def test_greedy_tokens_are_those_of_generate(running: Steps, base: BaseModel, prompt: list[int]) -> None:
    answer = begin(running, prompt)
    assert answer.wait() == generated(base, prompt)
    assert answer.end == "length"


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        (
            MistralForCausalLM,
            MistralConfig(sliding_window=8, num_attention_heads=4, num_key_value_heads=2, **TINY),
        ),
        (
            Gemma2ForCausalLM,
            Gemma2Config(sliding_window=8, num_attention_heads=4, num_key_value_heads=2, head_dim=8, **TINY),
        ),
        (GPT2LMHeadModel, GPT2Config(n_embd=32, n_layer=3, n_head=4, vocab_size=VOCABULARY, n_positions=256)),
        (
            Lfm2ForCausalLM,
            Lfm2Config(
                layer_types=["conv", "full_attention", "conv"],
                num_attention_heads=4, num_key_value_heads=2, **TINY,
            ),
        ),
    ],
)  # fmt: skip
def test_other_families(kind: Any, config: Any) -> None:
    """Attention that looks back a few tokens, learned positions, and layers that keep no keys and values."""
    torch.manual_seed(3)
    model = kind(config).eval()
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    running = Steps(WeightsPool(model), "cpu", {END}, PART)
    late: list[Answer] = []
    first = Answer()
    first.when = lambda count: late.append(begin(running, LONG)) if count in {3, 5} else None
    running.submit(TunedGeneration(None, OTHER, LENGTH, first.cancelled, first.hear))
    assert first.wait() == said_by(model, OTHER)
    assert [answer.wait() for answer in late] == [said_by(model, LONG)] * 2
    answers = [begin(running, prompt) for prompt in (SHORT, LONG, OTHER)]
    assert [answer.wait() for answer in answers] == [said_by(model, p) for p in (SHORT, LONG, OTHER)]
    running.close()


def test_an_end_token_ends_an_answer(weights: WeightsPool, base: BaseModel) -> None:
    whole = generated(base, SHORT)
    end = whole[5]
    running = Steps(weights, "cpu", {end}, PART)
    answer = begin(running, SHORT)
    assert answer.wait() == whole[: whole.index(end) + 1]
    assert answer.end == "stop"
    running.close()


def test_prompts_of_different_lengths_begin_together(running: Steps, base: BaseModel) -> None:
    prompts = [SHORT, OTHER, LONG, [1], OTHER[:2], LONG[:30]]
    answers = [begin(running, prompt) for prompt in prompts]
    assert [answer.wait() for answer in answers] == [generated(base, prompt) for prompt in prompts]


@pytest.mark.parametrize("late", [SHORT, LONG])
def test_joining_on_the_way_changes_no_answer(running: Steps, base: BaseModel, late: list[int]) -> None:
    first, joined = Answer(), []
    first.when = lambda count: joined.append(begin(running, late)) if count in {3, 10} else None
    running.submit(TunedGeneration(None, OTHER, LENGTH, first.cancelled, first.hear))
    assert first.wait() == generated(base, OTHER)
    assert [answer.wait() for answer in joined] == [generated(base, late)] * 2


def test_a_second_answer_begins_before_the_first_has_ended(running: Steps) -> None:
    log: list[tuple[Answer, Any]] = []
    first = begin(running, OTHER, GenerationSettings(max_new_tokens=60), log=log)
    second = begin(running, SHORT, GenerationSettings(max_new_tokens=2), log=log)
    first.wait()
    second.wait()
    order = [who for who, _ in log]
    assert order.index(second) < len(order) - 1 - order[::-1].index(first)


def test_tokens_of_others_come_between_the_parts_of_a_long_prompt(running: Steps) -> None:
    log: list[tuple[Answer, Any]] = []
    first, began = Answer(log), threading.Event()
    late: list[Answer] = []

    def join(count: int) -> None:
        if count == 2:
            late.append(begin(running, LONG, log=log))
            began.set()

    first.when = join
    settings = GenerationSettings(max_new_tokens=40)
    running.submit(TunedGeneration(None, SHORT, settings, first.cancelled, first.hear))
    assert began.wait(60)
    late[0].wait()
    order = [who for who, _ in log]
    assert order[: order.index(late[0])].count(first) >= 2 + len(LONG) // PART


def test_a_short_prompt_passes_a_long_one(weights: WeightsPool) -> None:
    running = Steps(weights, "cpu", {END}, part=4)
    log: list[tuple[Answer, Any]] = []
    slow, quick = begin(running, LONG, log=log), begin(running, SHORT, log=log)
    slow.wait()
    quick.wait()
    assert log[0][0] is quick
    running.close()


def test_adapters_and_changed_models_beside_the_base(running: Steps, tuned: dict[str, TunedFiles]) -> None:
    alone = {name: begin(running, OTHER, files=tuned.get(name)).wait() for name in ("base", "a", "b", "x")}
    assert len({tuple(tokens) for tokens in alone.values()}) == 4
    names = ["a", "base", "x", "b", "a", "base"]
    answers = [begin(running, OTHER, files=tuned.get(name)) for name in names]
    assert [answer.wait() for answer in answers] == [alone[name] for name in names]


def test_an_adapter_that_joins_changes_nothing_for_the_base(
    running: Steps, base: BaseModel, tuned: dict[str, TunedFiles]
) -> None:
    first, late = Answer(), []
    first.when = lambda count: late.append(begin(running, SHORT, files=tuned["a"])) if count == 4 else None
    running.submit(TunedGeneration(None, OTHER, LENGTH, first.cancelled, first.hear))
    assert first.wait() == generated(base, OTHER)
    assert late[0].wait() == begin(running, SHORT, files=tuned["a"]).wait()


def test_adapters_in_use_do_not_leave_and_others_do(
    running: Steps, weights: WeightsPool, tuned: dict[str, TunedFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters, "MAX_ADAPTERS", 2)
    names = "abcdefghijk"
    alone = {name: begin(running, OTHER, files=tuned[name]).wait() for name in names}
    answers = {name: begin(running, OTHER, files=tuned[name]) for name in names}
    assert {name: answer.wait() for name, answer in answers.items()} == alone
    begin(running, OTHER, files=tuned["l"]).wait()
    assert len(weights.adapters(None)._loaded) == 2


def test_more_changed_models_than_fit_wait_and_let_the_base_pass(
    running: Steps, tuned: dict[str, TunedFiles], weights: WeightsPool
) -> None:
    alone = {name: begin(running, OTHER, files=tuned[name]).wait() for name in "xyz"}
    long = GenerationSettings(max_new_tokens=300)
    holders = [begin(running, OTHER, long, tuned[name]) for name in "xy"]
    waiting = begin(running, OTHER, files=tuned["z"])
    begin(running, SHORT, GenerationSettings(max_new_tokens=2)).wait()
    assert not waiting.tokens
    assert len(weights._changed) == 2
    for holder in holders:
        holder.cancelled.set()
    assert waiting.wait() == alone["z"]
    assert len(weights._changed) == 2


def test_cancelling_ends_one_answer_and_frees_its_row(running: Steps, base: BaseModel) -> None:
    endless = GenerationSettings(max_new_tokens=900)
    for _ in range(2 * steps.MOST_ROWS):
        answer = Answer()
        answer.when = lambda count, mine=answer: mine.cancelled.set() if count == 2 else None  # type: ignore[misc]
        running.submit(TunedGeneration(None, SHORT, endless, answer.cancelled, answer.hear))
        assert len(answer.wait()) == 2
        assert answer.end == "cancelled"
    other = begin(running, OTHER)
    assert other.wait() == generated(base, OTHER)


def test_cancelling_a_neighbour_changes_no_answer(running: Steps, base: BaseModel) -> None:
    neighbour = begin(running, LONG, GenerationSettings(max_new_tokens=500))
    answer = Answer()
    answer.when = lambda count: neighbour.cancelled.set() if count == 8 else None
    running.submit(TunedGeneration(None, SHORT, LENGTH, answer.cancelled, answer.hear))
    assert answer.wait() == generated(base, SHORT)
    neighbour.wait()
    assert neighbour.end == "cancelled"


def test_an_answer_that_waits_can_be_cancelled(running: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "MOST_ROWS", 1)
    holder = begin(running, SHORT, GenerationSettings(max_new_tokens=900))
    waiting = begin(running, SHORT)
    waiting.cancelled.set()
    assert waiting.wait() == []
    assert waiting.end == "cancelled"
    holder.cancelled.set()
    holder.wait()


@pytest.mark.parametrize(("limit", "most"), [("MOST_ROWS", 3), ("MOST_ROOM", 100), ("MOST_ROOM", 1)])
def test_more_answers_than_fit_wait_in_order(
    running: Steps, base: BaseModel, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    monkeypatch.setattr(steps, limit, most)
    log: list[tuple[Answer, Any]] = []
    answers = [begin(running, SHORT, log=log) for _ in range(7)]
    assert [answer.wait() for answer in answers] == [generated(base, SHORT)] * 7
    assert list(dict.fromkeys(who for who, _ in log)) == answers
    assert [who for who, what in log if isinstance(what, str)] == answers


def test_sampling_is_the_same_beside_any_neighbour(running: Steps) -> None:
    def sampled(seed: int) -> Answer:
        settings = GenerationSettings(max_new_tokens=24, temperature=1.5, top_p=0.9, seed=seed)
        return begin(running, OTHER, settings)

    alone = [sampled(seed).wait() for seed in range(4)]
    beside = [sampled(0), begin(running, LONG), sampled(1), begin(running, SHORT), sampled(2), sampled(3)]
    assert [beside[at].wait() for at in (0, 2, 4, 5)] == alone
    assert len({tuple(tokens) for tokens in alone}) == 4


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


def test_closing_ends_the_answers_and_the_thread(weights: WeightsPool) -> None:
    running = Steps(weights, "cpu", {END}, PART)
    answer = begin(running, SHORT, GenerationSettings(max_new_tokens=900))
    running.close()
    answer.wait()
    assert answer.end == "cancelled"
    assert not running._thread.is_alive()
    with pytest.raises(RuntimeError, match="closed"):
        begin(running, SHORT)
