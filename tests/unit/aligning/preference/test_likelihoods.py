"""A padded batch read packed: the same likelihoods and gradients as with its padding."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM
from trl.trainer.utils import add_fused_lm_head

from ftdemo.aligning.preference.likelihoods import read_packed
from ftdemo.language import attention
from tests.unit.tiny_ppo import save_lively_model

FIELDS = ("log_probs", "entropy", "mean_logits", "is_top1")
BATCH = [  # (prompt, answer): two answers to a prompt, and one to another
    ([3, 10, 9, 12, 4], [40, 41, 2]),
    ([3, 10, 9, 12, 4], [50, 2]),
    ([3, 11, 4], [42, 43, 44, 45, 2]),
]


def padded(left: bool) -> dict[str, torch.Tensor]:
    width = max(len(prompt) + len(answer) for prompt, answer in BATCH)
    rows: dict[str, list[list[int]]] = {"input_ids": [], "attention_mask": [], "labels": []}
    for prompt, answer in BATCH:
        ids, labels = prompt + answer, [-100] * len(prompt) + answer
        rest = width - len(ids)
        for name, row, filler in (
            ("input_ids", ids, 0), ("attention_mask", [1] * len(ids), 0), ("labels", labels, -100)
        ):  # fmt: skip
            padding = [filler] * rest
            rows[name].append(padding + row if left else row + padding)
    return {name: torch.tensor(values) for name, values in rows.items()}


@pytest.mark.parametrize("left", [False, True])
def test_likelihoods_and_gradients_are_those_of_the_padded_batch(tmp_path: Path, left: bool) -> None:
    folder = save_lively_model(tmp_path / "base").folder
    attention.register()
    models: list[Any] = [AutoModelForCausalLM.from_pretrained(folder) for _ in range(2)]
    add_fused_lm_head(models[0], outputs=FIELDS)
    models[1].set_attn_implementation(attention.PACKED)
    read_packed(models[1])
    batch = padded(left)
    # On the left of a row transformers counts no places for padding only if it is told them.
    places = (batch["attention_mask"].cumsum(1) - 1).clamp(min=0)
    wanted = models[0](**batch, position_ids=places, fused_lm_head=True)
    found = models[1](**batch, fused_lm_head=True)
    for name in FIELDS:
        torch.testing.assert_close(found[name], wanted[name], rtol=1e-4, atol=1e-4)
    weights = torch.arange(1.0, 1.0 + len(BATCH))
    for output in (wanted, found):
        (output.log_probs.sum(1) * weights).sum().backward()
    for (name, weight), other in zip(models[1].named_parameters(), models[0].parameters(), strict=True):
        torch.testing.assert_close(weight.grad, other.grad, rtol=1e-3, atol=1e-4, msg=name)


def test_what_else_is_asked_of_the_model_is_as_before(tmp_path: Path) -> None:
    model: Any = AutoModelForCausalLM.from_pretrained(save_lively_model(tmp_path / "base").folder)
    ids = torch.tensor([[3, 10, 9, 12, 4]])
    before = model(ids).logits
    read_packed(model)
    torch.testing.assert_close(model(ids).logits, before)
    assert model.generate(ids, max_new_tokens=2, do_sample=False).shape[1] > ids.shape[1]
