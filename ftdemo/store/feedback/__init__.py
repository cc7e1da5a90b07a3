"""Feedback: answers as they were shown, and what voters said of them: events, of which the last counts."""

from ftdemo.store.feedback.filters import FeedbackFilter
from ftdemo.store.feedback.records import (
    AnswerSnapshot,
    Choice,
    ChoiceKind,
    Correction,
    NewAnswer,
    Vote,
    VoteKind,
)
from ftdemo.store.feedback.tables import Feedback

__all__ = [
    "AnswerSnapshot",
    "Choice",
    "ChoiceKind",
    "Correction",
    "Feedback",
    "FeedbackFilter",
    "NewAnswer",
    "Vote",
    "VoteKind",
]
