"""A new LoRA adapter on a model in memory."""

from __future__ import annotations

from typing import Any, cast

from peft import LoraConfig, PeftModel, get_peft_model

from ftdemo.models.base import BaseModel

ATTENTION_LAYERS = ["q_proj", "k_proj", "v_proj", "o_proj", "qkv_proj", "c_attn", "query_key_value"]
MLP_LAYERS = ["gate_proj", "up_proj", "down_proj", "gate_up_proj", "fc1", "fc2", "c_fc"]
ADAPTER = "default"
"""What PEFT calls an adapter that is given no name; its files lie in the folder itself."""


def add_adapter(
    model: Any,
    base: BaseModel,
    *,
    rank: int,
    alpha: int,
    dropout: float = 0.0,
    targets: str = "all-linear",
    dora: bool = False,
    name: str = ADAPTER,
) -> PeftModel:
    """Put an adapter, which adds nothing yet, into a frozen model, and let it alone learn.

    Args:
        model: the model.
        base: the base model that it stands on.
        rank: rows of A and columns of B.
        alpha: the product B·A is scaled by alpha / rank.
        dropout: share of A's inputs set to 0 in training.
        targets: the linear layers that gain an adapter: 'all-linear', 'attention' or 'mlp'.
        dora: whether it learns the length of each row of the sum as well (Liu et al. 2024, arXiv:2402.09353).
        name: what PEFT calls it.
    """
    config = LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=_layers(model, targets),
        use_dora=dora,
        task_type="CAUSAL_LM",
    )
    adapted: Any = get_peft_model(model, config, adapter_name=name)
    # The adapter's own file names the base it belongs to: its name, not where it lies on this machine.
    adapted.peft_config[name].base_model_name_or_path = base.name
    adapted.get_base_model().config._name_or_path = base.name
    return cast(PeftModel, adapted)


def _layers(model: Any, targets: str) -> Any:
    """The layers of that kind that a model has, as PEFT is told them."""
    if targets == "all-linear":
        return targets
    wanted = ATTENTION_LAYERS if targets == "attention" else MLP_LAYERS
    present = {name.rsplit(".", 1)[-1] for name, _ in model.named_modules()}
    return [name for name in wanted if name in present]
