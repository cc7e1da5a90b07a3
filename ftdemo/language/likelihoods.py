"""How likely a model finds the tokens of answers."""

from __future__ import annotations

import torch
from torch import Tensor


def token_entropy(logits: Tensor) -> Tensor:
    """-Σ p·log p of the next token, in nats.

    Args:
        logits: of shape (…, vocabulary).

    Returns:
        Of shape (…,).
    """
    logprobs = torch.log_softmax(logits, dim=-1)
    return -(logprobs.exp() * logprobs).sum(dim=-1)


def by_answer(tokens: Tensor, mask: Tensor) -> Tensor:
    """Put what there is of each token, answer by answer, into a row for each answer.

    Args:
        tokens: of shape (tokens,).
        mask: of shape (answers, longest), true for the tokens.

    Returns:
        Float32, of the mask's shape, 0 where it is false.
    """
    return torch.zeros(mask.shape, device=mask.device).masked_scatter(mask, tokens.float())
