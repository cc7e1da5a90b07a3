"""A base model in memory, with a tuned model on it.

Where products are taken in bfloat16, a plain LoRA adapter loses something whichever way it is put on. Merged
in float32 and then halved, W + s·B·A is rounded; put beside, its small output is added to one that is rounded
already. Measured with the default model, tuned for two epochs on eight samples, over 390 tokens of answers:
the mean distance of their log-probabilities from those computed in float32 (0.030 for the base alone).

    the adapter scaled by        1       0.1     0.02
    what it changes          1.514     0.315    0.068
    merged                   0.026     0.039    0.053
    beside                   0.021     0.155    0.065

That base comes from a 4-bit file, and its weights lie anywhere between the numbers that bfloat16 has. Of one
whose file is in bfloat16 already, at a tenth, merged is 0.203 off and beside 0.161: changes of less than half
a step are lost. So neither way is the better one for every base, and for changes that small only float32 is
exact. Trainings merge what they continue from, which costs no second product. PPO puts it beside because its
reward models stand on the same weights without it, and an evaluation because it answers with the lean copy
that PPO samples with.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from ftdemo.language import attention
from ftdemo.language.tuned import Lora, is_plain_lora, put_into_weights
from ftdemo.machine.device import Device, Precision, computes_bfloat16
from ftdemo.models.base import BaseModel
from ftdemo.weights.tuned_files import TunedFiles


@dataclass(frozen=True)
class LanguageModel:
    """A causal language model, frozen.

    Args:
        model: the model.
        packed: whether it reads packed rows, by `attention.PACKED`.
        device: where it computes, as torch names it.
        bfloat16: whether its products are taken in bfloat16, in `autocast`.
        changed: names of its tensors that a tuned model changed, as in the base's state dict.
        beside: the tuned model whose LoRA adapter is yet to be put beside the weights, if there is one.
    """

    model: Any
    packed: bool
    device: str
    bfloat16: bool
    changed: frozenset[str] = frozenset()
    beside: TunedFiles | None = None

    def autocast(self) -> torch.autocast:
        """In which number format products are taken."""
        return torch.autocast(self.device, torch.bfloat16, enabled=self.bfloat16)


def load(
    base: BaseModel,
    device: Device,
    tuned: TunedFiles | None = None,
    lora: Lora = "merged",
    *,
    precision: Precision = "auto",
    four_bits: bool = False,
    exact: bool = False,
) -> LanguageModel:
    """Load the base model, and put a tuned model's changes on it.

    Args:
        base: the base model.
        device: where it computes.
        tuned: the tuned model's files; None for the base itself.
        lora: what becomes of a plain LoRA adapter. 'merged' adds it to the weights; 'beside' leaves it to the
            caller. Other adapters and changed tensors always go into the weights.
        precision: in which format products are taken. If it is bfloat16, matrices are held in it.
        four_bits: hold matrices in 4 bits (NF4, Dettmers et al. 2023, arXiv:2305.14314).
        exact: leave matrices in float32 all the same, and on the processor: who trains some of them chooses
            which, and calls `halve_frozen` for the others.

    Raises:
        ValueError: a tuned model is to be put on matrices of 4 bits.
    """
    if four_bits and tuned is not None:
        raise ValueError("a tuned model cannot be put on matrices of 4 bits")
    bfloat16 = computes_bfloat16(precision, device)
    attention.register()
    model: Any = AutoModelForCausalLM.from_pretrained(
        base.folder, dtype=torch.float32, **(_in_four_bits(bfloat16, device) if four_bits else {})
    )
    if four_bits:
        _keep_differentiable(model)
    packed = attention.supports_packing(model)
    if packed:
        model.set_attn_implementation(attention.PACKED)
    changed: set[str] = set()
    if tuned is not None:
        model, changed = put_into_weights(model, tuned, lora)
    model.requires_grad_(False).eval()
    if not (exact or four_bits):
        if bfloat16:
            halve_frozen(model)
        model.to(device.type)
    beside = tuned if tuned is not None and lora == "beside" and is_plain_lora(tuned) else None
    return LanguageModel(model, packed, device.type, bfloat16, frozenset(changed), beside)


def load_to_serve(base: BaseModel, device: Device) -> LanguageModel:
    """Load the base model as the web process answers and scores with it.

    All of it is in the device's format for inference, and products are taken as the weights are.
    """
    model: Any = AutoModelForCausalLM.from_pretrained(base.folder, dtype=device.dtype)
    return LanguageModel(model.to(device.type).eval(), packed=False, device=device.type, bfloat16=False)


def halve_frozen(model: Any, keep: Collection[str] = ()) -> None:
    """Hold frozen matrices in bfloat16, as products are taken in it: the same products, without converting.

    Matrices that will be saved stay as exact as they are, and so do embeddings, which no product rounds.

    Args:
        model: the model.
        keep: names of matrices that stay float32, as do those that are trained.
    """
    for name, module in model.named_modules():
        if not isinstance(module, torch.nn.Linear) or module.weight.requires_grad:
            continue
        if f"{name}.weight" not in keep:
            half = module.weight.detach().to(torch.bfloat16)
            module.weight = torch.nn.Parameter(half, requires_grad=False)


def _in_four_bits(bfloat16: bool, device: Device) -> dict[str, Any]:
    """What transformers is told to hold matrices in 4 bits."""
    from transformers import BitsAndBytesConfig

    config = BitsAndBytesConfig(  # type: ignore[no-untyped-call]  # untyped in transformers
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if bfloat16 else torch.float32,
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
