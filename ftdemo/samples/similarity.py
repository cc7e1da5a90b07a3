"""Questions that nearly say the same, found without comparing each with each.

MinHash with banding (Broder 1997; Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3):
rows whose signatures agree in a band are candidates, and candidates are compared word by word.
"""

import re
import zlib
from array import array
from collections.abc import Iterable
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING

from ftdemo.samples.conversations import Draft
from ftdemo.store.samples import Sample

if TYPE_CHECKING:
    import numpy as np

ALIKE = 0.8
"""Share of common words (Jaccard) from which two questions nearly say the same …"""

ALIKE_WITH_SAME_ANSWER = 0.5
"""… and from which they do if their answers are the same."""

Pair = tuple[int, int]
_BANDS, _ROWS = 16, 3
_MOST_WORDS = 200
_CANDIDATES_PER_ROW = 6
_CHUNK = 4_096
# Words; and for scripts without spaces between words, single characters (paired up below).
_WORDS = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]|[^\W_\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]+"
)


def folded(text: str) -> str:
    """A text without regard to case and white space."""
    return " ".join(text.casefold().split())


def digest(*texts: str) -> int:
    """A 64-bit number for some texts; the same for the same texts."""
    joined = "\x1f".join(texts).encode()
    return int.from_bytes(blake2b(joined, digest_size=8).digest(), "little")


def sample_key(sample: Sample | Draft) -> int:
    """A number that is the same for samples that say the same, without regard to case and white space."""
    return digest(question_key(sample), folded(sample.answer))


def question_key(sample: Sample | Draft) -> str:
    """What is asked and all said before, folded."""
    return "\x1e".join([folded(sample.question), sample.system or "", *(text for _, text in sample.history)])


class QuestionIndex:
    """The questions of a set by number, from 0 in the order they are added."""

    def __init__(self) -> None:
        self._words = array("I")
        self._starts = array("Q", [0])
        self._numbers = array("Q")
        self._answers = array("Q")

    def __len__(self) -> int:
        return len(self._answers)

    def add(self, question: str, answer: str) -> None:
        """Add a question with its answer."""
        words = _WORDS.findall(question.casefold())[:_MOST_WORDS]
        pairs = [a + b if len(a) == len(b) == 1 and a > "\u0e00" else a for a, b in pairwise([*words, ""])]
        hashes = {zlib.crc32(word.encode()) for word in pairs or [question.strip()]}
        self._words.extend(hashes)
        self._starts.append(len(self._words))
        # Questions that differ in a number ask for different things: 'what is 3 + 4', 'what is 3 + 5'.
        self._numbers.append(digest(*(word for word in words if any(map(str.isdigit, word)))))
        self._answers.append(digest(folded(answer)))

    def near_duplicates(self) -> list[Pair]:
        """Pairs (later, earlier) of questions that nearly say the same; a question may be in several."""
        if len(self) < 2:
            return []
        return [(later, earlier) for later, earlier in self._candidates() if self._alike(later, earlier)]

    def say_the_same(self, one: int, other: int) -> bool:
        """Whether two questions have the same answer, or the same words; others may only share a pattern."""
        return self._answers[one] == self._answers[other] or self._set(one) == self._set(other)

    def _set(self, number: int) -> set[int]:
        return set(self._words[self._starts[number] : self._starts[number + 1]])

    def _alike(self, one: int, other: int) -> bool:
        if self._numbers[one] != self._numbers[other]:
            return False
        a, b = self._set(one), self._set(other)
        needed = ALIKE_WITH_SAME_ANSWER if self._answers[one] == self._answers[other] else ALIKE
        return len(a & b) >= needed * len(a | b)

    def _candidates(self) -> list[Pair]:
        """Pairs whose signatures agree in a band: each row with its two neighbours and the first in there."""
        import numpy as np

        signatures = self._signatures()
        found = []
        for band in range(_BANDS):
            part = signatures[:, band * _ROWS : (band + 1) * _ROWS].astype(np.uint64)
            key = part[:, 0] * np.uint64(0x9E3779B97F4A7C15) ^ part[:, 1] << np.uint64(32) ^ part[:, 2]
            order = np.argsort(key, kind="stable")
            ranked = key[order]
            new = np.concatenate(([True], ranked[1:] != ranked[:-1]))
            first = np.maximum.accumulate(np.where(new, np.arange(len(ranked)), 0))
            for lag in (1, 2):
                same = np.flatnonzero(ranked[lag:] == ranked[:-lag])
                found.append(np.stack([order[same + lag], order[same]], axis=1))
            others = np.flatnonzero(~new)
            found.append(np.stack([order[others], order[first[others]]], axis=1))
        pairs = np.unique(np.concatenate(found), axis=0)
        agreeing = self._agreeing(signatures, pairs)
        alike = agreeing >= 0.3
        pairs, agreeing = pairs[alike], agreeing[alike]
        # Many rows made from one pattern would give millions of pairs; the best few of each row tell as much.
        pairs = pairs[np.lexsort((pairs[:, 1], -agreeing, pairs[:, 0]))]
        starts = np.searchsorted(pairs[:, 0], pairs[:, 0])
        pairs = pairs[np.arange(len(pairs)) - starts < _CANDIDATES_PER_ROW]
        return [(int(later), int(earlier)) for later, earlier in pairs]

    def _signatures(self) -> "np.ndarray":
        """MinHash signatures, (rows, bands · rows in a band) of uint32."""
        import numpy as np

        random = np.random.default_rng(7)
        factors = random.integers(1, 2**63, _BANDS * _ROWS, dtype=np.uint64) | np.uint64(1)
        words = np.frombuffer(self._words, dtype=np.uint32).astype(np.uint64)
        starts = np.frombuffer(self._starts, dtype=np.uint64).astype(np.int64)
        result = np.empty((len(self), len(factors)), dtype=np.uint32)
        for begin in range(0, len(self), _CHUNK):
            end = min(begin + _CHUNK, len(self))
            part = words[starts[begin] : starts[end], None] * factors[None, :] >> np.uint64(32)
            result[begin:end] = np.minimum.reduceat(part, starts[begin:end] - starts[begin], axis=0)
        return result

    @staticmethod
    def _agreeing(signatures: "np.ndarray", pairs: "np.ndarray") -> "np.ndarray":
        """Share of equal places in the two signatures of each pair, about the share of common words."""
        import numpy as np

        result = np.empty(len(pairs), dtype=np.float32)
        for begin in range(0, len(pairs), _CHUNK * 8):
            part = pairs[begin : begin + _CHUNK * 8]
            result[begin : begin + len(part)] = (signatures[part[:, 0]] == signatures[part[:, 1]]).mean(
                axis=1
            )
        return result


def groups_of(count: int, pairs: Iterable[Pair]) -> list[int]:
    """For each of `count` questions the number of its group's first one; `pairs` are in one group."""
    leader = list(range(count))

    def find(number: int) -> int:
        while leader[number] != number:
            leader[number] = leader[leader[number]]
            number = leader[number]
        return number

    for one, other in pairs:
        a, b = find(one), find(other)
        leader[max(a, b)] = min(a, b)
    return [find(number) for number in range(count)]
