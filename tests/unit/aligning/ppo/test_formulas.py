"""PPO's formulas against slow or hand-worked versions of themselves, and their gradients."""

import math

import pytest
import torch
from torch import Tensor

from ftdemo.aligning.ppo.advantages import gae, leave_one_out, masked_mean, whiten
from ftdemo.aligning.ppo.kl import KlController
from ftdemo.aligning.ppo.losses import policy_loss, value_loss
from ftdemo.aligning.ppo.token_rewards import k1, k3, token_divergence, token_rewards
from ftdemo.language.likelihoods import token_entropy


def made_up(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def mask_of(*lengths: int) -> Tensor:
    return torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]


MASK = mask_of(5, 1, 7, 3)


@pytest.mark.parametrize(("gamma", "lam"), [(1.0, 0.95), (0.9, 0.5), (1.0, 1.0), (0.97, 0.0), (0.0, 0.7)])
def test_gae_is_the_double_sum_of_its_definition(gamma: float, lam: float) -> None:
    rewards, values = made_up(4, 7), made_up(4, 7, seed=1)
    advantages, returns = gae(rewards, values, MASK, gamma, lam)
    for answer, length in enumerate(MASK.sum(dim=1).tolist()):
        for t in range(length):
            expected = 0.0
            for later in range(t, length):  # A_t = sum over l of (γλ)^l δ_{t+l}
                value_after = float(values[answer, later + 1]) if later + 1 < length else 0.0
                delta = float(rewards[answer, later]) + gamma * value_after - float(values[answer, later])
                expected += (gamma * lam) ** (later - t) * delta
            assert float(advantages[answer, t]) == pytest.approx(expected, abs=1e-12)
            assert float(returns[answer, t]) == pytest.approx(expected + float(values[answer, t]), abs=1e-12)
    assert not advantages[~MASK].any()
    assert not returns[~MASK].any()


def test_what_stands_beyond_an_answer_changes_nothing() -> None:
    rewards, values = made_up(4, 7), made_up(4, 7, seed=1)
    before = gae(rewards, values, MASK, 0.9, 0.8)
    after = gae(rewards.masked_fill(~MASK, 99.0), values.masked_fill(~MASK, -99.0), MASK, 0.9, 0.8)
    assert torch.equal(before[0], after[0])


def test_with_lambda_one_and_no_discount_the_return_is_the_sum_of_rewards_to_come() -> None:
    rewards, values = made_up(4, 7), made_up(4, 7, seed=1)
    _, returns = gae(rewards, values, MASK, 1.0, 1.0)
    assert float(returns[2, 3]) == pytest.approx(float(rewards[2, 3:].sum()))


def test_whitened_values_have_mean_zero_and_variance_one_within_the_mask() -> None:
    found = whiten(5 * made_up(4, 7) + 3, MASK)
    assert float(found[MASK].mean()) == pytest.approx(0, abs=1e-12)
    assert float(found[MASK].var(unbiased=False)) == pytest.approx(1, abs=1e-6)
    assert not found[~MASK].any()
    assert not whiten(torch.full((4, 7), 2.0), MASK).any()


def test_rloo_compares_with_the_mean_of_the_other_answers() -> None:
    rewards = torch.tensor([1.0, 2.0, 6.0, 0.0, 0.0, -3.0])
    wanted = [1 - 4, 2 - 3.5, 6 - 1.5, 0 + 1.5, 0 + 1.5, -3 - 0]
    assert leave_one_out(rewards, 3).tolist() == pytest.approx(wanted)
    assert float(leave_one_out(made_up(12), 4).sum()) == pytest.approx(0, abs=1e-12)


def test_policy_loss_worked_by_hand() -> None:
    # Ratios 1.5, 0.5, 1.1, 0.5, 1.5 with ε = 0.2: the first and the fourth token gain no more; the rest do.
    ratios = torch.tensor([[1.5, 0.5, 1.1], [0.5, 1.5, 7.0]])
    advantages = torch.tensor([[2.0, 1.0, -1.0], [-2.0, -1.0, 5.0]])
    mask = torch.tensor([[True, True, True], [True, True, False]])
    old = torch.full((2, 3), -1.3)
    found = policy_loss(old + ratios.log(), old, advantages, mask, 0.2)
    wanted = -(1.2 * 2 + 0.5 * 1 + 1.1 * -1 + 0.8 * -2 + 1.5 * -1) / 5
    assert float(found.loss) == pytest.approx(wanted, rel=1e-6)
    assert float(found.clip_share) == pytest.approx(2 / 5)
    divergence = sum(ratio - 1 - math.log(ratio) for ratio in (1.5, 0.5, 1.1, 0.5, 1.5)) / 5
    assert float(found.divergence) == pytest.approx(divergence, rel=1e-5)


def test_value_loss_worked_by_hand() -> None:
    # ε = 0.2. Near: (0.1-1)². Ran 1.0 towards the return: held at 0.2, (0.2-1)². Ran away: (-1-1)².
    values, old = torch.tensor([[0.1, 1.0, -1.0, 9.0]]), torch.zeros(1, 4)
    mask = torch.tensor([[True, True, True, False]])
    found = value_loss(values, old, torch.ones(1, 4), mask, 0.2)
    assert float(found) == pytest.approx(0.5 * (0.81 + 0.64 + 4.0) / 3, rel=1e-6)


def test_losses_are_those_of_the_usual_formulation() -> None:
    """Maxima of negated terms and means by multiplying with the mask, as others write it."""
    new, old, advantages = made_up(4, 7), made_up(4, 7, seed=1), made_up(4, 7, seed=2)
    weight = MASK.double()
    ratio = torch.exp(new - old)
    terms = torch.max(-advantages * ratio, -advantages * torch.clamp(ratio, 0.8, 1.2))
    wanted = (terms * weight).sum() / weight.sum()
    assert float(policy_loss(new, old, advantages, MASK, 0.2).loss) == pytest.approx(float(wanted))
    clipped = torch.clamp(new, old - 0.2, old + 0.2)
    terms = torch.max(torch.square(new - advantages), torch.square(clipped - advantages))
    wanted = 0.5 * (terms * weight).sum() / weight.sum()
    assert float(value_loss(new, old, advantages, MASK, 0.2)) == pytest.approx(float(wanted))


def test_entropy_of_known_distributions() -> None:
    assert float(token_entropy(torch.zeros(64))) == pytest.approx(math.log(64), rel=1e-6)
    assert float(token_entropy(torch.tensor([100.0, 0.0, 0.0]))) == pytest.approx(0, abs=1e-6)
    half = torch.tensor([[0.5, 0.25, 0.25]]).log()
    assert float(token_entropy(half)) == pytest.approx(1.5 * math.log(2), rel=1e-6)


def test_gradients_of_the_losses_are_right() -> None:
    old, target = made_up(4, 7, seed=1), made_up(4, 7, seed=2)
    # Away from where the clipped and the plain branch meet, where there is no gradient to compare with.
    new = (old + 0.4 * torch.sign(made_up(4, 7, seed=3)) * (1 + made_up(4, 7, seed=4).abs())).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: policy_loss(x, old, target, MASK, 0.2).loss, new)
    assert torch.autograd.gradcheck(lambda x: value_loss(x, old, target, MASK, 0.2), new)
    assert torch.autograd.gradcheck(token_entropy, made_up(3, 5).requires_grad_())


def test_what_is_outside_the_mask_spoils_no_gradient() -> None:
    new = torch.zeros(1, 2, requires_grad=True)
    old = torch.tensor([[0.0, -torch.inf]])
    policy_loss(new, old, torch.ones(1, 2), torch.tensor([[True, False]]), 0.2).loss.backward()
    assert new.grad is not None
    assert new.grad.tolist() == [[-1.0, 0.0]]


def test_at_the_start_the_loss_is_the_mean_advantage_and_its_gradient_the_policy_gradient() -> None:
    logprobs, advantages = made_up(4, 7).requires_grad_(), made_up(4, 7, seed=1)
    found = policy_loss(logprobs, logprobs.detach(), advantages, MASK, 0.2)
    assert found.loss.item() == pytest.approx(-float(masked_mean(advantages, MASK)))
    assert float(found.clip_share) == float(found.divergence) == 0
    found.loss.backward()
    torch.testing.assert_close(logprobs.grad, (-advantages / MASK.sum()).masked_fill(~MASK, 0))


def test_rewards_are_the_price_of_each_token_and_the_score_at_the_last() -> None:
    logprobs, reference = torch.tensor([[-1.0, -2.0, 5.0]]), torch.tensor([[-1.5, -1.0, -9.0]])
    found = token_rewards(torch.tensor([3.0]), logprobs, reference, mask_of(2, 3)[:1], 0.1)
    assert found[0].tolist() == pytest.approx([-0.05, 3.0 + 0.1, 0.0])


def test_both_estimators_are_the_divergence_on_average() -> None:
    policy, reference = torch.log_softmax(made_up(9), 0), torch.log_softmax(made_up(9, seed=1), 0)
    divergence = float((policy.exp() * (policy - reference)).sum())
    assert float((policy.exp() * k1(policy, reference)).sum()) == pytest.approx(divergence)
    assert float((policy.exp() * k3(policy, reference)).sum()) == pytest.approx(divergence)
    assert bool((k3(policy, reference) >= 0).all())


def test_the_divergence_of_a_token_is_that_of_its_distributions() -> None:
    policy = torch.tensor([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]]).clamp(min=1e-30).log()
    reference = torch.tensor([[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]]).log()
    wanted = [0.25 * math.log(2), math.log(2)]
    assert token_divergence(policy + 3.0, reference - 2.0).tolist() == pytest.approx(wanted, abs=1e-6)
    assert token_divergence(policy, policy).tolist() == [0.0, 0.0]


def test_the_price_follows_the_divergence_no_faster_than_it_may() -> None:
    fixed = KlController(0.05)
    fixed.update(1000.0)
    assert fixed.coefficient == 0.05
    adaptive = KlController(0.05, target=6.0)
    adaptive.update(6.6)  # 10 % too far
    assert adaptive.coefficient == pytest.approx(0.05 * 1.01)
    adaptive.update(600.0)
    assert adaptive.coefficient == pytest.approx(0.05 * 1.01 * 1.02)
    adaptive.update(0.0)
    assert adaptive.coefficient == pytest.approx(0.05 * 1.01 * 1.02 * 0.98)
