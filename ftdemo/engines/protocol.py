"""What a chat engine takes and gives. No engine is imported here, and no torch."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ftdemo.knobs import Knobs, knob
from ftdemo.store.conversations import FinishReason


@dataclass(frozen=True)
class GenerationSettings(Knobs):
    """How answers are generated; every side of a comparison gets the same."""

    max_new_tokens: int = knob(
        160, "number of new tokens", "The most tokens an answer may have.", 1, label="Most new tokens"
    )
    temperature: float = knob(
        0.0,
        "temperature",
        "0 takes the likeliest token each time (greedy); above 0 samples, the higher the wilder.",
        0.0,
        5.0,
        label="Temperature (0: always the likeliest token)",
        step=0.05,
    )
    top_p: float = knob(
        1.0,
        "top-p",
        "When sampling, the smallest set of likeliest tokens whose probabilities add up to this.",
        1e-6,
        1.0,
        label="Top-p",
        step=0.05,
    )
    seed: int = knob(0, "seed", "When sampling, the start of the random numbers.", 0, 2**32 - 1)


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
