"""How likely a model finds the answers of a padded batch, computed without its padding.

TRL's trainers ask a model for `model(..., labels=labels, fused_lm_head=True)`. On a processor theirs computes
logits for every place of the batch, prompts and padding among them; here the batch is read as one packed row,
what its answers have in common once, and logits are taken where an answer's token is predicted.
"""

import functools
from typing import Any

import torch
from torch import Tensor
from trl.trainer.utils import FusedCausalLMOutput

from ftdemo.language.likelihoods import read, token_entropy
from ftdemo.tokens.sequences import TokenisedSample


def read_packed(model: Any) -> None:
    """Let a causal language model that uses `attention.PACKED` read TRL's batches as packed rows.

    Args:
        model: the model itself, without PEFT around it; its forward is replaced.
    """
    usual = model.forward

    # `generate` looks at the signature.
    @functools.wraps(type(model).forward)
    def forward(*args: Any, fused_lm_head: bool = False, **kwargs: Any) -> Any:
        if fused_lm_head:
            return _likelihoods(model, kwargs["input_ids"], kwargs["attention_mask"], kwargs["labels"])
        return usual(*args, **kwargs)

    model.forward = forward


def _likelihoods(model: Any, ids: Tensor, attention_mask: Tensor, labels: Tensor) -> FusedCausalLMOutput:
    """Likelihoods of the labels that are not -100.

    Args:
        model: the model.
        ids: padded token ids, of shape (answers, tokens).
        attention_mask: 1 for tokens, 0 for padding, of the same shape.
        labels: the answers' tokens in their places, -100 elsewhere, of the same shape.
    """
    answered = labels != -100
    samples = []
    for tokens, there, counts in zip(ids, attention_mask.bool(), answered, strict=True):
        samples.append(TokenisedSample(tokens[there].tolist(), int((~counts[there]).sum())))
    found = read(model, samples, packed=True)
    with torch.no_grad():
        entropy = token_entropy(found.logits)
        mean_logits, is_top1 = found.logits.mean(dim=-1), found.logits.argmax(dim=-1) == found.tokens
    mask = answered[:, 1:]

    def in_place(tokens: Tensor) -> Tensor:
        """(answer tokens,) -> (answers, tokens - 1)"""
        return tokens.new_zeros(mask.shape).masked_scatter(mask, tokens)

    return FusedCausalLMOutput(
        loss=-found.logprobs.mean(),
        log_probs=in_place(found.logprobs),
        entropy=in_place(entropy),
        mean_logits=in_place(mean_logits),
        is_top1=in_place(is_top1),
        label_mask=mask,
    )
