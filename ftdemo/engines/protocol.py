"""What a chat engine takes and gives. No engine is imported here, and no torch."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ftdemo.errors import UserError
from ftdemo.store.conversations import FinishReason


@dataclass(frozen=True)
class GenerationSettings:
    """How answers are generated; every side of a comparison gets the same.

    Args:
        max_new_tokens: the most tokens an answer may have.
        temperature: 0 takes the likeliest token each time (greedy); above 0 samples, the higher the wilder.
        top_p: when sampling, the smallest set of likeliest tokens whose probabilities add up to this.
        seed: when sampling, the start of the random numbers.

    Raises:
        UserError: a value that cannot be used.
    """

    max_new_tokens: int = 160
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1:
            raise UserError(
                f"An answer of at most {self.max_new_tokens} tokens cannot be generated.",
                "Set the most new tokens to 1 or more.",
            )
        if not 0 <= self.temperature <= 5:
            raise UserError(f"The temperature is {self.temperature:g}.", "Set it to a number from 0 to 5.")
        if not 0 < self.top_p <= 1:
            raise UserError(f"Top-p is {self.top_p:g}.", "Set it to a number above 0, up to 1.")
        if not 0 <= self.seed < 2**32:
            raise UserError(f"The seed is {self.seed}.", f"Set it to a number from 0 to {2**32 - 1}.")


@dataclass(frozen=True)
class ChatRequest:
    """One side's turn.

    Args:
        model: 'base' or the name of a tuned model.
        messages: the history and the new question: {'role': 'user' | 'assistant' | 'system', 'content': …}.
        seed: when sampling, this side's start of the random numbers; that of the settings if None.
    """

    model: str
    messages: Sequence[dict[str, str]]
    seed: int | None = None


@dataclass(frozen=True)
class TokenEvent:
    """One more token of one side, or its end.

    Args:
        side: which of the requests, from 0.
        text: the side's whole answer so far. (A token may be part of a character, and may change the
            white space before it, so pieces of text could not be joined.)
        tokens: tokens generated so far.
        tokens_per_second: tokens so far over the seconds since the request.
        time_to_first_token_s: seconds from the request to the first token.
        finish_reason: None while more may come.
    """

    side: int
    text: str
    tokens: int
    tokens_per_second: float
    time_to_first_token_s: float
    finish_reason: FinishReason | None = None


class Engine(Protocol):
    """Something that generates answers.

    Args:
        description: the engine in words: its name, where it computes, and why it is this one if another was
            wanted.
    """

    description: str

    def stream(
        self, requests: Sequence[ChatRequest], settings: GenerationSettings, cancelled: threading.Event
    ) -> Iterator[TokenEvent]:
        """Generate one answer for each request, all at once.

        Args:
            requests: the sides.
            settings: the same for each side.
            cancelled: set it to end the generation; each side then ends with what it has.

        Raises:
            UserError: a model is not there, or a prompt is too long.
            RuntimeError: generating failed, or the engine is closed.
        """
        ...
