"""A model that takes part in an evaluation: it answers, and it tells how likely it finds a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from peft import PeftModel

from ftdemo.evaluation.drift import Likelihood
from ftdemo.language.lean_copy import LeanCopy
from ftdemo.language.likelihoods import by_answer, read
from ftdemo.language.loading import load
from ftdemo.language.packing import rows_of
from ftdemo.language.sampling import Completion, sample
from ftdemo.machine.device import Device, Precision
from ftdemo.models.base import BaseModel
from ftdemo.tokens.sequences import TokenisedSample
from ftdemo.weights.tuned_files import TunedFiles


@dataclass(frozen=True)
class Contestant:
    """A model, frozen.

    Args:
        model: the language model; a LoRA adapter stays beside the weights, see `language.loading`.
        lean: a copy for generation that shares its matrices.
        packed: whether it reads packed rows.
        bfloat16: whether products are taken in bfloat16.
        device: as torch names it.
    """

    model: Any
    lean: LeanCopy
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
        lean = LeanCopy(loaded.model)
        if loaded.beside is not None:
            adapted = PeftModel.from_pretrained(loaded.model, str(loaded.beside.folder)).eval()
            lean.refresh(adapted.get_base_model(), ["default"])
        return cls(loaded.model, lean, loaded.packed, loaded.bfloat16, loaded.device)

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
    ) -> list[Completion]:
        """Answer prompts greedily.

        Args:
            prompts: token ids to the beginning of the answer.
            end_tokens: ids that end an answer.
            max_new_tokens: longest answer, in tokens.
            batch: prompts answered at once; those of like length go together, so that little is padding.
            on_answered: called after each batch with the number of its answers; what it raises ends the work.
        """
        order = sorted(range(len(prompts)), key=lambda number: len(prompts[number]))
        answers: dict[int, Completion] = {}
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            with torch.inference_mode():
                made = sample(
                    self.lean.model,
                    [prompts[number] for number in chosen],
                    end_tokens=end_tokens,
                    max_new_tokens=max_new_tokens,
                    temperature=0.0,
                )
            answers.update(zip(chosen, made, strict=True))
            on_answered(len(chosen))
        return [answers[number] for number in range(len(prompts))]

    def likelihoods(
        self, samples: Sequence[TokenisedSample], on_row: Callable[[], None] = lambda: None
    ) -> list[Likelihood]:
        """How likely it finds answers.

        Args:
            samples: prompts with answers.
            on_row: called before each row; what it raises ends the work.
        """
        found: dict[int, Likelihood] = {}
        for row in rows_of(samples, self.packed):
            on_row()
            with torch.inference_mode(), self.autocast():
                seen = read(self.model, [samples[number] for number in row], packed=self.packed)
            sums = by_answer(seen.logprobs, seen.mask).double().sum(dim=1).tolist()
            for number, logprob in zip(row, sums, strict=True):
                found[number] = Likelihood(logprob, samples[number].answer_length)
        return [found[number] for number in range(len(samples))]
