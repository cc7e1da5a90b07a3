"""Which feedback is wanted, and the SQL condition that finds it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args

from ftdemo.errors import UserError
from ftdemo.store.feedback.records import VoteKind

_MATCHES = """
    id in (
        select rated_answers.id from rated_answers
            left join votes on votes.answer_id = rated_answers.id
            left join corrections on corrections.answer_id = rated_answers.id
        where instr(fold(question), :text) or instr(fold(answer), :text)
            or instr(fold(votes.comment), :text) or instr(fold(corrections.text), :text)
    )
"""


@dataclass(frozen=True)
class FeedbackFilter:
    """Which feedback is wanted; what is not given does not limit it.

    Args:
        models: names of the models that answered.
        vote: answers with such a current vote.
        voters: those who gave it.
        text: a text in the question, the answer, a comment or a correction, in capitals or not.
        since: feedback of this day or time (ISO 8601; UTC if it does not say) or later.

    Raises:
        UserError: there is no such vote or time.
    """

    models: tuple[str, ...] = ()
    vote: VoteKind | None = None
    voters: tuple[str, ...] = ()
    text: str = ""
    since: str = ""

    def __post_init__(self) -> None:
        if self.vote is not None and self.vote not in get_args(VoteKind):
            raise UserError(
                f"There is no vote {str(self.vote)[:64]!r}.", f"Use: {', '.join(get_args(VoteKind))}."
            )
        if not self.since:
            return
        try:
            since = datetime.fromisoformat(self.since)
            since = (since if since.tzinfo else since.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise UserError(
                f"{self.since[:64]!r} is no day or time.", "Write it as 2026-01-31 or 2026-01-31T18:30."
            ) from None
        object.__setattr__(self, "since", since.isoformat(timespec="milliseconds"))


def condition(wanted: FeedbackFilter) -> tuple[str, dict[str, Any]]:
    """The condition on rows of `rated_answers`, and the values of its placeholders."""
    conditions, values = ["1"], dict[str, Any]()
    if wanted.models:
        conditions.append(f"model in ({_names('model', wanted.models, values)})")
    if wanted.text:
        conditions.append(_MATCHES)
        values["text"] = wanted.text.casefold()
    said = ["1"]
    if wanted.voters:
        said.append(f"voter in ({_names('voter', wanted.voters, values)})")
    if wanted.since:
        said.append("created_at >= :since")
        values["since"] = wanted.since
    if wanted.vote:
        values["vote"] = wanted.vote
        conditions.append(
            f"""
            exists (
                select 1 from votes where answer_id = rated_answers.id and vote = :vote
                    and {" and ".join(said)}
                    and not exists (
                        select 1 from votes as later where later.answer_id = votes.answer_id
                            and later.voter = votes.voter
                            and (later.created_at, later.id) > (votes.created_at, votes.id)
                    )
            )
            """
        )
    elif len(said) > 1:
        about = " and ".join(said)
        conditions.append(
            f"""
            id in (
                select answer_id from votes where {about}
                union select answer_id from corrections where {about}
                union select left_id from choices where {about}
                union select right_id from choices where {about}
            )
            """
        )
    return " and ".join(conditions), values


def _names(prefix: str, texts: Iterable[str], values: dict[str, Any]) -> str:
    """Placeholders for texts, whose values are added to `values`."""
    named = {f"{prefix}_{number}": text for number, text in enumerate(texts)}
    values.update(named)
    return ", ".join(f":{name}" for name in named)
