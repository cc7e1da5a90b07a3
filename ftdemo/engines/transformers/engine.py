"""Chat with transformers: any model it knows, base and tuned models in one batch."""

from __future__ import annotations

import inspect
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from ftdemo.engines.generation import Heard, stream_events
from ftdemo.engines.prompts import end_tokens, refuse_too_long
from ftdemo.engines.protocol import ChatRequest, GenerationSettings, TokenEvent
from ftdemo.engines.transformers.pool import ModelPool
from ftdemo.engines.transformers.steps import Steps, TunedGeneration
from ftdemo.errors import UserError
from ftdemo.machine.device import choose_device
from ftdemo.models.base import BaseModel
from ftdemo.names import BASE
from ftdemo.weights.tuned_files import TunedFiles

PART_ON_PROCESSOR, PART_ON_GPU = 128, 512
"""Tokens of prompts that are read between two tokens of the answers being generated."""

# Bars for a load that takes a second, and notes to transformers' own developers, are noise on a command line.
transformers_logging.disable_progress_bar()
warnings.filterwarnings("ignore", category=FutureWarning, module=r"transformers\.")


class TransformersEngine:
    """Answers with transformers' models, all visitors' answers at once.

    Args:
        base: the base model; loading it takes a second or two.
        tuned: gives a model's files by its name; None for the base model.
        threads: processor threads to use.
        max_prompt_tokens: the most tokens a conversation may have; as many as the model can read if None.

    Raises:
        UserError: the base model cannot be used for chat.
    """

    def __init__(
        self,
        base: BaseModel,
        tuned: Callable[[str], TunedFiles | None],
        threads: int,
        max_prompt_tokens: int | None = None,
    ) -> None:
        import torch

        torch.set_num_threads(threads)
        self.base = base
        self.device = choose_device()
        self.description = f"transformers, {self.device.name}"
        self._tuned = tuned
        self._max_prompt_tokens = max_prompt_tokens
        self._tokenizer = AutoTokenizer.from_pretrained(base.folder)
        self._model: Any = AutoModelForCausalLM.from_pretrained(base.folder, dtype=self.device.dtype).eval()
        if "past_key_values" not in inspect.signature(self._model.forward).parameters:
            raise UserError(
                f"{base.name} cannot be used for chat: it keeps what it has read in a way of its own.",
                "Choose another base model with FTDEMO_BASE_MODEL.",
            )
        self._model.to(self.device.type)
        self._end_tokens = end_tokens(base.folder)
        part = PART_ON_GPU if self.device.type == "cuda" else PART_ON_PROCESSOR
        self._steps = Steps(ModelPool(self._model), self.device.type, self._end_tokens, part)
        self._warm_up()

    def stream(
        self, requests: Sequence[ChatRequest], settings: GenerationSettings, cancelled: threading.Event
    ) -> Iterator[TokenEvent]:
        """Generate one answer for each request, among those of other callers; see `Engine.stream`."""
        yield from stream_events(
            requests, settings, cancelled, self._begin, self._steps.submit, self._decode, self._end_tokens
        )

    def close(self) -> None:
        """End all answers."""
        self._steps.close()

    def _begin(
        self, request: ChatRequest, settings: GenerationSettings, cancelled: threading.Event, heard: Heard
    ) -> TunedGeneration:
        files = self._tuned(request.model)
        return TunedGeneration(files, self._tokens(request, settings), settings, cancelled, heard)

    def _warm_up(self) -> None:
        """Generate one token: the first time, memory is taken and kernels are chosen, for about a second."""
        request = ChatRequest(BASE, [{"role": "user", "content": "Hello"}])
        for _ in self.stream([request], GenerationSettings(max_new_tokens=1), threading.Event()):
            pass

    def _tokens(self, request: ChatRequest, settings: GenerationSettings) -> list[int]:
        """The token ids after which the model answers."""
        text = self._tokenizer.apply_chat_template(
            list(request.messages), tokenize=False, add_generation_prompt=True
        )
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        context = self._model.config.max_position_embeddings
        refuse_too_long(len(ids), settings, context, self._max_prompt_tokens or context)
        return ids

    def _decode(self, tokens: list[int]) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True))
