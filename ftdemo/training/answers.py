"""What the model in training answers to a few questions, so that one sees it learning."""

import time
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftdemo.jobs.reporter import Reporter
from ftdemo.language.sampling import sample
from ftdemo.models.base import BaseModel
from ftdemo.store.conversations import ChatMessage
from ftdemo.tokens.tokeniser import ChatTokeniser

MAX_NEW_TOKENS = 24
TIME_SHARE = 0.12
"""Answers are left out where generating them would have taken more than this share of the run so far."""


class AnswersCallback(TrainerCallback):
    """Answers the same questions greedily every so many steps.

    Args:
        reporter: gets the answers.
        base: its tokenizer and chat template are used.
        prompts: chat messages, the question last.
        every: steps from one time to the next.
        at_ends: answer also before the first step and after the last one, however long that takes.
        max_new_tokens: longest answer, in tokens.
    """

    def __init__(
        self,
        reporter: Reporter,
        base: BaseModel,
        prompts: Sequence[Sequence[ChatMessage]],
        every: int,
        at_ends: bool = False,
        max_new_tokens: int = MAX_NEW_TOKENS,
    ) -> None:
        self._reporter = reporter
        self._prompts = list(prompts)
        self._every = every
        self._at_ends = at_ends
        self._max_new_tokens = max_new_tokens
        self._base = base
        self._began = time.monotonic()
        self._spent = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Answer as the model that the run starts from, if that is wanted, and start the clock."""
        if self._at_ends and state.global_step == 0:
            self._record(state, args, kwargs["model"])
        self._began = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Answer, if it is time and time allows."""
        due = state.global_step % self._every == 0 and state.global_step < state.max_steps
        now = time.monotonic()
        if due and self._spent <= TIME_SHARE * (now - self._began):
            self._record(state, args, kwargs["model"])
            self._spent += time.monotonic() - now

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Answer as the model that is saved, if that is wanted."""
        if self._at_ends and state.global_step == state.max_steps:
            self._record(state, args, kwargs["model"])

    def _record(self, state: TrainerState, args: TrainingArguments, model: Any) -> None:
        if self._prompts:
            questions = [prompt[-1]["content"] for prompt in self._prompts]
            answers = zip(questions, self._answer(model, args), strict=True)
            self._reporter.record_answers(state.global_step, list(answers))

    @cached_property
    def _tokeniser(self) -> ChatTokeniser:
        """Loaded with the first question: the first step should not wait for it."""
        return ChatTokeniser.of_folder(self._base.folder)

    def _answer(self, model: Any, args: TrainingArguments) -> list[str]:
        model.eval()
        with torch.no_grad(), torch.autocast(args.device.type, torch.bfloat16, enabled=bool(args.bf16)):
            answers = sample(
                model,
                self._tokeniser.prompts(self._prompts),
                end_tokens=self._tokeniser.end_tokens,
                max_new_tokens=self._max_new_tokens,
                temperature=0,
            )
        model.train()
        return [self._tokeniser.decode(one.answer).strip() for one in answers]
