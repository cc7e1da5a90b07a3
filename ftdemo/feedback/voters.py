"""Voters by pseudonym, and the limits of what they may say."""

import hashlib
import hmac

from ftdemo.errors import UserError

REASONS: dict[str, str] = {
    "helpful": "helpful",
    "correct": "correct",
    "well_written": "well written",
    "right_tone": "the right tone",
    "wrong": "wrong",
    "too_long": "too long",
    "too_short": "too short",
    "off_topic": "off topic",
    "badly_written": "badly written",
    "unsafe": "unsafe",
}
"""Why a voter likes or dislikes an answer, with the words for it."""
PRAISE = ("helpful", "correct", "well_written", "right_tone")
"""Those for which an answer is liked."""

MAX_CHARACTERS = 10_000
"""The most characters of a comment or a correction."""


def voter_id(session_hash: str, username: str | None, secret: str) -> str:
    """A pseudonym by which a voter's votes belong together, and which does not tell who it is.

    Args:
        session_hash: the browser's session, for voters who have not logged in.
        username: the name a voter logged in with, who is then the same in every session.
        secret: the salt of the data folder; the same voter has another pseudonym in another one.

    Returns:
        16 hexadecimal digits of an HMAC with SHA-256.
    """
    known_by = f"user:{username}" if username else f"session:{session_hash}"
    return hmac.new(secret.encode(), known_by.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:16]


def check_voter(voter: str) -> str:
    """Return a pseudonym if it is one.

    Raises:
        UserError: it is empty or longer than 64 characters.
    """
    if not voter or len(voter) > 64:
        raise UserError(
            f"The voter {voter[:64]!r} cannot be used.",
            "Use the id that `voter` makes of a session or a name.",
        )
    return voter


def check_reasons(reasons: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Return reasons in the order in which they are known, each once.

    Raises:
        UserError: one is not known.
    """
    for reason in reasons:
        if reason not in REASONS:
            raise UserError(
                f"There is no reason {str(reason)[:64]!r}.",
                f"Use: {', '.join(REASONS)}; say anything else in the comment.",
            )
    return tuple(reason for reason in REASONS if reason in reasons)


def check_length(kind: str, text: str) -> str:
    """Return a voter's text if it is not too long.

    Args:
        kind: what it is, for the message: 'comment' or 'correction'.
        text: the text.

    Raises:
        UserError: it has more than 10,000 characters.
    """
    if len(text) > MAX_CHARACTERS:
        raise UserError(
            f"The {kind} has {len(text):,} characters; {MAX_CHARACTERS:,} is the most.", "Shorten it."
        )
    return text
