"""How much better each token did than was expected."""

import torch
from torch import Tensor


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """The mean of the values where the mask is true.

    Args:
        values: of any shape.
        mask: booleans of the same shape, at least one of them true.
    """
    return values.masked_fill(~mask, 0.0).sum() / mask.sum()


def whiten(values: Tensor, mask: Tensor) -> Tensor:
    """Shift and scale the values where the mask is true to mean 0 and variance 1; elsewhere they become 0.

    Args:
        values: of any shape.
        mask: booleans of the same shape.
    """
    centred = values - masked_mean(values, mask)
    variance = masked_mean(centred.square(), mask)
    # The small number keeps a batch of equal values at 0 instead of dividing by 0.
    return (centred * torch.rsqrt(variance + 1e-8)).masked_fill(~mask, 0.0)


def gae(rewards: Tensor, values: Tensor, mask: Tensor, gamma: float, lam: float) -> tuple[Tensor, Tensor]:
    """Generalised advantage estimation (Schulman et al. 2015, arXiv:1506.02438, equation 16).

    δ_t = r_t + γ·V_{t+1} - V_t and A_t = δ_t + γλ·A_{t+1}; after an answer's last token both V and A are 0.

    Args:
        rewards: of each token, of shape (answers, longest).
        values: the reward expected from before each token on (V), of the same shape.
        mask: true for an answer's tokens, which come first in each row.
        gamma: discount of rewards a token later (γ).
        lam: 0 trusts the next value, 1 the rewards alone (λ).

    Returns:
        The advantages A, and the returns A + V that the values should have been; 0 outside the mask.
    """
    rewards, values = rewards.masked_fill(~mask, 0.0), values.masked_fill(~mask, 0.0)
    advantages = torch.zeros_like(values)
    next_value = next_advantage = torch.zeros_like(values[:, 0])
    for t in reversed(range(values.shape[1])):
        delta = rewards[:, t] + gamma * next_value - values[:, t]
        # Beyond an answer's end rewards and values are 0, and so this is.
        next_advantage = delta + gamma * lam * next_advantage
        next_value = values[:, t]
        advantages[:, t] = next_advantage
    return advantages, advantages + values


def leave_one_out(rewards: Tensor, samples_per_prompt: int) -> Tensor:
    """RLOO's advantages (Kool et al. 2019; Ahmadian et al. 2024, arXiv:2402.14740, equation 7).

    A_i = R_i - mean of the R_j of the other answers to the same prompt.

    Args:
        rewards: of whole answers, of shape (prompts · samples,), those to one prompt next to each other.
        samples_per_prompt: answers to each prompt; at least 2.
    """
    groups = rewards.view(-1, samples_per_prompt)
    others = (groups.sum(dim=1, keepdim=True) - groups) / (samples_per_prompt - 1)
    return (groups - others).flatten()
