"""Endpoints: votes, corrections and choices, and what has been said."""

from dataclasses import asdict
from typing import Any, cast

import gradio as gr

from ftdemo.feedback import FeedbackFilter
from ftdemo.store.feedback import ChoiceKind, VoteKind
from ftdemo.studio import Studio
from ftdemo.ui.events import voter_of


def vote(
    studio: Studio,
    message_id: int,
    vote: str,
    reasons: list[str] | None = None,
    comment: str = "",
    request: gr.Request | None = None,
) -> dict[str, Any]:
    """Give an answer a thumb, 'up' or 'down'; `message_id` is in what /ask returns."""
    given = studio.feedback.vote(
        cast(VoteKind, vote),
        voter_of(studio, request),
        message_id=int(message_id),
        reasons=reasons or [],
        comment=comment,
    )
    return {"vote": asdict(given)}


def withdraw_vote(studio: Studio, message_id: int, request: gr.Request | None = None) -> dict[str, Any]:
    """Take one's thumb back."""
    taken = studio.feedback.withdraw(voter_of(studio, request), message_id=int(message_id))
    return {"vote": asdict(taken) if taken else None}


def correct(
    studio: Studio, message_id: int, text: str | None, request: gr.Request | None = None
) -> dict[str, Any]:
    """Say what would have been a better answer; null takes it back."""
    given = studio.feedback.correct(text, voter_of(studio, request), message_id=int(message_id))
    return {"correction": asdict(given)}


def choose(
    studio: Studio, left: int, right: int, choice: str, comment: str = "", request: gr.Request | None = None
) -> dict[str, Any]:
    """Say which of two messages is better: 'left', 'right', 'tie' or 'bad', which both are."""
    given = studio.feedback.choose(
        cast(ChoiceKind, choice), voter_of(studio, request), messages=(int(left), int(right)), comment=comment
    )
    return {"choice": asdict(given)}


def feedback(
    studio: Studio,
    models: list[str] | None = None,
    vote: str | None = None,
    voters: list[str] | None = None,
    text: str = "",
    since: str = "",
    page: int = 1,
    limit: int = 50,
) -> dict[str, Any]:
    """The answers that feedback was given on, newest first."""
    wanted = FeedbackFilter(
        tuple(models or ()), cast(VoteKind | None, vote or None), tuple(voters or ()), text, since
    )
    found = studio.feedback.list(wanted, int(page), int(limit))
    return {
        "feedback": [asdict(item) for item in found.items],
        "total": found.total,
        "page": found.page,
        "pages": found.pages,
    }


def feedback_counts(studio: Studio) -> dict[str, Any]:
    """What each model was told, and how far voters agree."""
    agreement = studio.feedback.agreement()
    return {
        "models": [asdict(model) for model in studio.feedback.counts()],
        "agreement": asdict(agreement) if agreement else None,
    }
