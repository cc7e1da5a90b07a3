"""Whoever else asks, an answer is the one it is alone: greedy, sampled, of any model, joined on the way."""

from typing import Any

import pytest
import torch
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

from ftdemo.engines import GenerationSettings
from ftdemo.engines.transformers.pool import ModelPool
from ftdemo.engines.transformers.steps import Steps, TunedGeneration
from ftdemo.models.base import BaseModel
from ftdemo.weights.tuned_files import TunedFiles
from tests.unit.tiny_model import VOCABULARY

from .answers import END, LENGTH, LONG, OTHER, PART, SHORT, Answer, begin, generated, said_by

TINY: dict[str, Any] = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3,
    "max_position_embeddings": 1024, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2,
}  # fmt: skip


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
    running = Steps(ModelPool(model), "cpu", {END}, PART)
    late: list[Answer] = []
    first = Answer()
    first.when = lambda count: late.append(begin(running, LONG)) if count in {3, 5} else None
    running.submit(TunedGeneration(None, OTHER, LENGTH, first.cancelled, first.hear))
    assert first.wait() == said_by(model, OTHER)
    assert [answer.wait() for answer in late] == [said_by(model, LONG)] * 2
    answers = [begin(running, prompt) for prompt in (SHORT, LONG, OTHER)]
    assert [answer.wait() for answer in answers] == [said_by(model, p) for p in (SHORT, LONG, OTHER)]
    running.close()


def test_an_end_token_ends_an_answer(pool: ModelPool, base: BaseModel) -> None:
    whole = generated(base, SHORT)
    end = whole[5]
    running = Steps(pool, "cpu", {end}, PART)
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


def test_cancelling_a_neighbour_changes_no_answer(running: Steps, base: BaseModel) -> None:
    neighbour = begin(running, LONG, GenerationSettings(max_new_tokens=500))
    answer = Answer()
    answer.when = lambda count: neighbour.cancelled.set() if count == 8 else None
    running.submit(TunedGeneration(None, SHORT, LENGTH, answer.cancelled, answer.hear))
    assert answer.wait() == generated(base, SHORT)
    neighbour.wait()
    assert neighbour.end == "cancelled"


def test_sampling_is_the_same_beside_any_neighbour(running: Steps) -> None:
    def sampled(seed: int) -> Answer:
        settings = GenerationSettings(max_new_tokens=24, temperature=1.5, top_p=0.9, seed=seed)
        return begin(running, OTHER, settings)

    alone = [sampled(seed).wait() for seed in range(4)]
    beside = [sampled(0), begin(running, LONG), sampled(1), begin(running, SHORT), sampled(2), sampled(3)]
    assert [beside[at].wait() for at in (0, 2, 4, 5)] == alone
    assert len({tuple(tokens) for tokens in alone}) == 4
