"""How likely a model finds the tokens of answers: pack, read, and logits only where they are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from ftdemo.language.packing import pack
from ftdemo.tokens.sequences import TokenisedSample


@dataclass(frozen=True)
class TokenLogprobs:
    """How likely a model finds the tokens of some answers; they stand one after the other, answer by answer.

    Logits are large: whoever needs only the likelihoods should not hold on to the whole.

    Args:
        logprobs: log-probability of each token given all before it, in nats, of shape (tokens,), float32.
        logits: of the distributions that it is one of, divided by the temperature, of shape (tokens,
            vocabulary), float32.
        tokens: the answers' tokens, of shape (tokens,).
        lengths: tokens of each answer.
        states: the hidden states that the logits were made of, of shape (tokens, hidden size), if they were
            asked for.
    """

    logprobs: Tensor
    logits: Tensor
    tokens: Tensor
    lengths: tuple[int, ...]
    states: Tensor | None = None

    @property
    def mask(self) -> Tensor:
        """True for the tokens of the answers, which come first in each row; of shape (answers, longest)."""
        device = self.logprobs.device
        lengths = torch.tensor(self.lengths, device=device)
        return torch.arange(max(self.lengths), device=device)[None] < lengths[:, None]


def read(
    model: Any,
    samples: Sequence[TokenisedSample],
    *,
    packed: bool,
    temperature: float = 1.0,
    states: bool = False,
) -> TokenLogprobs:
    """Read samples as one row, and take logits only where an answer's token is predicted.

    Args:
        model: a causal language model, as a trainer has wrapped it, or with adapters, or plain.
        samples: at least one; no more than one, unless the model reads packed rows.
        packed: whether the model uses `attention.PACKED`.
        temperature: what logits are divided by.
        states: whether the hidden states are wanted too.

    Returns:
        Likelihoods in the order of the samples, with gradients where they are enabled.
    """
    row = pack(samples)
    device = next(model.parameters()).device
    layout = {"layout": row["layout"]} if packed else {}
    seen: list[Tensor] = []
    with ExitStack() as watching:
        if states:
            # What the head is given: the model itself says how logits come of it.
            head = model.get_output_embeddings()
            handle = head.register_forward_pre_hook(lambda _, given: seen.append(given[0][0]))
            watching.callback(handle.remove)
        logits = model(
            input_ids=row["input_ids"].to(device),
            position_ids=row["position_ids"].to(device),
            logits_to_keep=row["predicting"].to(device),
            use_cache=False,
            **layout,
        ).logits[0].float()  # fmt: skip
    if temperature != 1.0:
        logits = logits / temperature
    tokens = row["labels"].to(device)
    return TokenLogprobs(
        logprobs=-F.cross_entropy(logits, tokens, reduction="none"),
        logits=logits,
        tokens=tokens,
        lengths=tuple(sample.answer_length for sample in samples),
        states=seen[0] if states else None,
    )


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
