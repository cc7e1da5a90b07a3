"""One model loaded by llama.cpp, with its adapters and slots; the only module that imports xllamacpp."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftdemo.engines.protocol import GenerationSettings

SLOTS = 16
"""Answers that one loaded model can have in its cache at once."""
_PROMPT_BATCH = 128
"""Tokens of prompts that are read in one go; memory for intermediate results grows with it."""
_SILENT = -1


@dataclass(frozen=True)
class Piece:
    """What the server says after a step.

    Args:
        token: the id of the step's token.
        text: what is new. A token that ends within a character is not told; its text comes with that of the
            token that completes the character.
    """

    token: int
    text: str


class LlamaServer:
    """A model in this process. Each slot keeps what it has read, for the next prompt that begins the same.

    Args:
        model: GGUF file.
        adapters: GGUF files of LoRA adapters on it; an answer uses one of them or none.
        context: tokens that all slots together can hold.
        threads: processor threads.

    Raises:
        RuntimeError: llama.cpp cannot load the files.
    """

    def __init__(self, model: Path, adapters: Sequence[Path], context: int, threads: int) -> None:
        import xllamacpp

        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(model)
        parameters.lora_adapters = [_adapter(xllamacpp, file) for file in adapters]
        parameters.n_ctx = context
        parameters.n_parallel = SLOTS
        parameters.kv_unified = True
        parameters.n_batch = parameters.n_ubatch = _PROMPT_BATCH
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
        # The cache in memory beside the slots does not tell adapters apart: an answer could begin with what
        # another adapter has read. A slot does tell them apart.
        parameters.cache_ram_mib = 0
        parameters.cache_idle_slots = False
        parameters.fit_params = False
        parameters.verbosity = _SILENT
        # The library also listens on a port of this machine. Nothing here uses it, so nobody gets the key.
        parameters.hostnames = ["127.0.0.1"]
        parameters.api_keys = [secrets.token_hex(32)]
        parameters.ui = parameters.endpoint_slots = False
        parameters.use_jinja = False
        self._adapters = len(adapters)
        self._server = xllamacpp.Server(parameters)

    def generate(
        self,
        slot: int,
        adapter: int | None,
        prompt: Sequence[int],
        tokens: int,
        settings: GenerationSettings,
        heard: Callable[[Piece], bool],
    ) -> bool:
        """Generate some tokens after a prompt. It returns when they are there; Python runs on meanwhile.

        Args:
            slot: where the prompt's beginning may still be.
            adapter: its place among the adapters, or None for the model alone.
            prompt: token ids.
            tokens: the most to generate.
            settings: how the next token is chosen.
            heard: called with each piece; it ends the generation by returning True.

        Returns:
            Whether the model ended the answer itself.

        Raises:
            RuntimeError: llama.cpp reports an error.
        """
        errors: list[str] = []
        ended = False

        def hear(chunk: dict[str, Any]) -> bool:
            nonlocal ended
            if "error" in chunk:
                errors.append(str(chunk["error"].get("message", chunk["error"])))
                return True
            ended = chunk["choices"][0]["finish_reason"] == "stop"
            piece = _piece(chunk)
            return piece is not None and heard(piece)

        request = {
            "prompt": list(prompt),
            "stream": True,
            "max_tokens": tokens,
            "id_slot": slot,
            "cache_prompt": True,
            # Token ids are told only with probabilities; those after sampling cost nothing.
            "n_probs": 1,
            "post_sampling_probs": True,
            **_sampling(settings, len(prompt)),
        }
        if self._adapters:
            # A request that names no adapter would get all of them.
            request["lora"] = [
                {"id": index, "scale": 1.0 if index == adapter else 0.0} for index in range(self._adapters)
            ]
        self._server.handle_completions(request, hear)
        if errors:
            raise RuntimeError(errors[0])
        return ended


def _adapter(xllamacpp: Any, file: Path) -> Any:
    adapter = xllamacpp.CommonAdapterLoraInfo()
    adapter.path = str(file)
    adapter.scale = 0.0
    return adapter


def _sampling(settings: GenerationSettings, position: int) -> dict[str, Any]:
    """The same choice as in transformers: greedy, or temperature first and then the nucleus.

    An answer is generated in several calls, so the seed of each depends on where it begins.
    """
    if settings.temperature == 0:
        return {"temperature": 0.0, "samplers": ["top_k"], "top_k": 1}
    return {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "samplers": ["temperature", "top_p"],
        "seed": (settings.seed * 1_000_003 + position) % 2**32,
    }


def _piece(chunk: dict[str, Any]) -> Piece | None:
    """The piece in a chunk of the stream; None for the last, which has only figures."""
    choice = chunk["choices"][0]
    told = (choice.get("logprobs") or {}).get("content")
    return Piece(int(told[0]["id"]), choice["text"]) if told else None
