"""Packed rows compute what padded batches do: losses, gradients, and no sample sees another."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F  # noqa: N812

from ftdemo.language import attention
from ftdemo.language.attention import PACKED, supports_packing
from ftdemo.language.packing import bundles, pack, rows_of
from ftdemo.tokens.sequences import TokenisedSample, common_start
from tests.unit.tiny_model import VOCABULARY, load_tiny_model, save_tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load_tiny_model(save_tiny_model(tmp_path_factory.mktemp("tiny")))


def made_up(lengths: list[int], prompts: list[int], prefix: int = 0, seed: int = 0) -> list[TokenisedSample]:
    chance = torch.Generator().manual_seed(seed)
    shared = torch.randint(3, VOCABULARY, (prefix,), generator=chance).tolist()
    made = []
    for number, (length, prompt) in enumerate(zip(lengths, prompts, strict=True)):
        own = torch.randint(3, VOCABULARY, (length - prefix,), generator=chance).tolist()
        own[0] = 3 + number  # the samples differ from here on
        made.append(TokenisedSample(shared + own, prompt))
    return made


def padded_loss(model: Any, samples: list[TokenisedSample]) -> torch.Tensor:
    """The same sum by transformers' own attention on a padded batch."""
    model.set_attn_implementation("sdpa")
    longest = max(len(sample.ids) for sample in samples)
    ids = torch.zeros(len(samples), longest, dtype=torch.long)
    seen, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
    for row, sample in enumerate(samples):
        size = len(sample.ids)
        ids[row, :size], seen[row, :size] = torch.tensor(sample.ids), 1
        labels[row, sample.prompt_length : size] = torch.tensor(sample.ids[sample.prompt_length :])
    logits = model(input_ids=ids, attention_mask=seen, use_cache=False).logits
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), reduction="sum")


def packed_logits(model: Any, samples: list[TokenisedSample], share: bool) -> tuple[torch.Tensor, Any]:
    model.set_attn_implementation(PACKED)
    row = pack(samples, share)
    labels, predicting = row.pop("labels"), row.pop("predicting")
    return model(**row, logits_to_keep=predicting, use_cache=False).logits[0], labels


def packed_loss(model: Any, samples: list[TokenisedSample], share: bool) -> torch.Tensor:
    logits, labels = packed_logits(model, samples, share)
    return F.cross_entropy(logits, labels, reduction="sum")


def gradients(model: Any, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    model.zero_grad()
    loss.backward()
    return {name: weight.grad.clone() for name, weight in model.named_parameters()}


@pytest.fixture(autouse=True)
def known_attention() -> None:
    attention.register()


@pytest.mark.parametrize("kernel", ["plain products", "fused"])
@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize(
    ("lengths", "prompts", "prefix"),
    [
        ([12, 9, 15], [8, 7, 9], 5),
        ([12, 9, 15], [8, 7, 9], 0),
        ([20], [11], 4),
        ([7, 7], [6, 6], 5),
        ([30, 300], [10, 290], 9),
    ],
)
def test_loss_and_gradients_are_those_of_a_padded_batch(
    model: Any, lengths: list[int], prompts: list[int], prefix: int, share: bool, kernel: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(attention, "SHORT", 0 if kernel == "fused" else 10_000)
    samples = made_up(lengths, prompts, prefix)
    assert not share or pack(samples)["layout"].prefix == (prefix if len(samples) > 1 else 0)
    expected = padded_loss(model, samples)
    wanted = gradients(model, expected)
    found = packed_loss(model, samples, share)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-4)
    for name, gradient in gradients(model, found).items():
        torch.testing.assert_close(gradient, wanted[name], rtol=1e-3, atol=2e-5, msg=name)


def answers_to(prompts: list[int], answers: list[list[int]], prefix: int = 4) -> list[TokenisedSample]:
    """Several answers to each of some prompts, of so many tokens each, those to one prompt far apart."""
    chance = torch.Generator().manual_seed(1)

    def words(count: int) -> list[int]:
        return torch.randint(10, VOCABULARY, (count,), generator=chance).tolist()

    shared = words(prefix)
    asked = [[*shared, 3 + number, *words(size)] for number, size in enumerate(prompts)]
    made = [
        (place, TokenisedSample([*prompt, *words(size)], len(prompt)))
        for prompt, sizes in zip(asked, answers, strict=True)
        for place, size in enumerate(sizes)
    ]
    return [sample for _, sample in sorted(made, key=lambda one: one[0])]


NESTED = [
    ([50, 40], [[5, 9], [7, 3]], 2),
    ([50, 60, 2], [[5, 9, 2], [7, 3], [4, 4]], 3),  # the last prompt is too short to be worth it
    ([50, 40, 45], [[5, 9], [7], [6]], 2),
]


@pytest.mark.parametrize("kernel", ["plain products", "fused"])
@pytest.mark.parametrize(("prompts", "answers", "parts"), NESTED)
def test_what_answers_to_one_prompt_share_stands_once_and_changes_nothing(
    model: Any, prompts: list[int], answers: list[list[int]], parts: int, kernel: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(attention, "SHORT", 0 if kernel == "fused" else 10_000)
    samples = answers_to(prompts, answers)
    row = pack(samples)
    assert (row["layout"].prefix, len(row["layout"].parts)) == (4, parts)
    assert row["input_ids"].shape[1] == row["layout"].tokens < pack(samples, False)["input_ids"].shape[1]
    assert row["labels"].tolist() == [token for one in samples for token in one.ids[one.prompt_length :]]
    assert row["input_ids"][0, row["ends"]].tolist() == [sample.ids[-1] for sample in samples]
    assert row["position_ids"][0, row["ends"]].tolist() == [len(sample.ids) - 1 for sample in samples]
    expected = padded_loss(model, samples)
    wanted = gradients(model, expected)
    found = packed_loss(model, samples, True)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-4)
    for name, gradient in gradients(model, found).items():
        torch.testing.assert_close(gradient, wanted[name], rtol=1e-3, atol=2e-5, msg=name)
    # Each answer as if it had been read alone, whatever stands beside it.
    logits, _ = packed_logits(model, samples, True)
    alone = torch.cat([packed_logits(model, [sample], False)[0] for sample in samples])
    torch.testing.assert_close(logits, alone, rtol=1e-4, atol=1e-4)


def test_a_sample_does_not_see_another(model: Any) -> None:
    samples = made_up([12, 9, 15], [8, 7, 9], 5)
    other = TokenisedSample([*samples[1].ids[:6], *[50] * 6], 8)
    before, _ = packed_logits(model, samples, True)
    after, _ = packed_logits(model, [samples[0], other, samples[2]], True)
    torch.testing.assert_close(after[:4], before[:4])  # of the first sample
    torch.testing.assert_close(after[-6:], before[-6:])  # of the last


def test_without_a_layout_it_is_ordinary_attention(model: Any) -> None:
    ids = torch.tensor([[3, 4, 5, 6], [2, 2, 7, 8]])
    options = {"attention_mask": torch.tensor([[1, 1, 1, 1], [0, 0, 1, 1]]), "do_sample": False}
    model.set_attn_implementation("sdpa")
    expected = model.generate(ids, max_new_tokens=6, **options)
    model.set_attn_implementation(PACKED)
    assert torch.equal(model.generate(ids, max_new_tokens=6, **options), expected)


def test_models_with_windows_or_capped_scores_are_not_packed(model: Any) -> None:
    assert supports_packing(model)
    for name, value in {"sliding_window": 128, "attn_logit_softcapping": 50.0}.items():
        setattr(model.config, name, value)
        assert not supports_packing(model)
        delattr(model.config, name)


def test_the_shared_beginning_ends_before_the_last_token_of_the_shortest_prompt() -> None:
    same = [TokenisedSample([5, 6, 7, 8, 9], 4), TokenisedSample([5, 6, 7, 8, 9], 3)]
    assert common_start(same) == 2
    assert common_start([TokenisedSample([5, 6], 1), TokenisedSample([5, 6], 1)]) == 0
    assert pack(same[:1])["layout"].prefix == 0


@given(st.lists(st.integers(2, 90), min_size=1, max_size=40), st.integers(8, 128), st.integers(0, 3))
def test_rows_and_bundles_hold_each_sample_once_within_their_limit(
    lengths: list[int], limit: int, seed: int
) -> None:
    samples = [TokenisedSample([index] * length, 1) for index, length in enumerate(lengths)]
    rows = [[samples[number] for number in row] for row in rows_of(samples, row_tokens=limit)]
    for made in (rows, bundles(samples, limit, seed)):
        held = [sample for row in made for sample in row]
        assert sorted(sample.ids[0] for sample in held) == list(range(len(samples)))
        assert all(len(row) == 1 or sum(len(sample.ids) for sample in row) <= limit for row in made)
