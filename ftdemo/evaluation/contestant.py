"""A model that takes part in an evaluation: it answers, and it tells how likely it finds a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from peft import PeftModel

from ftdemo.aligning.ppo.likelihoods import judge, rows
from ftdemo.evaluation.drift import Likelihood
from ftdemo.language.loading import load
from ftdemo.language.sampler import Sampler
from ftdemo.language.sampling import Rollout, sample
from ftdemo.machine.device import Device, Precision
from ftdemo.models.base import BaseModel
from ftdemo.weights.tuned_files import TunedFiles


@dataclass(frozen=True)
class Contestant:
    """A model, frozen.

    Args:
        model: the language model; a LoRA adapter stays beside the weights, see `language.loading`.
        sampler: a lean copy that shares its matrices.
        packed: whether it reads packed rows.
        bfloat16: whether products are taken in bfloat16.
        device: as torch names it.
    """

    model: Any
    sampler: Sampler
    packed: bool
    bfloat16: bool
    device: str

    @classmethod
    def load(
        cls, base: BaseModel, tuned: TunedFiles | None, device: Device, precision: Precision
    ) -> Contestant:
        """Load the base model and put a tuned one's changes on it.

        Args:
            base: the base model.
            tuned: the tuned model's files; None for the base itself.
            device: where it computes.
            precision: in which format products are taken.
        """
        loaded = load(base, device, tuned, "beside", precision=precision)
        sampler = Sampler(loaded.model)
        if loaded.beside is not None:
            adapted = PeftModel.from_pretrained(loaded.model, str(loaded.beside.folder)).eval()
            sampler.refresh(adapted.get_base_model(), ["default"])
        return cls(loaded.model, sampler, loaded.packed, loaded.bfloat16, loaded.device)

    def autocast(self) -> torch.autocast:
        """In which number format products are taken."""
        return torch.autocast(self.device, torch.bfloat16, enabled=self.bfloat16)

    def answer(
        self,
        prompts: Sequence[Sequence[int]],
        *,
        end_tokens: frozenset[int],
        max_new_tokens: int,
        batch: int,
        on_answered: Callable[[int], None],
    ) -> list[Rollout]:
        """Answer prompts greedily.

        Args:
            prompts: token ids to the beginning of the answer.
            end_tokens: ids that end an answer.
            max_new_tokens: longest answer, in tokens.
            batch: prompts answered at once; those of like length go together, so that little is padding.
            on_answered: called after each batch with the number of its answers; what it raises ends the work.
        """
        order = sorted(range(len(prompts)), key=lambda number: len(prompts[number]))
        answers: dict[int, Rollout] = {}
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            with torch.inference_mode():
                made = sample(
                    self.sampler,
                    [prompts[number] for number in chosen],
                    end_tokens=end_tokens,
                    max_new_tokens=max_new_tokens,
                    temperature=0.0,
                    generator=torch.Generator(),
                )
            answers.update(zip(chosen, made, strict=True))
            on_answered(len(chosen))
        return [answers[number] for number in range(len(prompts))]

    def likelihoods(
        self, rollouts: Sequence[Rollout], on_row: Callable[[], None] = lambda: None
    ) -> list[Likelihood]:
        """How likely it finds answers.

        Args:
            rollouts: prompts with answers.
            on_row: called before each row; what it raises ends the work.
        """
        found: dict[int, Likelihood] = {}
        for row in rows(rollouts, self.packed):
            on_row()
            with torch.inference_mode(), self.autocast():
                read = judge(self.model, [rollouts[number] for number in row], 1.0, packed=self.packed)
            for number, logprob in zip(row, read.logprobs.double().sum(dim=1).tolist(), strict=True):
                found[number] = Likelihood(logprob, len(rollouts[number].answer))
        return [found[number] for number in range(len(rollouts))]
