"""Answers of a tiny model that are generated in one batch: asked for, noted and waited for."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch

from ftdemo.engines import GenerationSettings
from ftdemo.engines.transformers.steps import Steps, TunedGeneration
from ftdemo.models.base import BaseModel
from ftdemo.weights.tuned_files import TunedFiles
from tests.unit.tiny_model import VOCABULARY, load_tiny_model

END = VOCABULARY
"""No model says it, so that answers are as long as they may be."""
PART = 16
SHORT, OTHER, LONG = [5, 9, 11], [30, 7, 8, 41, 3], [(7 * n) % VOCABULARY for n in range(5, 75)]
LENGTH = GenerationSettings(max_new_tokens=24)


class Answer:
    """Submits a generation and notes what is heard of it.

    Args:
        log: what is heard of all answers, in order, with whose it is.
    """

    def __init__(self, log: "list[tuple[Answer, Any]] | None" = None) -> None:
        self.tokens: list[int] = []
        self.end: Any = None
        self.ended = threading.Event()
        self.cancelled = threading.Event()
        self.when: Callable[[int], None] = lambda count: None
        self._log = [] if log is None else log

    def hear(self, what: Any) -> None:
        self._log.append((self, what))
        if isinstance(what, int):
            self.tokens.append(what)
            self.when(len(self.tokens))
        else:
            self.end = what
            self.ended.set()

    def wait(self) -> list[int]:
        assert self.ended.wait(60), "the answer did not end"
        if isinstance(self.end, BaseException):
            raise self.end
        return self.tokens


def begin(
    running: Steps,
    prompt: Sequence[int],
    settings: GenerationSettings = LENGTH,
    files: TunedFiles | None = None,
    log: "list[tuple[Answer, Any]] | None" = None,
) -> Answer:
    answer = Answer(log)
    running.submit(TunedGeneration(files, prompt, settings, answer.cancelled, answer.hear))
    return answer


def generated(base: BaseModel, prompt: Sequence[int], tokens: int = 24) -> list[int]:
    """What `generate` answers."""
    return said_by(load_tiny_model(base), prompt, tokens)


def said_by(model: Any, prompt: Sequence[int], tokens: int = 24) -> list[int]:
    output = model.generate(
        torch.tensor([list(prompt)]),
        max_new_tokens=tokens,
        do_sample=False,
        eos_token_id=END,
        pad_token_id=END,
    )
    return list(output[0, len(prompt) :].tolist())
