"""How many tokens samples have, by the base model's own tokenizer, without torch or transformers."""

import json
from array import array
from pathlib import Path
from statistics import median_low

from ftdemo.errors import SourceError
from ftdemo.samples.report import TokenLengths
from ftdemo.store.samples import Sample
from ftdemo.tokens.template import ChatTemplate

MEASURED = 20_000
"""Up to so many samples each one is measured; beyond, every tenth."""

_BATCH = 256
_BARS = (0, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)


class LengthMeter:
    """Measures samples as they come.

    Args:
        folder: the base model's folder, with `tokenizer.json`.
        template: its chat template, or None to count the bare texts.
    """

    def __init__(self, folder: Path, template: ChatTemplate | None) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._template = template
        self._limit = _context_limit(folder)
        self._seen = 0
        self._texts: list[str] = []
        self._lengths = array("L")

    @classmethod
    def of_folder(cls, folder: Path | None) -> "LengthMeter | None":
        """A meter for a base model's folder, or None if it has no tokenizer file that can be used."""
        if folder is None or not (folder / "tokenizer.json").is_file():
            return None
        try:
            template: ChatTemplate | None = ChatTemplate.of_folder(folder)
        except SourceError:
            template = None
        try:
            return cls(folder, template)
        except Exception:  # noqa: BLE001 - the library raises bare Exception for a file it cannot read
            return None

    def add(self, sample: Sample) -> None:
        """Measure a sample, or pass it over if there are very many."""
        self._seen += 1
        if self._seen > MEASURED and self._seen % 10:
            return
        self._texts.append(self._text(sample))
        if len(self._texts) >= _BATCH:
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

    def _text(self, sample: Sample) -> str:
        if self._template is not None:
            try:
                return self._template.render(sample)
            except SourceError:
                pass
        said = [sample.system or "", *(text for _, text in sample.history), sample.question, sample.answer]
        return "\n".join(said)

    def _measure(self) -> None:
        encoded = self._tokenizer.encode_batch_fast(self._texts, add_special_tokens=False)
        self._lengths.extend(len(encoding.ids) for encoding in encoded)
        self._texts.clear()


def _context_limit(folder: Path) -> int | None:
    try:
        limit = json.loads((folder / "config.json").read_text(encoding="utf-8")).get(
            "max_position_embeddings"
        )
    except (OSError, ValueError, AttributeError):
        return None
    return limit if isinstance(limit, int) else None
