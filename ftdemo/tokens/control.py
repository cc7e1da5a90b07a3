"""Control tokens that somebody wrote into a message: text, unlike those that the chat template writes."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ftdemo.store.conversations import ChatMessage

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_MARKS = 0xF0000
"""Where the private use planes begin: a character from there stands for a control token while rendering."""


class ControlTokens:
    """Keeps the control tokens of messages apart while a template is rendered around them.

    Args:
        tokenizer: the base model's.
    """

    def __init__(self, tokenizer: "Tokenizer") -> None:
        self._tokenizer = tokenizer
        added = tokenizer.get_added_tokens_decoder()
        self._ids = {
            token.content: place for place, token in added.items() if token.special and token.content
        }
        self._tokens = sorted(self._ids, key=lambda token: (-len(token), token))
        self._pattern = re.compile("|".join(map(re.escape, self._tokens))) if self._tokens else None
        self._plain: dict[str, list[int]] = {}

    def masked(self, messages: Sequence[ChatMessage]) -> tuple[list[ChatMessage], int | None]:
        """Messages with a single character in place of each control token in their texts.

        Returns:
            The messages, and the first of the characters that stand for tokens; None if there are no tokens.
        """
        pattern = self._pattern
        texts = [message["content"] for message in messages]
        if pattern is None or not any(map(pattern.search, texts)):
            return list(messages), None
        first = _MARKS
        while any(first <= ord(char) < first + len(self._tokens) for text in texts for char in text):
            first += len(self._tokens)
        places = {token: chr(first + at) for at, token in enumerate(self._tokens)}
        return [
            {**message, "content": pattern.sub(lambda found: places[found[0]], message["content"])}
            for message in messages
        ], first

    def parts(self, text: str, first: int | None) -> list[str | list[int]]:
        """A rendered text as pieces to be tokenised, and the ids of what stands between them as text.

        Args:
            text: the text, rendered of `masked` messages.
            first: the first character that stands for a token.
        """
        if first is None:
            return [text]
        last = first + len(self._tokens) - 1
        pieces = re.split(f"([{chr(first)}-{chr(last)}])", text)
        return [
            self._plain_ids(self._tokens[ord(piece) - first]) if at % 2 else piece
            for at, piece in enumerate(pieces)
        ]

    def _plain_ids(self, token: str) -> list[int]:
        """The ids of a control token's characters, none of which is a control token's."""
        if token not in self._plain:
            from tokenizers import Tokenizer

            # The shared tokenizer's settings stay as they are.
            plain = Tokenizer.from_str(self._tokenizer.to_str())
            plain.encode_special_tokens = True
            plain.no_truncation()
            plain.no_padding()
            control = set(self._ids.values())
            ids: list[int] = plain.encode(token, add_special_tokens=False).ids
            if control & set(ids):
                # Its characters together are a word of the vocabulary; one by one they are not.
                each = (plain.encode(char, add_special_tokens=False).ids for char in token)
                ids = [place for found in each for place in found if place not in control]
            self._plain[token] = ids
        return self._plain[token]
