"""Voters who vote by a rule: for tests, for measuring, and to show at once what feedback does."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

Preference = Literal["left", "right", "tie"]


class SimulatedVoter(Protocol):
    """Somebody who always knows what to say of an answer."""

    def likes(self, answer: str) -> bool:
        """Whether the voter gives a thumb up, not down."""
        ...

    def prefers(self, left: str, right: str) -> Preference:
        """Which of two answers the voter finds better."""
        ...


@dataclass(frozen=True)
class RuleVoter:
    """A voter who likes what a rule holds for, and of two answers prefers the one it holds for alone.

    Args:
        rule: whether it holds for an answer.
    """

    rule: Callable[[str], bool]

    def likes(self, answer: str) -> bool:
        """Whether the rule holds."""
        return self.rule(answer)

    def prefers(self, left: str, right: str) -> Preference:
        """The answer for which the rule holds, or a tie."""
        if self.rule(left) == self.rule(right):
            return "tie"
        return "left" if self.rule(left) else "right"


@dataclass(frozen=True)
class ShortAnswers:
    """A voter who likes short answers, and of two prefers the one with fewer words.

    Args:
        words: an answer of fewer words is liked.
    """

    words: int = 25

    def likes(self, answer: str) -> bool:
        """Whether the answer has few words, but some."""
        return 0 < len(answer.split()) < self.words

    def prefers(self, left: str, right: str) -> Preference:
        """The answer with fewer words; one with none is no answer."""
        lengths = [len(side.split()) or float("inf") for side in (left, right)]
        if lengths[0] == lengths[1]:
            return "tie"
        return "left" if lengths[0] < lengths[1] else "right"


def ends_in_question() -> RuleVoter:
    """A voter who likes answers that end in a question."""
    return RuleVoter(lambda answer: answer.rstrip(" \n\t\"'”’)").endswith(("?", "？", "؟")))


def without_phrase(phrase: str) -> RuleVoter:
    """A voter who dislikes a phrase, in capitals or not.

    Args:
        phrase: the phrase.
    """
    return RuleVoter(lambda answer: phrase.casefold() not in answer.casefold())


@dataclass(frozen=True)
class RandomVoter:
    """A voter without taste, who says the same of the same answer each time.

    Args:
        seed: another seed is another voter.
        likes_share: how many answers are liked, from 0 to 1.
    """

    seed: int = 0
    likes_share: float = 0.5

    def likes(self, answer: str) -> bool:
        """A thumb by lot."""
        return self._lot(answer) < self.likes_share

    def prefers(self, left: str, right: str) -> Preference:
        """A side by lot; the same answer is chosen on whichever side it is shown."""
        if left == right:
            return "tie"
        return "left" if self._lot(left) < self._lot(right) else "right"

    def _lot(self, answer: str) -> float:
        digest = hashlib.sha256(f"{self.seed}\n{answer}".encode("utf-8", "surrogatepass")).digest()
        return random.Random(digest).random()
