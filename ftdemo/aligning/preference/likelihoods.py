"""How likely a model finds the answers of a padded batch, computed without its padding.

TRL's trainers ask a model for `model(..., labels=labels, fused_lm_head=True)`. On a processor theirs computes
logits for every place of the batch, prompts and padding among them; here the batch is read as one packed row,
what its answers have in common once, and logits are taken where an answer's token is predicted.
"""

import functools
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name
from trl.trainer.utils import FusedCausalLMOutput

from ftdemo.language.packing import pack
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
            return _read(model, kwargs["input_ids"], kwargs["attention_mask"], kwargs["labels"])
        return usual(*args, **kwargs)

    model.forward = forward


def _read(model: Any, ids: Tensor, attention_mask: Tensor, labels: Tensor) -> FusedCausalLMOutput:
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
    row = pack(samples)
    device = ids.device
    hidden = model.base_model(
        input_ids=row["input_ids"].to(device),
        position_ids=row["position_ids"].to(device),
        layout=row["layout"],
        use_cache=False,
    ).last_hidden_state[0, row["predicting"].to(device)]
    logits = model.get_output_embeddings()(hidden).float()
    wanted = row["labels"].to(device)
    log_probs = -F.cross_entropy(logits, wanted, reduction="none")
    with torch.no_grad():
        everything = torch.log_softmax(logits, dim=-1)
        entropy = -(everything.exp() * everything).sum(dim=-1)
        mean_logits, is_top1 = logits.mean(dim=-1), logits.argmax(dim=-1) == wanted
    mask = answered[:, 1:]

    def in_place(tokens: Tensor) -> Tensor:
        """(answer tokens,) -> (answers, tokens - 1)"""
        return tokens.new_zeros(mask.shape).masked_scatter(mask, tokens)

    return FusedCausalLMOutput(
        loss=-log_probs.mean(),
        log_probs=in_place(log_probs),
        entropy=in_place(entropy),
        mean_logits=in_place(mean_logits),
        is_top1=in_place(is_top1),
        label_mask=mask,
    )
