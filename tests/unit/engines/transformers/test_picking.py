import torch

from ftdemo.engines import GenerationSettings
from ftdemo.engines.transformers.picking import Picker, pick

LOGITS = torch.tensor([[2.0, 1.0, 0.0, -1.0], [0.0, 0.5, 3.0, 0.4]])


def picker(temperature: float = 1.0, top_p: float = 1.0, seed: int = 0) -> Picker:
    return Picker(GenerationSettings(temperature=temperature, top_p=top_p, seed=seed), "cpu")


def drawn(number: int, logits: torch.Tensor, **settings: float) -> list[int]:
    mine = picker(**settings)  # type: ignore[arg-type]
    return [pick(logits[None], [mine])[0] for _ in range(number)]


def test_greedy_rows_take_the_likeliest() -> None:
    assert pick(LOGITS, [picker(0), picker(0)]) == [0, 2]


def test_a_row_draws_the_same_beside_any_other() -> None:
    alone = drawn(20, LOGITS[1], temperature=2.0, seed=5)
    mine, other, greedy = picker(2.0, seed=5), picker(3.0, seed=6), picker(0)
    logits = torch.cat([LOGITS, LOGITS[:1]])
    beside = [pick(logits, [other, mine, greedy])[1] for _ in range(20)]
    assert beside == alone
    assert len(set(alone)) > 1


def test_seeds_differ() -> None:
    assert len({tuple(drawn(20, LOGITS[0], temperature=2.0, seed=seed)) for seed in range(5)}) == 5


def test_frequencies_are_those_of_the_softmax() -> None:
    found = torch.bincount(torch.tensor(drawn(4000, LOGITS[0], temperature=2.0)), minlength=4) / 4000
    assert torch.allclose(found, (LOGITS[0] / 2).softmax(0), atol=0.03)


def test_the_nucleus_is_the_smallest_set_that_reaches_top_p() -> None:
    # Probabilities 0.64, 0.24, 0.09, 0.03.
    assert set(drawn(200, LOGITS[0], top_p=0.6)) == {0}
    assert set(drawn(200, LOGITS[0], top_p=0.7)) == {0, 1}
    assert set(drawn(200, LOGITS[0], top_p=0.001)) == {0}


def test_a_temperature_near_zero_is_greedy() -> None:
    assert set(drawn(50, LOGITS[0] * 1000, temperature=1e-30)) == {0}
