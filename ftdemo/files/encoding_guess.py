"""Which of the old encodings a text is in: the one in which it reads most like a language.

Each encoding makes other letters of the same bytes. For each language that was written in it, the likelihood
of these letters is worked out (naive Bayes over single letters). Letters that are out of place in a word,
such as a capital or a sign in the middle, count against it.
"""

from collections import Counter
from functools import cache
from typing import NamedTuple

from ftdemo.files.letters import LANGUAGES, Language

CLOSE = 8.0
"""Encodings whose evidence differs by less, in natural logarithms, may both be right."""

_OUT_OF_PLACE = -2.5
_LOOKED_AT = 20_000
_LATER_ENCODING = -1.5


class Guess(NamedTuple):
    """An encoding that a text may be in.

    Args:
        encoding: as Python names it.
        language: the language it reads like.
        evidence: the logarithm of the likelihood; only differences count.
        letters: three words or letters that show how it reads.
    """

    encoding: str
    language: str
    evidence: float
    letters: tuple[str, ...]


def guesses(sample: bytes) -> list[Guess]:
    """The encodings that a text may be in, the likeliest first; one for each encoding.

    Args:
        sample: whole lines of it with bytes that are not ASCII.
    """
    found: dict[str, Guess] = {}
    sample = sample[:_LOOKED_AT]
    for encoding in dict.fromkeys(name for language in LANGUAGES for name in language.encodings):
        text = sample.decode(encoding, errors="replace")
        counts = Counter(char for char in text if char > "\x7f")
        odd = _out_of_place(text)
        for language in LANGUAGES:
            if encoding not in language.encodings:
                continue
            evidence = odd * _OUT_OF_PLACE - language.rarity
            evidence += language.encodings.index(encoding) * _LATER_ENCODING
            known = _known(language)
            evidence += sum(
                times * language.likelihood(char, encoding, known) for char, times in counts.items()
            )
            if encoding not in found or evidence > found[encoding].evidence:
                found[encoding] = Guess(encoding, language.name, evidence, _letters(text))
    return sorted(found.values(), key=lambda guess: -guess.evidence)


@cache
def _known(language: Language) -> dict[str, float]:
    return language.likelihoods()


def _out_of_place(text: str) -> int:
    """How many characters that are not ASCII stand where they do not belong in a word."""
    odd = 0
    for before, char, after in zip(text, text[1:], text[2:] + " ", strict=False):
        if char <= "\x7f":
            continue
        if char.isupper():
            odd += before.islower()
        elif not char.isalpha() and before.isalpha() and after.isalpha() and char not in "’'·\xad":
            odd += not 0x300 <= ord(char) < 0x370 and not 0xE00 <= ord(char) < 0xE80
    return odd


def _letters(text: str) -> tuple[str, ...]:
    """Three letters that are not ASCII."""
    found = dict.fromkeys(char for char in text if char > "\x7f" and char.isalpha())
    return tuple(list(found)[:3])
