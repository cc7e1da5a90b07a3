"""Attention for rows of packed samples, registered with transformers under the name `PACKED`.

Each sample sees the row's shared prefix and itself, never another sample. Without a layout, as in generation,
it is transformers' own attention.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 - its usual name
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from ftdemo.language.packing import Layout

PACKED = "packed_samples"
SHORT = 256
"""Up to so many tokens, on a processor, plain products are faster than the fused kernel."""


def register() -> None:
    """Make the name known to transformers."""
    AttentionInterface.register(PACKED, packed_attention)
    AttentionMaskInterface.register(PACKED, sdpa_mask)


def supports_packing(model: Any) -> bool:
    """Whether a model can use it: its layers ask transformers for attention to all earlier tokens."""
    config = model.config
    windows = getattr(config, "sliding_window", None) and getattr(config, "use_sliding_window", True)
    layer_types = set(getattr(config, "layer_types", None) or ["full_attention"])
    return bool(
        getattr(model, "_supports_attention_backend", False)
        and not windows
        and layer_types == {"full_attention"}
        and hasattr(config, "rope_parameters")
        and not getattr(config, "attn_logit_softcapping", None)
    )


def packed_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    layout: Layout | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attend within each sample of a row.

    Args:
        module: the layer that asks.
        query: of shape (1, heads, tokens, head size).
        key: of shape (1, key heads, tokens, head size).
        value: as `key`.
        attention_mask: used only without a layout.
        scaling: what the products are multiplied with; 1/sqrt(head size) if None.
        dropout: share of the attention weights set to 0.
        layout: where the samples stand.
        **kwargs: passed on to transformers' own attention without a layout.

    Returns:
        The attended values, of shape (1, tokens, heads, head size), and None for the weights.
    """
    if layout is None:
        if query.dtype != value.dtype:
            query, key = query.to(value.dtype), key.to(value.dtype)
        output, _ = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
        return output, None
    # Rotary embeddings leave float32 where autocast computes values in bfloat16.
    query, key = query.to(value.dtype), key.to(value.dtype)
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    nothing = key[:, :, :0], value[:, :, :0]
    output = _in_layout(query, key, value, nothing, layout, scale, dropout)
    return output.transpose(1, 2).contiguous(), None


def _in_layout(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    before: tuple[torch.Tensor, torch.Tensor],
    layout: Layout,
    scale: float,
    dropout: float,
) -> torch.Tensor:
    """Attend within a row, or a part of one that sees what stands before it too.

    Args:
        query: of shape (1, heads, tokens, head size), as are all of them and what is returned.
        key: of the same tokens.
        value: of the same tokens.
        before: keys and values of the tokens that all of these see besides.
        layout: of these tokens.
        scale: what the products are multiplied with.
        dropout: share of the attention weights set to 0.
    """
    prefix, done = layout.prefix, []
    shared_key, shared_value = before
    if prefix:
        shared_key = torch.cat([shared_key, key[:, :, :prefix]], dim=2)
        shared_value = torch.cat([shared_value, value[:, :, :prefix]], dim=2)
        done.append(_attend(query[:, :, :prefix], shared_key, shared_value, scale, dropout))
    start = prefix
    for part in layout.parts:
        own = slice(start, start + part.tokens)
        shared = shared_key, shared_value
        done.append(
            _in_layout(query[:, :, own], key[:, :, own], value[:, :, own], shared, part, scale, dropout)
        )
        start += part.tokens
    if layout.lengths:
        done.append(_apart(query, key, value, (shared_key, shared_value), layout, scale, dropout))
    return torch.cat(done, dim=2) if len(done) > 1 else done[0]


def _apart(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    shared: tuple[torch.Tensor, torch.Tensor],
    layout: Layout,
    scale: float,
    dropout: float,
) -> torch.Tensor:
    """Attend within each sample of a layout and to what they share, all samples at once; as `_in_layout`."""
    count, longest = len(layout.lengths), max(layout.lengths)
    places, back = _places(layout, query.device)

    def apart(row: torch.Tensor) -> torch.Tensor:
        """(1, heads, tokens, size) -> (samples, heads, longest, size); what is beyond a sample is padding."""
        heads, size = row.shape[1], row.shape[3]
        return row[0].index_select(1, places).view(heads, count, longest, size).transpose(0, 1)

    own_keys, own_values = apart(key), apart(value)
    if shared[0].shape[2]:
        own_keys = torch.cat([shared[0].expand(count, -1, -1, -1), own_keys], dim=2)
        own_values = torch.cat([shared[1].expand(count, -1, -1, -1), own_values], dim=2)
    output = _attend(apart(query), own_keys, own_values, scale, dropout)
    heads, size = query.shape[1], query.shape[3]
    return output.transpose(0, 1).reshape(heads, count * longest, size).index_select(1, back)[None]


def _attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float, dropout: float
) -> torch.Tensor:
    """Causal attention of the last tokens of a sequence; shapes (samples, heads, tokens, size)."""
    samples, heads, asked, size = query.shape
    key_heads, seen = key.shape[1], key.shape[2]
    if query.device.type != "cpu" or seen > SHORT:
        mask = _mask(asked, seen, query.device, torch.bool) if asked != seen else None
        return F.scaled_dot_product_attention(
            query, key, value, mask, dropout, is_causal=mask is None, scale=scale, enable_gqa=True
        )
    groups = heads // key_heads
    keys = key.reshape(samples * key_heads, seen, size)
    values = value.reshape(samples * key_heads, seen, size)
    products = query.reshape(samples * key_heads, groups * asked, size) @ keys.transpose(1, 2)
    scores = products.float().view(-1, groups, asked, seen) * scale
    weights = torch.softmax(scores + _mask(asked, seen, query.device, torch.float32), dim=-1)
    if dropout:
        weights = F.dropout(weights, dropout)
    output = weights.to(value.dtype).view(-1, groups * asked, seen) @ values
    return output.view(samples, heads, asked, size)


@lru_cache(maxsize=64)
def _mask(asked: int, seen: int, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """Which of `seen` tokens each of the last `asked` ones may see: booleans, or 0 and -inf to be added."""
    may_see = torch.ones(asked, seen, dtype=torch.bool, device=device).tril(seen - asked)
    if dtype == torch.bool:
        return may_see
    return torch.zeros(asked, seen, dtype=dtype, device=device).masked_fill(~may_see, float("-inf"))


@lru_cache(maxsize=64)
def _places(layout: Layout, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Where in the row each place of the padded samples is taken from, and the way back."""
    longest = max(layout.lengths)
    places: list[int] = []
    back: list[int] = []
    start = layout.prefix
    for number, length in enumerate(layout.lengths):
        places += [*range(start, start + length), *[start + length - 1] * (longest - length)]
        back += range(number * longest, number * longest + length)
        start += length
    return torch.tensor(places, device=device), torch.tensor(back, device=device)
