"""Samples as token ids, made once for each content and kept. No torch is imported here."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ftdemo.store.samples import Sample
from ftdemo.tokens.files import deciding_files
from ftdemo.tokens.sequences import TokenisedSample
from ftdemo.tokens.template import as_messages
from ftdemo.tokens.tokeniser import ChatTokeniser

KEPT_FILES = 20
_HOW = b"3"
"""Changed with how ids are made of texts, so that what was kept before is made anew."""


@dataclass(frozen=True)
class TokenisedSamples:
    """What a run learns from, or is measured with.

    Args:
        samples: those with an answer, each as often as its weight says.
        cut_off: how many were longer than the longest length and lost their end.
        dropped: how many lost their whole answer that way and are not among the samples.
    """

    samples: list[TokenisedSample]
    cut_off: int
    dropped: int

    @property
    def tokens(self) -> int:
        """Tokens of all samples."""
        return sum(len(sample.ids) for sample in self.samples)


def tokenise(
    samples: Sequence[Sample], base_folder: Path, max_length: int, cache: Path | None = None
) -> TokenisedSamples:
    """Turn samples into token ids with the base model's tokenizer and chat template.

    A sample of weight w is there round(w) times, at least once; one of weight 0 is not.

    Args:
        samples: what to turn.
        base_folder: the base model's folder, with `tokenizer.json`.
        max_length: longest sample in tokens.
        cache: folder where results are kept under a name made of all they depend on; None keeps none.

    Raises:
        SourceError: the base model has no tokenizer or chat template that can be used.
    """
    if not samples:
        return TokenisedSamples([], 0, 0)
    file = cache / f"{_content_key(samples, base_folder)}.npz" if cache else None
    whole = _load(file) if file is not None and file.is_file() else None
    if whole is None:
        talks = (as_messages(sample) for sample in samples)
        whole = ChatTokeniser.of_folder(base_folder).answered(talks, closed=True)
        if file is not None:
            _save(whole, file)
    kept: list[TokenisedSample] = []
    cut_off = dropped = 0
    for sample, tokenised in zip(samples, whole, strict=True):
        short = tokenised.cut(max_length)
        cut_off += len(short.ids) < len(tokenised.ids)
        if short.answer_length <= 0:
            dropped += 1
            continue
        if sample.weight > 0:
            kept += [short] * max(1, round(sample.weight))
    return TokenisedSamples(kept, cut_off, dropped)


def _content_key(samples: Sequence[Sample], base_folder: Path) -> str:
    digest = hashlib.sha256(_HOW)
    for file in deciding_files(base_folder):
        digest.update(file.read_bytes())
    for sample in samples:
        digest.update(repr((sample.system, sample.history, sample.question, sample.answer)).encode())
    return digest.hexdigest()[:32]


def _save(samples: Sequence[TokenisedSample], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial.npz")
    np.savez(
        partial,
        ids=np.concatenate([np.asarray(sample.ids, dtype=np.int32) for sample in samples]),
        lengths=np.asarray([len(sample.ids) for sample in samples], dtype=np.int32),
        prompt_lengths=np.asarray([sample.prompt_length for sample in samples], dtype=np.int32),
    )
    partial.replace(file)
    files = sorted(file.parent.glob("*.npz"), key=lambda kept: kept.stat().st_mtime, reverse=True)
    for old in files[KEPT_FILES:]:
        old.unlink(missing_ok=True)


def _load(file: Path) -> list[TokenisedSample] | None:
    """What was kept, or None if the file is damaged."""
    try:
        # numpy does not close a damaged file that it opened itself.
        with file.open("rb") as stream, np.load(stream) as kept:
            ids, lengths, prompts = kept["ids"], kept["lengths"], kept["prompt_lengths"]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    ends = np.cumsum(lengths)
    return [
        TokenisedSample(ids[end - length : end].tolist(), int(prompt))
        for end, length, prompt in zip(ends, lengths, prompts, strict=True)
    ]
