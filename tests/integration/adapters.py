"""Tuned models without tuning: random adapters that PEFT saves, and changed tensors."""

from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from ftdemo.weights.tuned_files import CHANGED


def save_random_adapter(
    base: Path, folder: Path, seed: int = 0, strength: float = 0.16, **config: Any
) -> None:
    """An adapter on the real base model, of two ranks.

    Args:
        base: the base model's folder.
        folder: where to save it.
        seed: of its random weights.
        strength: standard deviation of its B matrices; the default is enough to change answers.
        **config: of PEFT's `LoraConfig`.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    options: dict[str, Any] = {"r": 8, "lora_alpha": 16, "rank_pattern": {"v_proj": 4}, **config}
    peft = get_peft_model(
        model,
        LoraConfig(
            target_modules="all-linear", task_type="CAUSAL_LM", alpha_pattern={"down_proj": 8}, **options
        ),
    )
    with torch.no_grad():
        for name, parameter in peft.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, strength)
    peft.save_pretrained(str(folder))


def save_changed(folder: Path, tensors: dict[str, np.ndarray]) -> None:
    """A tuned model of changed tensors only."""
    save_file(tensors, folder / CHANGED)
