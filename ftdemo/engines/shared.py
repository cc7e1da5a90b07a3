"""What the engines that compute here do alike: all callers' answers come from one scheduler."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar

from ftdemo.engines.generation import Generation, Heard, stream_events
from ftdemo.engines.protocol import ChatRequest, GenerationSettings, TokenEvent
from ftdemo.engines.scheduler import Scheduler
from ftdemo.names import BASE
from ftdemo.tokens.tokeniser import ChatTokeniser

G = TypeVar("G", bound=Generation[Any])


class SharedEngine(ABC, Generic[G]):
    """Answers all visitors at once; an `Engine`.

    Args:
        description: see `Engine`.
        tokeniser: the base model's.
        scheduler: brings the answers forward.
    """

    def __init__(self, description: str, tokeniser: ChatTokeniser, scheduler: Scheduler[G]) -> None:
        self.description = description
        self._tokeniser = tokeniser
        self._scheduler = scheduler

    @abstractmethod
    def _begin(
        self, request: ChatRequest, settings: GenerationSettings, cancelled: threading.Event, heard: Heard
    ) -> G:
        """Make a request's generation; raises UserError if it cannot be answered."""

    def stream(
        self, requests: Sequence[ChatRequest], settings: GenerationSettings, cancelled: threading.Event
    ) -> Iterator[TokenEvent]:
        """Generate one answer for each request, among those of other callers; see `Engine.stream`."""
        yield from stream_events(
            requests,
            settings,
            cancelled,
            self._begin,
            self._scheduler.submit,
            self._tokeniser.decode,
            self._tokeniser.end_tokens,
        )

    def close(self) -> None:
        """End all answers, and free what they took."""
        self._scheduler.close()

    def _warm_up(self) -> None:
        """Generate one token: memory is taken and kernels are chosen, and a fault shows now."""
        request = ChatRequest(BASE, [{"role": "user", "content": "Hello"}])
        for _ in self.stream([request], GenerationSettings(max_new_tokens=1), threading.Event()):
            pass
