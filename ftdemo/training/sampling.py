"""What the model in training answers to a few questions, so that one sees it learning."""

import time
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch
from transformers import AutoTokenizer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftdemo.models.base import BaseModel
from ftdemo.samples.chat import as_messages
from ftdemo.store.samples import Sample
from ftdemo.training.reporter import Reporter

MAX_NEW_TOKENS = 24
TIME_SHARE = 0.12
"""Answers are left out where generating them would have taken more than this share of the run so far."""


class AnswersCallback(TrainerCallback):
    """Answers the same questions greedily every so many steps.

    Args:
        reporter: gets the answers.
        base: its tokenizer and chat template are used.
        samples: where the questions come from; the first ones are taken.
        count: how many questions; 0 answers none.
        every: steps from one time to the next.
    """

    def __init__(
        self, reporter: Reporter, base: BaseModel, samples: Sequence[Sample], count: int, every: int
    ) -> None:
        self._reporter = reporter
        self._samples = list(samples[:count])
        self._every = every
        self._base = base
        self._began = time.monotonic()
        self._spent = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Start the clock."""
        self._began = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Answer, if it is time and time allows."""
        due = state.global_step % self._every == 0 and state.global_step < state.max_steps
        now = time.monotonic()
        if not self._samples or not due or self._spent > TIME_SHARE * (now - self._began):
            return
        self._reporter.record_answers(
            state.global_step,
            [
                (sample.question, answer)
                for sample, answer in zip(self._samples, self._answer(kwargs["model"], args), strict=True)
            ],
        )
        self._spent += time.monotonic() - now

    @cached_property
    def _tokenizer(self) -> Any:
        """Loaded with the first question: the first step should not wait for it."""
        tokenizer = AutoTokenizer.from_pretrained(self._base.folder, padding_side="left")
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        return tokenizer

    def _answer(self, model: Any, args: TrainingArguments) -> list[str]:
        prompts = [as_messages(sample)[:-1] for sample in self._samples]
        texts = [
            self._tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
            for prompt in prompts
        ]
        inputs = self._tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        model.eval()
        with torch.no_grad(), torch.autocast(args.device.type, torch.bfloat16, enabled=bool(args.bf16)):
            output = model.generate(
                **inputs.to(args.device),
                max_new_tokens=MAX_NEW_TOKENS,
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
                pad_token_id=self._tokenizer.pad_token_id,
            )
        model.train()
        answers = output[:, inputs["input_ids"].shape[1] :]
        return [text.strip() for text in self._tokenizer.batch_decode(answers, skip_special_tokens=True)]
