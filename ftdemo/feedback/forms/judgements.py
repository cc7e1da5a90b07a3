"""What a record of a preference file says, and what a form is."""

from collections.abc import Callable
from dataclasses import dataclass

from ftdemo.feedback.forms.fields import Fields
from ftdemo.feedback.preferences import PreferencePair, RatedAnswer
from ftdemo.store.conversations import ChatMessage

Prompt = tuple[ChatMessage, ...]


@dataclass(frozen=True)
class Tie:
    """Two answers to the same prompt, of which neither was preferred.

    Args:
        prompt: as for `PreferencePair`.
        first: one answer.
        second: the other.
        bad: whether both were found bad, rather than alike.
    """

    prompt: Prompt
    first: str
    second: str
    bad: bool = False


Judgement = PreferencePair | RatedAnswer | Tie


@dataclass(frozen=True)
class Form:
    """A form that records of preferences have.

    Args:
        title: the form in words, for people.
        fits: whether a record's fields are of this form.
        read: what a record of this form says; raises RecordError if that is nothing, or unsure.
    """

    title: str
    fits: Callable[[Fields], bool]
    read: Callable[[Fields], list[Judgement]]
