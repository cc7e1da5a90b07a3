"""What a model says of the tokens of answers: how likely each is, and what reward is expected from it on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ftdemo.language.likelihoods import TokenLogprobs, by_answer, token_entropy


@dataclass(frozen=True)
class TokenOutputs:
    """A model's outputs for the tokens of some answers.

    Tensors are float32, of shape (answers, longest), and 0 where `mask` is false.

    Args:
        logprobs: log-probability of each token given all before it, in nats.
        entropy: of the distribution that it was drawn from, in nats, if it was asked for.
        values: reward expected from before each token on, if there was a value head.
        mask: true for the tokens of the answers, which come first in each row.
    """

    logprobs: Tensor
    entropy: Tensor | None
    values: Tensor | None
    mask: Tensor


def token_outputs(
    found: TokenLogprobs, *, value_head: torch.nn.Linear | None = None, entropy: bool = False
) -> TokenOutputs:
    """Lay out answer by answer what was read.

    The value head gets the hidden states without their history: what it has to learn is no task for the
    policy's adapter.

    Args:
        found: what was read, with the hidden states if there is a value head.
        value_head: from the last hidden state to the expected reward.
        entropy: whether to compute it, which takes as long as the likelihoods.
    """
    mask = found.mask
    values = None
    if value_head is not None:
        assert found.states is not None
        with torch.autocast(mask.device.type, enabled=False):
            values = by_answer(value_head(found.states.detach().float())[:, 0], mask)
    return TokenOutputs(
        logprobs=by_answer(found.logprobs, mask),
        entropy=by_answer(token_entropy(found.logits), mask) if entropy else None,
        values=values,
        mask=mask,
    )
