"""Chat with llama.cpp, in this process: fast on a processor, for models of the llama family."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ftdemo.engines.generation import Heard
from ftdemo.engines.llama.files import LlamaFiles, LlamaLibrary
from ftdemo.engines.llama.pool import LlamaPool
from ftdemo.engines.llama.rounds import LlamaGeneration, Rounds
from ftdemo.engines.llama.server import LlamaServer, Piece
from ftdemo.engines.prompt_limits import Prompts
from ftdemo.engines.protocol import ChatRequest, GenerationSettings
from ftdemo.engines.shared import SharedEngine
from ftdemo.errors import UserError
from ftdemo.machine.device import threads_in_words
from ftdemo.models.base import BaseModel
from ftdemo.settings import Settings
from ftdemo.tokens.tokeniser import ChatTokeniser
from ftdemo.weights.gguf_cache import GgufCache
from ftdemo.weights.tuned_files import TunedFiles

MOST_ROOM = 8192
"""Tokens that a loaded model keeps of all its conversations together: 190 MB with the default model."""


class LlamaCppEngine(SharedEngine[LlamaGeneration]):
    """Answers with llama.cpp, all visitors' answers at once.

    Args:
        base: the base model, of the llama family.
        tuned: gives a model's files by its name; None for the base model.
        settings: threads, limits and folders.

    Raises:
        UserError: the base model has no chat template, or does not say how much it can read.
        RuntimeError: llama.cpp cannot load it.
    """

    def __init__(
        self, base: BaseModel, tuned: Callable[[str], TunedFiles | None], settings: Settings
    ) -> None:
        self.base = base
        self._tuned = tuned
        tokeniser = ChatTokeniser.of_folder(base.folder)
        context = tokeniser.context_limit
        if context is None:
            raise UserError(
                f"The configuration of {base.name} does not say how many tokens it can take at once.",
                "Write it into its config.json as max_position_embeddings, or choose another base model.",
            )
        self._prompts = Prompts(tokeniser, context, settings.max_prompt_tokens)
        self._room = max(MOST_ROOM, settings.max_prompt_tokens + settings.max_answer_tokens)
        self._library = LlamaLibrary(
            base, GgufCache(settings.base_models / "gguf"), GgufCache(settings.gguf), settings.chat_weights
        )
        pool = LlamaPool(
            lambda model, adapters: LlamaServer(model, adapters, self._room, settings.threads), self._room
        )
        rounds = Rounds(pool, tokeniser.end_tokens, self._token_ids)
        super().__init__(f"llama.cpp, {threads_in_words(settings.threads)}", tokeniser, rounds)
        self._warm_up()

    def _begin(
        self, request: ChatRequest, settings: GenerationSettings, cancelled: threading.Event, heard: Heard
    ) -> LlamaGeneration:
        prompt = self._prompts.tokens(request, settings)
        return LlamaGeneration(self._files(request.model), prompt, settings, cancelled, heard)

    def _files(self, model: str) -> LlamaFiles:
        files = self._tuned(model)
        return self._library.tuned(files) if files else LlamaFiles(self._library.base())

    def _token_ids(self, piece: Piece) -> list[int]:
        """A piece's token, and those before it that the server has not told as they ended in a character."""
        if piece.text.isascii():
            return [piece.token]
        (ids,) = self._tokeniser.encode([piece.text])
        return ids if ids and ids[-1] == piece.token else [piece.token]


def reason_against_llama(base: BaseModel) -> str | None:
    """Why llama.cpp cannot answer as a base model on this machine, or None if it can."""
    try:
        import xllamacpp  # noqa: F401 - only whether it can be imported is of interest
    except ModuleNotFoundError:
        return "its package xllamacpp is not installed (there are wheels for Linux, macOS 13 and Windows)"
    except ImportError as error:
        return f"its package xllamacpp cannot be used here ({error})"
    from ftdemo.weights.gguf_model import reason_against_gguf

    reason = reason_against_gguf(base.folder)
    return f"{base.name} cannot be converted for it: {reason}" if reason else None
