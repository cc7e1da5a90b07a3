"""Judges by a rule: each gives an answer a score, and the higher one of two wins.

Reward models judge in `measuring.py`.
"""

from collections.abc import Callable, Sequence

from ftdemo.errors import UserError
from ftdemo.feedback.simulated import SimulatedVoter, ends_in_question, without_phrase
from ftdemo.store.conversations import ChatMessage

Judge = Callable[[Sequence[ChatMessage], str], float]
"""Takes the prompt's messages and an answer, and gives a score."""

WITHOUT = "without:"
NO_ANSWER = 1_000_000
"""Words that an answer without any counts as."""
RULES = ("short", "question", f"{WITHOUT}PHRASE")


def voting(voter: SimulatedVoter) -> Judge:
    """A judge who gives 1 to what a voter likes and 0 to what the voter dislikes."""
    return lambda prompt, answer: float(voter.likes(answer))


def shortness(prompt: Sequence[ChatMessage], answer: str) -> float:
    """The judge whose preferences are those of the voter `ShortAnswers`: fewer words, but some."""
    return -float(len(answer.split()) or NO_ANSWER)


def rule_judge(rule: str) -> Judge:
    """The judge of a rule.

    Args:
        rule: 'short' prefers answers of fewer words, 'question' those that end in a question, and
            'without:PHRASE' those without the phrase.

    Raises:
        UserError: there is no such rule.
    """
    if rule == "short":
        return shortness
    if rule == "question":
        return voting(ends_in_question())
    phrase = rule.removeprefix(WITHOUT).strip()
    if rule.startswith(WITHOUT) and phrase:
        return voting(without_phrase(phrase))
    raise UserError(f"There is no rule {rule!r}.", f"Use: {', '.join(RULES)}.")
