"""What can be said of answers by their words alone: how long they are and how much they repeat themselves."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

RUN = 4
"""Words in a run that is looked for again."""
_STANDS_ALONE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
"""Characters of scripts that are written without spaces: each counts as a word."""


@dataclass(frozen=True)
class Wording:
    """The words of a model's answers.

    Args:
        answers: how many there are.
        mean_words: their mean length in words.
        repetition: mean share of an answer's runs of four words that stood in it before.
        distinct_1: different words of all answers by all words of theirs.
        distinct_2: different pairs of neighbouring words by all words.
    """

    answers: int
    mean_words: float
    repetition: float
    distinct_1: float
    distinct_2: float

    def as_dict(self) -> dict[str, Any]:
        """As it is stored with a job."""
        return asdict(self)


def wording(answers: Sequence[str]) -> Wording:
    """Count words, repetition and variety."""
    count = max(1, len(answers))
    return Wording(
        answers=len(answers),
        mean_words=sum(len(words(answer)) for answer in answers) / count,
        repetition=sum(repetition(answer) for answer in answers) / count,
        distinct_1=distinct(answers, 1),
        distinct_2=distinct(answers, 2),
    )


def words(text: str) -> list[str]:
    """The words of a text, in lower case, with the punctuation that stands at them."""
    return _STANDS_ALONE.sub(r" \g<0> ", text.casefold()).split()


def repetition(text: str, size: int = RUN) -> float:
    """The share of a text's runs of words that stood in it before: 1 - different runs / runs.

    This is seq-rep-n of Welleck et al. 2020 (arXiv:1908.04319), with words in place of tokens.

    Args:
        text: the text; one of fewer words repeats nothing.
        size: words in a run.
    """
    runs = _runs(words(text), size)
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def distinct(texts: Sequence[str], size: int) -> float:
    """How varied texts are: different runs of words in all of them by all their words.

    This is distinct-n of Li et al. 2016 (arXiv:1510.03055). It falls as there are more texts, so only equally
    many can be compared.

    Args:
        texts: the texts.
        size: words in a run.
    """
    lists = [words(text) for text in texts]
    total = sum(map(len, lists))
    return len({run for one in lists for run in _runs(one, size)}) / total if total else 0.0


def _runs(of: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(of[start : start + size]) for start in range(len(of) - size + 1)]
