"""The hidden state at the end of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from peft import PeftModel
from torch import Tensor


def last_hidden_states(model: Any, sequences: Sequence[Sequence[int]]) -> Tensor:
    """The final-norm hidden state at the last token of each sequence.

    Args:
        model: a causal language model, with or without active adapters.
        sequences: token ids, at least one each; they are padded on the right, which no token before sees.

    Returns:
        Of shape (sequences, hidden size), float32.
    """
    if isinstance(model, PeftModel):
        model = model.get_base_model()
    device = model.get_input_embeddings().weight.device
    lengths = torch.tensor([len(sequence) for sequence in sequences], device=device)
    ids = torch.zeros(len(sequences), int(lengths.max()), dtype=torch.long, device=device)
    for row, sequence in zip(ids, sequences, strict=True):
        row[: len(sequence)] = torch.tensor(sequence)
    mask = torch.arange(ids.shape[1], device=device)[None] < lengths[:, None]
    hidden = model.base_model(input_ids=ids, attention_mask=mask.long(), use_cache=False).last_hidden_state
    return hidden[torch.arange(len(sequences), device=device), lengths - 1].float()
