"""PPO's losses (Schulman et al. 2017, arXiv:1707.06347). All are means over the tokens of answers."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ftdemo.aligning.ppo.advantages import masked_mean
from ftdemo.aligning.ppo.token_rewards import k3


@dataclass(frozen=True)
class PolicyLoss:
    """The clipped policy loss and what was seen in computing it.

    Args:
        loss: to be minimised.
        clip_share: share of the tokens whose probability went so far that they are rewarded no more.
        divergence: mean k3 estimate of the KL divergence from the policy that sampled to the present one, in
            nats a token.
    """

    loss: Tensor
    clip_share: Tensor
    divergence: Tensor


def policy_loss(logprobs: Tensor, old: Tensor, advantages: Tensor, mask: Tensor, clip: float) -> PolicyLoss:
    """-mean min(ρ·A, clip(ρ, 1-ε, 1+ε)·A) with ρ = π / π_old (equation 7 of the paper).

    Args:
        logprobs: log-probabilities of the answers' tokens under the present policy, in nats.
        old: the same under the policy that sampled them, without gradient.
        advantages: how much better each token did than was expected, without gradient.
        mask: true for tokens that count; all four have one shape.
        clip: ε.
    """
    # Outside the mask anything may stand, and exp of it must not spoil the gradient.
    log_ratio = (logprobs - old).masked_fill(~mask, 0.0)
    ratio = log_ratio.exp()
    plain, clipped = ratio * advantages, ratio.clamp(1 - clip, 1 + clip) * advantages
    loss = -masked_mean(torch.minimum(plain, clipped), mask)
    with torch.no_grad():
        clip_share = masked_mean((clipped < plain).float(), mask)
        divergence = masked_mean(k3(old, logprobs), mask)
    return PolicyLoss(loss, clip_share, divergence)


def value_loss(values: Tensor, old: Tensor, returns: Tensor, mask: Tensor, clip: float) -> Tensor:
    """½·mean max((V - R)², (clip(V, V_old-ε, V_old+ε) - R)²): a value may not run far in one batch.

    Not in the paper's text but in its authors' code (https://github.com/openai/baselines, `ppo2`).

    Args:
        values: expected rewards under the present value head, in units of the score.
        old: the same when the answers were sampled, without gradient.
        returns: what they should have been, without gradient.
        mask: true for tokens that count; all four have one shape.
        clip: ε.
    """
    near = torch.minimum(torch.maximum(values, old - clip), old + clip)
    worse = torch.maximum((values - returns).square(), (near - returns).square())
    return 0.5 * masked_mean(worse, mask)
