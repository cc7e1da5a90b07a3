"""An answer in the making, and the events that its reader gets; the same for every engine."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Generic, TypeVar

from ftdemo.engines.protocol import ChatRequest, GenerationSettings, TokenEvent
from ftdemo.engines.transcript import Transcript
from ftdemo.store.conversations import FinishReason

Heard = Callable[[int | FinishReason | BaseException], None]
Files = TypeVar("Files")
"""How an engine names the model that answers."""


class Generation(Generic[Files]):
    """An answer in the making, and what gives it.

    Args:
        files: what answers, as the engine names it.
        prompt: token ids.
        settings: how.
        cancelled: set from outside to end it.
        heard: called with each token id, then once with why it ended, from another thread.
    """

    def __init__(
        self,
        files: Files,
        prompt: Sequence[int],
        settings: GenerationSettings,
        cancelled: threading.Event,
        heard: Heard,
    ) -> None:
        self.files = files
        self.settings = settings
        self.cancelled = cancelled
        self.ended = False
        self.tokens = list(prompt)
        self.left = settings.max_new_tokens
        self._heard = heard

    def add(self, token: int) -> None:
        """Take the next token."""
        self.tokens.append(token)
        self.left -= 1
        self._heard(token)

    def end(self, why: FinishReason | BaseException) -> None:
        """End it, unless it has ended."""
        if not self.ended:
            self.ended = True
            self._heard(why)


Begin = Callable[[ChatRequest, GenerationSettings, threading.Event, Heard], Generation[Any]]
"""Makes a request's generation; the settings have the request's own seed."""


def stream_events(
    requests: Sequence[ChatRequest],
    settings: GenerationSettings,
    cancelled: threading.Event,
    begin: Begin,
    submit: Callable[..., None],
    decode: Callable[[list[int]], str],
    end_tokens: Collection[int],
) -> Iterator[TokenEvent]:
    """Submit a generation for each request, and yield what is heard of them; see `Engine.stream`.

    Args:
        requests: the sides.
        settings: the same for each side, but for its own seed.
        cancelled: ends all of them; it is set when the reader leaves.
        begin: makes a side's generation; all are made before any begins.
        submit: begins the generations.
        decode: turns token ids into text.
        end_tokens: the ids that end an answer.

    Raises:
        UserError: a request cannot be answered.
        RuntimeError: the engine is closed. Whatever ended a generation is raised too.
    """
    began = time.perf_counter()
    transcripts = [Transcript(side, began, decode) for side in range(len(requests))]
    heard: queue.SimpleQueue[tuple[Transcript, int | FinishReason | BaseException]] = queue.SimpleQueue()

    def hear(transcript: Transcript, what: int | FinishReason | BaseException) -> None:
        heard.put((transcript, what))

    generations = [
        begin(
            request,
            settings if request.seed is None else replace(settings, seed=request.seed),
            cancelled,
            partial(hear, transcript),
        )
        for transcript, request in zip(transcripts, requests, strict=True)
    ]
    try:
        submit(*generations)
        while any(transcript.finish_reason is None for transcript in transcripts):
            transcript, what = heard.get()
            if isinstance(what, BaseException):
                raise what
            if transcript.finish_reason is not None:
                continue
            if isinstance(what, int):
                yield transcript.add(what, what in end_tokens)
            else:
                yield transcript.finish(what)
    finally:
        # Whoever reads may leave in the middle (a closed browser tab): the generations end with them.
        cancelled.set()
