"""How many tokens samples have, by the base model's own tokenizer, without torch or transformers."""

from array import array
from collections.abc import Sequence
from pathlib import Path
from statistics import median_low

from ftdemo.errors import SourceError
from ftdemo.samples.report import TokenLengths
from ftdemo.store.samples import Sample
from ftdemo.tokens.template import as_messages
from ftdemo.tokens.tokeniser import ChatTokeniser, Tokeniser

MEASURED = 20_000
"""Up to so many samples each one is measured; beyond, every tenth."""

_BATCH = 256
_BARS = (0, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)


class LengthMeter:
    """Measures samples as they come.

    Args:
        tokeniser: the base model's.
        chat: the same with its chat template, or None to count the bare texts.
    """

    def __init__(self, tokeniser: Tokeniser, chat: ChatTokeniser | None) -> None:
        self._tokeniser = tokeniser
        self._chat = chat
        self._limit = tokeniser.context_limit
        self._seen = 0
        self._samples: list[Sample] = []
        self._lengths = array("L")

    @classmethod
    def of_folder(cls, folder: Path | None) -> "LengthMeter | None":
        """A meter for a base model's folder, or None if it has no tokenizer file that can be used."""
        if folder is None:
            return None
        try:
            tokeniser = Tokeniser.of_folder(folder)
        except SourceError:
            return None
        try:
            chat: ChatTokeniser | None = ChatTokeniser.of_folder(folder)
        except SourceError:
            chat = None
        return cls(tokeniser, chat)

    def add(self, sample: Sample) -> None:
        """Measure a sample, or pass it over if there are very many."""
        self._seen += 1
        if self._seen > MEASURED and self._seen % 10:
            return
        self._samples.append(sample)
        if len(self._samples) >= _BATCH:
            self._measure()

    def result(self) -> TokenLengths | None:
        """The lengths of the samples added; None if there were none."""
        self._measure()
        if not self._lengths:
            return None
        longest = max(self._lengths)
        edges = [edge for edge in _BARS if edge <= longest]
        edges.append(next((edge for edge in _BARS if edge > longest), longest + 1))
        counts = [0] * (len(edges) - 1)
        for length in self._lengths:
            counts[next(at for at in range(len(counts)) if length < edges[at + 1])] += 1
        return TokenLengths(
            minimum=min(self._lengths),
            median=median_low(self._lengths),
            maximum=longest,
            histogram=tuple(zip(edges[:-1], edges[1:], counts, strict=True)),
            measured=len(self._lengths),
            context_limit=self._limit,
            over_limit=sum(length > self._limit for length in self._lengths) if self._limit else 0,
        )

    def _measure(self) -> None:
        samples, self._samples = self._samples, []
        try:
            self._lengths.extend(self._read(samples))
        except SourceError:  # the template does not take one of them
            for sample in samples:
                try:
                    self._lengths.extend(self._read([sample]))
                except SourceError:
                    self._lengths.extend(self._read_plainly([sample]))

    def _read(self, samples: Sequence[Sample]) -> list[int]:
        if self._chat is None:
            return self._read_plainly(samples)
        return [len(ids) for ids in self._chat.whole([as_messages(sample) for sample in samples])]

    def _read_plainly(self, samples: Sequence[Sample]) -> list[int]:
        texts = [
            "\n".join(
                [sample.system or "", *(text for _, text in sample.history), sample.question, sample.answer]
            )
            for sample in samples
        ]
        return [len(ids) for ids in self._tokeniser.encode(texts)]
