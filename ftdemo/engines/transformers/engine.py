"""Chat with transformers: any model it knows, base and tuned models in one batch."""

from __future__ import annotations

import inspect
import threading
import warnings
from collections.abc import Callable
from typing import Any

from transformers import AutoTokenizer
from transformers.utils import logging as transformers_logging

from ftdemo.engines.generation import Heard
from ftdemo.engines.prompt_limits import Prompts
from ftdemo.engines.protocol import ChatRequest, GenerationSettings
from ftdemo.engines.shared import SharedEngine
from ftdemo.engines.transformers.pool import ModelPool
from ftdemo.engines.transformers.steps import Steps, TunedGeneration
from ftdemo.errors import UserError
from ftdemo.language.loading import load_to_serve
from ftdemo.machine.device import choose_device
from ftdemo.models.base import BaseModel
from ftdemo.tokens.files import TOKENIZER
from ftdemo.tokens.tokeniser import ChatTokeniser
from ftdemo.weights.tuned_files import TunedFiles

PART_ON_PROCESSOR, PART_ON_GPU = 128, 512
"""Tokens of prompts that are read between two tokens of the answers being generated."""

# Bars for a load that takes a second, and notes to transformers' own developers, are noise on a command line.
transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # untyped in transformers
warnings.filterwarnings("ignore", category=FutureWarning, module=r"transformers\.")


class TransformersEngine(SharedEngine[TunedGeneration]):
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
        self._tuned = tuned
        tokeniser = _tokeniser(base)
        self._model: Any = load_to_serve(base, self.device).model
        if "past_key_values" not in inspect.signature(self._model.forward).parameters:
            raise UserError(
                f"{base.name} cannot be used for chat: it keeps what it has read in a way of its own.",
                "Choose another base model with FTDEMO_BASE_MODEL.",
            )
        # What older models call it in their files, only transformers knows.
        context = self._model.config.max_position_embeddings
        self._prompts = Prompts(tokeniser, context, max_prompt_tokens or context)
        part = PART_ON_GPU if self.device.type == "cuda" else PART_ON_PROCESSOR
        steps = Steps(ModelPool(self._model), self.device.type, tokeniser.end_tokens, part)
        super().__init__(f"transformers, {self.device.name}", tokeniser, steps)
        self._warm_up()

    def _begin(
        self, request: ChatRequest, settings: GenerationSettings, cancelled: threading.Event, heard: Heard
    ) -> TunedGeneration:
        files = self._tuned(request.model)
        return TunedGeneration(files, self._prompts.tokens(request, settings), settings, cancelled, heard)


def _tokeniser(base: BaseModel) -> ChatTokeniser:
    """The base model's tokeniser; of older files, such as `vocab.json`, transformers makes one."""
    if (base.folder / TOKENIZER).is_file():
        return ChatTokeniser.of_folder(base.folder)
    made = getattr(AutoTokenizer.from_pretrained(base.folder), "backend_tokenizer", None)
    if made is None:
        raise UserError(
            f"{base.name} cannot be used for chat: it has no {TOKENIZER}, and none can be made of its files.",
            "Choose another base model with FTDEMO_BASE_MODEL.",
        )
    return ChatTokeniser(base.folder, made)
