"""Policy, reference, value model and reward models on one base in memory.

All are the base with some of these adapters active:

    policy       parent + policy    `parent` is the tuned model it continues from, if there is one; only
    value        the same, and a head on its last hidden state              `policy` and the head learn
    reference    parent
    rewards      reward; or held_out, which only watches                    on the untouched base

A parent may also have changed tensors of the base; while rewards are scored, the base's own are put in
their place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor

from ftdemo.aligning.ppo.settings import PpoSettings
from ftdemo.language.adapter import add_adapter
from ftdemo.language.lean_copy import LeanCopy
from ftdemo.language.loading import load
from ftdemo.language.tuned import is_plain_lora
from ftdemo.machine.device import Device, Precision
from ftdemo.models.base import BaseModel
from ftdemo.rewards.head import RewardHead, read_reward_head, score
from ftdemo.weights.tuned_files import TunedFiles

RewardName = Literal["reward", "held_out"]
POLICY, PARENT = "policy", "parent"


class PpoModel:
    """All models of a run.

    Args:
        base: the base model.
        parent: the tuned model to continue from, or None for the base itself.
        rewards: folders of reward models by what they are there for.
        settings: the knobs.
        device: where it computes.

    Raises:
        SourceError: a reward model's files are missing or damaged.
        UserError: a reward model stands on another base.
    """

    def __init__(
        self,
        base: BaseModel,
        parent: TunedFiles | None,
        rewards: dict[RewardName, Path],
        settings: PpoSettings,
        device: Device,
    ) -> None:
        loaded = load(base, device, precision=settings.precision)
        plain = loaded.model
        self.packed, self.bfloat16, self._autocast = loaded.packed, loaded.bfloat16, loaded.autocast
        hidden_size = int(plain.config.hidden_size)
        self._heads: dict[RewardName, RewardHead] = {
            name: read_reward_head(folder, hidden_size).to(device.type) for name, folder in rewards.items()
        }
        self._exchanged = _changes(plain, base, device, parent, settings.precision)
        self._exchange()
        self._lean = LeanCopy(plain)
        self.peft: Any = add_adapter(
            plain, base, rank=settings.rank, alpha=settings.alpha, dropout=settings.dropout,
            targets=settings.targets, name=POLICY,
        )  # fmt: skip
        self.parent_adapter = parent if parent is not None and is_plain_lora(parent) else None
        if self.parent_adapter:
            self.peft.load_adapter(str(self.parent_adapter.folder), adapter_name=PARENT)
        for name, folder in rewards.items():
            self.peft.load_adapter(str(folder), adapter_name=name)
        self.peft.eval()  # nothing drops out: the likelihood of an answer must be the same each time
        self._layers = [module for module in self.peft.modules() if isinstance(module, BaseTunerLayer)]
        self._policy_weights = {
            name: weight for name, weight in self.peft.named_parameters() if f".{POLICY}." in name
        }
        self.value_head = torch.nn.Linear(hidden_size, 1).to(device.type)
        torch.nn.init.zeros_(self.value_head.weight)
        torch.nn.init.zeros_(self.value_head.bias)
        self._activate_policy()

    @property
    def causal_lm(self) -> Any:
        """The language model, with the adapters that are active now."""
        return self.peft.get_base_model()

    def policy_parameters(self) -> list[torch.nn.Parameter]:
        """What of the policy learns."""
        return list(self._policy_weights.values())

    def trained(self) -> dict[str, torch.nn.Parameter]:
        """All that learns, by name: the policy's adapter and the value head."""
        head = {f"value_head.{name}": weight for name, weight in self.value_head.named_parameters()}
        return {**self._policy_weights, **head}

    def copy_of_trained(self) -> dict[str, Tensor]:
        """What all that learns is now, for `trained.put_back`."""
        return {name: weight.detach().clone() for name, weight in self.trained().items()}

    @contextmanager
    def as_policy(self) -> Iterator[Any]:
        """The policy, as it is between these contexts anyway; gradients reach its adapter alone."""
        with self._autocast():
            yield self.causal_lm

    @contextmanager
    def as_reference(self) -> Iterator[Any]:
        """The model that the policy began as, without gradients."""
        self._activate([PARENT] if self.parent_adapter else [])
        try:
            with torch.no_grad(), self._autocast():
                yield self.causal_lm
        finally:
            self._activate_policy()

    @contextmanager
    def scoring(self, name: RewardName) -> Iterator[Any]:
        """A reward model without its head, without gradients."""
        self._activate([name])
        self._exchange()
        try:
            with torch.no_grad(), self._autocast():
                yield self.causal_lm
        finally:
            self._exchange()
            self._activate_policy()

    @contextmanager
    def sampling(self) -> Iterator[Any]:
        """A lean copy of the policy as it is now, for generation, without gradients."""
        active = [PARENT, POLICY] if self.parent_adapter else [POLICY]
        self._lean.refresh(self.causal_lm, active)
        with torch.inference_mode():
            yield self._lean.model

    def score(self, name: RewardName, sequences: Sequence[Sequence[int]]) -> Tensor:
        """Score prompts with answers that end with the end token; of shape (sequences,)."""
        with self.scoring(name) as model:
            return score(model, self._heads[name], sequences)

    def _activate(self, names: list[str]) -> None:
        for layer in self._layers:
            layer.set_adapter(names, inference_mode=True)

    def _activate_policy(self) -> None:
        self._activate([PARENT, POLICY] if self.parent_adapter else [POLICY])
        for weight in self._policy_weights.values():
            weight.requires_grad_(True)

    def _exchange(self) -> None:
        """Swap the base's own tensors and the parent's: pointers only, nothing is copied."""
        for pair in self._exchanged:
            parameter, other = pair
            pair[1], parameter.data = parameter.data, other


def _changes(
    plain: Any, base: BaseModel, device: Device, parent: TunedFiles | None, precision: Precision
) -> list[list[Any]]:
    """The base's parameters that a parent changes, each with the parent's tensor."""
    if parent is None or (is_plain_lora(parent) and not parent.has_changed):
        return []
    loaded = load(base, device, parent, "beside", precision=precision)
    tuned = dict(loaded.model.named_parameters())
    return [
        [parameter, tuned[name].data]
        for name, parameter in plain.named_parameters()
        if not torch.equal(parameter, tuned[name])
    ]
