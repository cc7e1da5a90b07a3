"""A tiny random model of the default one's family, for tests of what does not depend on its size."""

from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from ftdemo.models.base import BaseModel

VOCABULARY = 64


def save_tiny_model(folder: Path, tied: bool = True) -> BaseModel:
    """Write the model in the form of transformers; it has no tokenizer."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=32, intermediate_size=48, num_hidden_layers=3,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=1024,
        tie_word_embeddings=tied, bos_token_id=1, eos_token_id=2, pad_token_id=2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return BaseModel("tiny", folder, "a test")


def load_tiny_model(base: BaseModel) -> Any:
    """The model as transformers loads it."""
    return LlamaForCausalLM.from_pretrained(base.folder, dtype=torch.float32).eval()
