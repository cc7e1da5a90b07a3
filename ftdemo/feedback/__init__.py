"""What people think of answers, and the preference data that training learns from."""

from ftdemo.feedback.library import FeedbackLibrary
from ftdemo.feedback.records import AnswerFeedback, FeedbackPage
from ftdemo.store.feedback import FeedbackFilter

__all__ = ["AnswerFeedback", "FeedbackFilter", "FeedbackLibrary", "FeedbackPage"]
