"""The model a run trains: the base, what it continues from, and what of it may change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from ftdemo.language import attention
from ftdemo.language.tuned import is_plain_lora, put_adapter, put_changed_tensors
from ftdemo.machine.device import Device
from ftdemo.models.base import BaseModel
from ftdemo.training.settings import AdapterSettings
from ftdemo.tuning.methods import METHODS
from ftdemo.tuning.parts import choose_parts
from ftdemo.tuning.settings import TuneSettings
from ftdemo.weights.tuned_files import TunedFiles

ATTENTION_LAYERS = ["q_proj", "k_proj", "v_proj", "o_proj", "qkv_proj", "c_attn", "query_key_value"]
MLP_LAYERS = ["gate_proj", "up_proj", "down_proj", "gate_up_proj", "fc1", "fc2", "c_fc"]


@dataclass(frozen=True)
class Prepared:
    """A model ready to be trained.

    Args:
        model: the model, its parameters marked as trained or frozen; a PeftModel for an adapter.
        changed: the tensors that differ from the base's or will, by their names in the base's state dict.
        parent_adapter: the LoRA adapter it continues from that is to be kept beside the new one.
        packed: whether it uses `attention.PACKED`.
    """

    model: Any
    changed: dict[str, torch.nn.Parameter]
    parent_adapter: TunedFiles | None
    packed: bool


def prepare(
    base: BaseModel, parent: TunedFiles | None, settings: AdapterSettings, device: Device
) -> Prepared:
    """Load the base model and make it trainable by the method of the settings: LoRA if they name none.

    A tuned model to continue from is first put into the weights. If both it and the new one are LoRA, its
    adapter is kept and the new adapter comes on top; otherwise the changed weights are kept.

    Args:
        base: the base model.
        parent: the tuned model to continue from, or None for the base itself.
        settings: the method and its knobs.
        device: where it will compute.

    Raises:
        UserError: the settings name parts that the model does not have.
    """
    method = settings.method if isinstance(settings, TuneSettings) else "lora"
    attention.register()
    model: Any = AutoModelForCausalLM.from_pretrained(
        base.folder, dtype=torch.float32, **(_quantisation(settings, device) if method == "qlora" else {})
    )
    if method == "qlora":
        _keep_differentiable(model)
    packed = attention.supports_packing(model)
    if packed:
        model.set_attn_implementation(attention.PACKED)
    changed: set[str] = set()
    parent_adapter = None
    if parent is not None:
        changed |= put_changed_tensors(model, parent)
        model, merged = put_adapter(model, parent)
        if method == "lora" and is_plain_lora(parent):
            parent_adapter = parent
        else:
            changed |= merged
    parameters = dict(model.named_parameters())
    model.requires_grad_(False)
    if METHODS[method].adapter:
        if method == "lora" and computes_bfloat16(settings, device):
            halve_frozen(model, keep=changed)
        model = get_peft_model(model, lora_config(model, settings, dora=method == "dora"))
        # The adapter's own file names the base it belongs to: its name, not where it lies on this machine.
        model.peft_config["default"].base_model_name_or_path = base.name
        model.get_base_model().config._name_or_path = base.name
    else:
        tied = bool(model.config.tie_word_embeddings)
        names = list(parameters)
        parts = settings.parts if isinstance(settings, TuneSettings) else ""
        chosen = names if method == "full" else choose_parts(parts, names, tied)
        for name in chosen:
            parameters[name].requires_grad_(True)
        changed |= set(chosen)
        if computes_bfloat16(settings, device):
            halve_frozen(model, keep=changed)
    return Prepared(model, {name: parameters[name] for name in sorted(changed)}, parent_adapter, packed)


def computes_bfloat16(settings: AdapterSettings, device: Device) -> bool:
    """Whether matrix products of a run are taken in bfloat16."""
    return device.bfloat16 if settings.precision == "auto" else settings.precision == "bfloat16"


def lora_config(model: Any, settings: AdapterSettings, dora: bool = False) -> LoraConfig:
    """The adapter of the settings for a model; with `dora` a learned length of each row comes with it."""
    targets: Any = "all-linear"
    if settings.targets != "all-linear":
        wanted = ATTENTION_LAYERS if settings.targets == "attention" else MLP_LAYERS
        present = {name.rsplit(".", 1)[-1] for name, _ in model.named_modules()}
        targets = [name for name in wanted if name in present]
    return LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=targets,
        use_dora=dora,
        task_type="CAUSAL_LM",
    )


def halve_frozen(model: Any, keep: set[str]) -> None:
    """Hold frozen matrices in bfloat16, as products are taken in it: the same products, without converting.

    Matrices that will be saved stay as exact as they are, and so do embeddings, which no product rounds.
    """
    for name, module in model.named_modules():
        if not isinstance(module, torch.nn.Linear) or module.weight.requires_grad:
            continue
        if f"{name}.weight" not in keep:
            half = module.weight.detach().to(torch.bfloat16)
            module.weight = torch.nn.Parameter(half, requires_grad=False)


def _quantisation(settings: AdapterSettings, device: Device) -> dict[str, Any]:
    from transformers import BitsAndBytesConfig

    compute = torch.bfloat16 if computes_bfloat16(settings, device) else torch.float32
    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=compute,
    )
    return {"quantization_config": config, "device_map": {"": 0 if device.type == "cuda" else device.type}}


def _keep_differentiable(model: Any) -> None:
    """Keep 4-bit matrices as they are when held-out samples are read.

    On a processor with AVX-512 bfloat16, bitsandbytes packs them anew for the first product of a model that
    is not being trained. They stay packed, and products with packed ones have no gradient: what is learned
    afterwards passes them by, and is little.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
