"""The hidden state at the end of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from peft import PeftModel
from torch import Tensor

from ftdemo.language.packing import pack
from ftdemo.tokens.sequences import TokenisedSample


def end_states(model: Any, samples: Sequence[TokenisedSample], *, packed: bool) -> Tensor:
    """The final-norm hidden state at the last token of each sample.

    Args:
        model: a causal language model, with or without active adapters.
        samples: at least one.
        packed: read them as one packed row, which the model must be able to (`attention.PACKED`); if not,
            they are padded on the right, which no token before sees.

    Returns:
        Of shape (samples, hidden size), float32, with gradients where they are enabled.
    """
    causal: Any = model.get_base_model() if isinstance(model, PeftModel) else model
    device = next(causal.parameters()).device
    options: dict[str, Any] = {}
    if packed:
        row = pack(samples)
        given = {"input_ids": row["input_ids"], "position_ids": row["position_ids"]}
        rows = torch.zeros(len(samples), dtype=torch.long)
        ends = row["ends"]
        options["layout"] = row["layout"]
    else:
        lengths = torch.tensor([len(sample.ids) for sample in samples])
        ids = torch.zeros(len(samples), int(lengths.max()), dtype=torch.long)
        for padded, sample in zip(ids, samples, strict=True):
            padded[: len(sample.ids)] = torch.tensor(sample.ids)
        mask = torch.arange(ids.shape[1])[None] < lengths[:, None]
        given = {"input_ids": ids, "attention_mask": mask.long()}
        rows, ends = torch.arange(len(samples)), lengths - 1
    placed = {name: tensor.to(device) for name, tensor in given.items()}
    hidden: Tensor = causal.base_model(**placed, **options, use_cache=False).last_hidden_state
    return hidden[rows.to(device), ends.to(device)].float()
