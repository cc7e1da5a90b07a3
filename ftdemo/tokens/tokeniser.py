"""From texts and conversations to token ids and back, as the base model's own files say."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from ftdemo.errors import SourceError
from ftdemo.store.conversations import ChatMessage
from ftdemo.tokens.control import ControlTokens
from ftdemo.tokens.files import context_limit, load_tokenizer, named_end_tokens
from ftdemo.tokens.sequences import TokenisedSample, common_length
from ftdemo.tokens.template import ChatTemplate

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_Item = TypeVar("_Item")
_BATCH = 512
"""Texts that are encoded at once: enough to occupy all cores, and few enough to take little memory."""
_ENDS = {"<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<|eom_id|>", "<|end|>", "</s>"}
"""Special tokens that end a turn in one model family or another; llama.cpp stops at them unasked."""


class Tokeniser:
    """Turns texts into token ids and back; safe to use from several threads.

    Args:
        folder: the base model's.
        tokenizer: its own; it neither cuts off nor pads.
    """

    def __init__(self, folder: Path, tokenizer: "Tokenizer") -> None:
        self._folder = folder
        self._tokenizer = tokenizer

    @classmethod
    def of_folder(cls, folder: Path) -> Self:
        """The tokeniser of a base model's folder.

        Raises:
            SourceError: a file that is needed is missing or cannot be used.
        """
        return cls(folder, load_tokenizer(folder))

    def encode(self, texts: Iterable[str]) -> list[list[int]]:
        """The ids of texts in which special tokens are written out; none are added."""
        return [
            encoding.ids
            for batch in _batches(texts)
            for encoding in self._tokenizer.encode_batch_fast(batch, add_special_tokens=False)
        ]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids, special ones left out."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))

    @cached_property
    def end_tokens(self) -> frozenset[int]:
        """The ids that end an answer: those that the model's files name, and those that always do."""
        added = self._tokenizer.get_added_tokens_decoder()
        always = {place for place, token in added.items() if token.special and token.content in _ENDS}
        return frozenset({*named_end_tokens(self._folder), *always})

    @cached_property
    def context_limit(self) -> int | None:
        """How many tokens the model can take at once, or None if its configuration does not say so."""
        return context_limit(self._folder)


class ChatTokeniser(Tokeniser):
    """Turns conversations into token ids by the base model's chat template.

    A conversation is a sequence of chat messages, {'role': 'system' | 'user' | 'assistant', 'content': …}.

    Args:
        folder: the base model's.
        tokenizer: its own; it neither cuts off nor pads.

    Raises:
        SourceError: the chat template is missing or cannot be used.
    """

    def __init__(self, folder: Path, tokenizer: "Tokenizer") -> None:
        super().__init__(folder, tokenizer)
        self._template = ChatTemplate.of_folder(folder)
        self._control = ControlTokens(tokenizer)

    @cached_property
    def turn_end(self) -> int:
        """The id that ends an answer in the template, where scores are read; else the first the files name.

        Raises:
            SourceError: neither the template nor a file says how an answer ends.
        """
        talk = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hello"}]
        (whole,) = self.answered([talk], closed=False)
        if whole.ids[-1] in self.end_tokens:
            return whole.ids[-1]
        named = named_end_tokens(self._folder)
        if not named:
            raise SourceError(
                f"The files of the base model in {self._folder.name} do not say which token ends an answer.",
                "Name it in its config.json as eos_token_id, or choose another base model.",
            )
        return named[0]

    def prompts(self, conversations: Iterable[Sequence[ChatMessage]]) -> list[list[int]]:
        """The ids after which the model answers, the beginning of its turn included.

        Args:
            conversations: the question last in each.

        Raises:
            SourceError: the template does not take one of them, such as one with a system message.
        """
        return self._ids(conversations, answer_follows=True)

    def whole(self, conversations: Iterable[Sequence[ChatMessage]]) -> list[list[int]]:
        """The ids of conversations from beginning to end, as they are learned.

        Args:
            conversations: the answer last in each.

        Raises:
            SourceError: the template does not take one of them.
        """
        return self._ids(conversations, answer_follows=False, closed=True)

    def answered(
        self, conversations: Iterable[Sequence[ChatMessage]], *, closed: bool
    ) -> list[TokenisedSample]:
        """The ids of conversations that end with an answer.

        Args:
            conversations: the answer last in each.
            closed: whether the answer's turn is closed as the template does it before another one: with a
                line break behind the end token, most often. Tuning learns that too; without it the ids end
                with the end token, where the model itself stops and where a score is read.

        Raises:
            SourceError: the template does not take one of them.
        """
        made: list[TokenisedSample] = []
        for batch in _batches(conversations):
            asked = self._ids((talk[:-1] for talk in batch), answer_follows=True)
            whole = self._ids(batch, answer_follows=False, closed=closed)
            made += [
                TokenisedSample(ids, common_length(prompt, ids))
                for prompt, ids in zip(asked, whole, strict=True)
            ]
        return made

    def _ids(
        self, conversations: Iterable[Sequence[ChatMessage]], *, answer_follows: bool, closed: bool = True
    ) -> list[list[int]]:
        """Conversations as ids; all of them pass through here.

        A control token that somebody wrote into a message is text: `<|im_end|>` in a question ends nothing.
        """
        made: list[list[int]] = []
        for batch in _batches(conversations):
            parts: list[list[str | list[int]]] = []
            for talk in batch:
                messages, first = self._control.masked(talk)
                text = self._template.render_messages(messages, answer_follows)
                parts.append(self._control.parts(text if closed else text.rstrip("\n"), first))
            ids = iter(self.encode(part for each in parts for part in each if isinstance(part, str)))
            for each in parts:
                pieces = [next(ids) if isinstance(part, str) else part for part in each]
                made.append(pieces[0] if len(pieces) == 1 else list(chain.from_iterable(pieces)))
        return made


def _batches(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    left = iter(items)
    while batch := list(islice(left, _BATCH)):
        yield batch
