"""What a llama-family model's tensors are called, and how their rows lie, in GGUF files.

transformers rotates the two halves of each attention head, llama.cpp neighbouring pairs; so in a GGUF file
the rows of the query and key projections are in another order. The same order is needed for all that is
added to those rows, such as the B matrix of a LoRA adapter.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ARCHITECTURE = "llama"

_OF_LAYER = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
_OF_MODEL = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}


@dataclass(frozen=True)
class LlamaShape:
    """What of a model's configuration decides where its tensors go.

    Args:
        heads: attention heads of the queries.
        key_value_heads: attention heads of the keys and values.
        tied: whether the output layer is the embedding itself, and no tensor of its own.
    """

    heads: int
    key_value_heads: int
    tied: bool

    @classmethod
    def of_config(cls, config: dict[str, Any]) -> "LlamaShape":
        """Read it from the contents of `config.json`."""
        heads = int(config["num_attention_heads"])
        return cls(
            heads, int(config.get("num_key_value_heads") or heads), bool(config.get("tie_word_embeddings"))
        )

    def gguf_name(self, module: str) -> str | None:
        """A module's name in a GGUF file ('blk.3.attn_q'), or None if it has no place there.

        Args:
            module: its name in transformers, such as 'model.layers.3.self_attn.q_proj'.
        """
        if module == "lm_head" and self.tied:
            return None
        if module in _OF_MODEL:
            return _OF_MODEL[module]
        parts = module.split(".")
        if parts[:2] != ["model", "layers"] or len(parts) < 4:
            return None
        name = _OF_LAYER.get(".".join(parts[3:]))
        return f"blk.{parts[2]}.{name}" if name else None

    def order_rows(self, module: str, rows: np.ndarray) -> np.ndarray:
        """Put the rows of a module's tensor into the order of GGUF.

        Args:
            module: its name in transformers.
            rows: of shape (outputs, …).
        """
        if module.endswith(".self_attn.q_proj"):
            return _interleave(rows, self.heads)
        return _interleave(rows, self.key_value_heads) if module.endswith(".self_attn.k_proj") else rows


def read_config(folder: Path) -> dict[str, Any]:
    """The contents of a model folder's `config.json`."""
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return config


def _interleave(rows: np.ndarray, heads: int) -> np.ndarray:
    """Within each head: row 0 of the first half, row 0 of the second, row 1 of the first, …"""
    halves = rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:])
    return halves.swapaxes(1, 2).reshape(rows.shape)
