"""From the token ids of an answer, one by one, to its text and figures.

Token ids cannot be turned into text one by one and joined: a character may need several of them, and a token
may change the white space before it. So all of them are decoded each time; answers are short.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ftdemo.engines.protocol import TokenEvent
from ftdemo.store.conversations import FinishReason


class Transcript:
    """What is known of an answer in the making, for its reader.

    Args:
        side: which of the requests it answers.
        began: `time.perf_counter()` at the request.
        decode: turns token ids into text.
    """

    def __init__(self, side: int, began: float, decode: Callable[[list[int]], str]) -> None:
        self._side = side
        self.finish_reason: FinishReason | None = None
        self._began = began
        self._decode = decode
        self._tokens: list[int] = []
        self._first: float | None = None
        self._last = began

    def add(self, token: int, ends: bool) -> TokenEvent:
        """Take the next token; `ends` tells that it is an end-of-turn token, which is no part of the text."""
        self._last = time.perf_counter()
        if self._first is None:
            self._first = self._last
        if ends:
            self.finish_reason = "stop"
        else:
            self._tokens.append(token)
        return self.event()

    def finish(self, reason: FinishReason) -> TokenEvent:
        """End the answer for another reason than its own."""
        self.finish_reason = reason
        return self.event()

    def event(self) -> TokenEvent:
        """The answer as it is now."""
        text = self._decode(self._tokens)
        if self.finish_reason is None:
            # The first bytes of a character that needs more tokens decode to U+FFFD; wait for the rest.
            text = text.rstrip("\ufffd")
        seconds = self._last - self._began
        return TokenEvent(
            side=self._side,
            text=text.strip() if self.finish_reason else text.lstrip(),
            tokens=len(self._tokens),
            tokens_per_second=len(self._tokens) / seconds if seconds else 0.0,
            time_to_first_token_s=(self._first or self._last) - self._began,
            finish_reason=self.finish_reason,
        )
