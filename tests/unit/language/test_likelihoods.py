"""Likelihoods and end states against plain loops over single sequences."""

from pathlib import Path
from typing import Any

import pytest
import torch

from ftdemo.language import attention
from ftdemo.language.likelihoods import by_answer, read, token_entropy
from ftdemo.language.states import end_states
from ftdemo.tokens.sequences import TokenisedSample
from tests.unit.tiny_model import load_tiny_model, save_tiny_model

SAMPLES = [
    TokenisedSample([3, 10, 9, 12, 4, 40, 41, 2], 5),
    TokenisedSample([3, 11, 4, 42, 43, 44, 45, 2], 3),
    TokenisedSample([3, 10, 9, 12, 4, 50], 5),
]


@pytest.fixture
def model(tmp_path: Path) -> Any:
    attention.register()
    made = load_tiny_model(save_tiny_model(tmp_path / "tiny"))
    made.set_attn_implementation(attention.PACKED)
    return made


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_likelihoods_are_those_of_a_plain_loop(model: Any, packed: bool, temperature: float) -> None:
    rows = [SAMPLES] if packed else [[sample] for sample in SAMPLES]
    for row in rows:
        found = read(model, row, packed=packed, temperature=temperature, states=True)
        assert found.states is not None
        logprobs, logits, states = [], [], []
        for sample in row:
            output = model(torch.tensor([sample.ids]), output_hidden_states=True)
            answered = slice(sample.prompt_length - 1, -1)
            logits.append(output.logits[0, answered] / temperature)
            states.append(output.hidden_states[-1][0, answered])
            answer = torch.tensor(sample.ids[sample.prompt_length :])
            logprobs.append(logits[-1].log_softmax(-1).gather(1, answer[:, None])[:, 0])
        torch.testing.assert_close(found.logprobs, torch.cat(logprobs), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(found.logits, torch.cat(logits), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(found.states, torch.cat(states), rtol=1e-4, atol=1e-5)
        assert found.tokens.tolist() == [token for one in row for token in one.ids[one.prompt_length :]]
        table = by_answer(found.logprobs, found.mask)
        for of_answer, wanted in zip(table, logprobs, strict=True):
            torch.testing.assert_close(of_answer[: len(wanted)], wanted, rtol=1e-4, atol=1e-5)
            assert not of_answer[len(wanted) :].any()
        torch.testing.assert_close(
            token_entropy(found.logits), torch.distributions.Categorical(logits=found.logits).entropy()
        )


def test_the_wrapped_model_is_called_whole_and_gradients_flow(model: Any) -> None:
    calls = []
    model.register_forward_hook(lambda *_: calls.append("called"))

    class Wrapper(torch.nn.Module):
        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, **given: Any) -> Any:
            calls.append("wrapped")
            return self.inner(**given)

    read(Wrapper(model), SAMPLES, packed=True).logprobs.sum().backward()
    assert calls == ["wrapped", "called"]
    assert all(weight.grad is not None for weight in model.parameters())
    with torch.no_grad():
        assert not read(model, SAMPLES, packed=True, states=True).logprobs.requires_grad
    assert not model.get_output_embeddings()._forward_pre_hooks


@pytest.mark.parametrize("packed", [True, False])
def test_the_state_at_the_end_is_that_of_the_sequence_alone(model: Any, packed: bool) -> None:
    samples = [*SAMPLES, TokenisedSample([5], 1)]
    found = end_states(model, samples, packed=packed)
    for sample, state in zip(samples, found, strict=True):
        alone = model(torch.tensor([sample.ids]), output_hidden_states=True).hidden_states[-1][0, -1]
        torch.testing.assert_close(state, alone, rtol=1e-4, atol=1e-5)
