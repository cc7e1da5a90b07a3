"""What each token of an answer is rewarded with: the score at the end, less the price of straying."""

import torch
from torch import Tensor


def k1(logprobs: Tensor, reference: Tensor) -> Tensor:
    """log π - log π_ref of each sampled token: unbiased for KL(π ‖ π_ref), and negative for some tokens.

    Both estimators are from Schulman's note 'Approximating KL Divergence' (http://joschu.net/blog/kl-approx.html).

    Args:
        logprobs: log-probabilities of the tokens under the policy that they were sampled from, in nats.
        reference: the same under the reference, of the same shape.
    """
    return logprobs - reference


def k3(logprobs: Tensor, reference: Tensor) -> Tensor:
    """r - 1 - log r with r = π_ref / π: unbiased too, never negative, and mostly of lower variance.

    Args:
        logprobs: as for `k1`.
        reference: as for `k1`.
    """
    log_ratio = reference - logprobs
    return torch.expm1(log_ratio) - log_ratio


def token_divergence(logits: Tensor, reference: Tensor) -> Tensor:
    """KL(π ‖ π_ref) of the next token, Σ π·(log π - log π_ref) over the vocabulary, in nats.

    Summed over an answer's tokens it is unbiased for the divergence of answers, never negative, and of less
    variance than what k1 or k3 make of the sampled tokens alone (Amini et al. 2025, arXiv:2504.10637): one
    token that the reference finds a thousand times likelier than the policy adds that many nats to k3.

    Args:
        logits: of the policy, of shape (…, vocabulary).
        reference: of the reference, of the same shape.

    Returns:
        Of shape (…,).
    """
    logprobs, compared = torch.log_softmax(logits, dim=-1), torch.log_softmax(reference, dim=-1)
    return (logprobs.exp() * (logprobs - compared)).sum(dim=-1)


def token_rewards(
    scores: Tensor, logprobs: Tensor, reference: Tensor, mask: Tensor, kl_coefficient: float
) -> Tensor:
    """Rewards of tokens (Ziegler et al. 2019, arXiv:1909.08593, equation 2).

    r_t = -β·(log π - log π_ref) for each token, and the answer's score besides at its last.

    Args:
        scores: of shape (answers,).
        logprobs: under the policy, of shape (answers, longest).
        reference: under the reference, of the same shape.
        mask: true for an answer's tokens, which come first in each row; at least one each.
        kl_coefficient: β, in units of the score a nat.

    Returns:
        Of shape (answers, longest), 0 outside the mask.
    """
    rewards = (-kl_coefficient * k1(logprobs, reference)).masked_fill(~mask, 0.0)
    last = mask.sum(dim=1) - 1
    rewards[torch.arange(len(rewards), device=rewards.device), last] += scores
    return rewards
