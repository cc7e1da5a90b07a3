"""What a model reads and when it ends, the same for every engine: template, tokens, limits."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from ftdemo.engines.protocol import ChatRequest, GenerationSettings
from ftdemo.errors import UserError
from ftdemo.tokens.template import ChatTemplate

_ENDS = {"<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<|eom_id|>", "<|end|>", "</s>"}
"""Special tokens that end a turn in one model family or another; llama.cpp stops at them unasked."""


class Prompts:
    """Turns conversations into token ids, and ids into text, by the base model's own files.

    Args:
        folder: the base model's, with tokenizer and chat template.
        max_prompt_tokens: the most tokens a conversation may have.

    Raises:
        SourceError: there is no chat template that can be used.
    """

    def __init__(self, folder: Path, max_prompt_tokens: int) -> None:
        self._template = ChatTemplate.of_folder(folder)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._most = max_prompt_tokens
        self.context = int(_read(folder / "config.json")["max_position_embeddings"])
        self.end_tokens = end_tokens(folder)

    def tokens(self, request: ChatRequest, settings: GenerationSettings) -> list[int]:
        """The token ids after which the model answers.

        Raises:
            UserError: there are more of them than are allowed, or than fit with the answer.
        """
        text = self._template.prompt([dict(message) for message in request.messages])
        ids = self.encode(text)
        refuse_too_long(len(ids), settings, self.context, self._most)
        return ids

    def encode(self, text: str) -> list[int]:
        """The ids of a text in which special tokens are written out."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of an answer's tokens, special ones left out."""
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True))


def end_tokens(folder: Path) -> frozenset[int]:
    """The ids that end an answer: those that the model's files name, and those that always do.

    Args:
        folder: the base model's.
    """
    ends: set[int] = set()
    for name in ("generation_config.json", "config.json"):
        named = _read(folder / name).get("eos_token_id")
        ends |= {named} if isinstance(named, int) else set(named or ())
    for token in _read(folder / "tokenizer.json").get("added_tokens", []):
        if token.get("special") and token["content"] in _ENDS:
            ends.add(token["id"])
    return frozenset(ends)


def refuse_too_long(length: int, settings: GenerationSettings, context: int, most: int) -> None:
    """Refuse a conversation that cannot be answered.

    Args:
        length: its tokens, the new question included.
        settings: tell how long the answer may become.
        context: tokens the model can read.
        most: tokens a conversation may have here.

    Raises:
        UserError: it is too long.
    """
    if length + settings.max_new_tokens > context:
        raise UserError(
            f"The conversation has {length} tokens; with an answer of up to {settings.max_new_tokens} "
            f"that is more than the {context} the model can read.",
            "Start a new conversation, ask a shorter question, or allow fewer new tokens.",
        )
    if length > most:
        raise UserError(
            f"The conversation has {length} tokens; {most} is the most here.",
            "Start a new conversation, ask a shorter question, or raise FTDEMO_MAX_PROMPT_TOKENS.",
        )


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content
