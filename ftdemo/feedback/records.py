"""The feedback there is: found, counted, and made into training data."""

from dataclasses import dataclass

from ftdemo.errors import UserError
from ftdemo.feedback.figures import Agreement, ModelCounts, agreement_of, counts_of
from ftdemo.feedback.preferences import PreferenceData
from ftdemo.feedback.training_data import PreferenceSummary, preference_data
from ftdemo.feedback.voters import voter_id
from ftdemo.store import Store
from ftdemo.store.feedback import AnswerSnapshot, Choice, Correction, FeedbackFilter, Vote

MAX_PAGE = 1_000


@dataclass(frozen=True)
class AnswerFeedback:
    """An answer with what counts of what was said of it.

    Args:
        answer: the answer as it was shown.
        votes: each voter's thumb.
        corrections: each voter's better answer.
        choices: A/B choices it was a side of.
    """

    answer: AnswerSnapshot
    votes: tuple[Vote, ...]
    corrections: tuple[Correction, ...]
    choices: tuple[Choice, ...]

    @property
    def voters(self) -> list[str]:
        """Who said something of the answer that can be edited."""
        return list(
            dict.fromkeys([*(one.voter for one in self.votes), *(one.voter for one in self.corrections)])
        )


@dataclass(frozen=True)
class FeedbackPage:
    """Some of the feedback.

    Args:
        items: the answers of this page, newest first.
        total: answers on all pages.
        page: the page's number, from 1.
        pages: how many pages there are.
    """

    items: tuple[AnswerFeedback, ...]
    total: int
    page: int
    pages: int


class FeedbackRecords:
    """What people think of answers, to be read.

    An answer is named by the message it came from, or by the number under which it was kept for feedback.

    Args:
        store: where feedback is saved.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def voter(self, session_hash: str = "", username: str | None = None) -> str:
        """A voter's pseudonym in this data folder; see `voters.voter_id`."""
        return voter_id(session_hash, username, self._store.feedback.salt())

    def current_vote(
        self, voter: str, *, message_id: int | None = None, answer_id: int | None = None
    ) -> Vote | None:
        """A voter's thumb on an answer, or None."""
        votes = self.current_votes(message_id=message_id, answer_id=answer_id)
        return next((vote for vote in votes if vote.voter == voter), None)

    def current_votes(
        self, *, message_id: int | None = None, answer_id: int | None = None
    ) -> tuple[Vote, ...]:
        """Each voter's thumb on an answer; none if nobody voted on it."""
        answer = self._known(message_id, answer_id)
        return tuple(self._store.feedback.standing(Vote, answer.id)) if answer else ()

    def history(self, answer_id: int) -> list[Vote | Correction | Choice]:
        """All that was ever said of an answer, oldest first, what was taken back included.

        Raises:
            NotFoundError: there is no such answer.
        """
        feedback = self._store.feedback
        feedback.get(answer_id)
        events: list[Vote | Correction | Choice] = [
            *feedback.events(Vote, answer_id),
            *feedback.events(Correction, answer_id),
            *feedback.events(Choice, answer_id),
        ]
        return sorted(events, key=lambda event: event.created_at)

    def get(self, answer_id: int) -> AnswerFeedback:
        """An answer with what counts now.

        Raises:
            NotFoundError: there is no such answer.
        """
        return self._with_feedback(self._store.feedback.get(answer_id))

    def of_message(self, message_id: int) -> AnswerFeedback | None:
        """What counts now of the answer of a message, or None if nothing was said of it."""
        answer = self._store.feedback.of_message(message_id)
        return self._with_feedback(answer) if answer else None

    def list(self, wanted: FeedbackFilter | None = None, page: int = 1, limit: int = 50) -> FeedbackPage:
        """The answers that feedback was given on, newest first.

        Args:
            wanted: which; all if None.
            page: the page's number, from 1; the last one if there are fewer.
            limit: answers a page, up to 1,000.

        Raises:
            UserError: there can be no such page.
        """
        if page < 1 or not 1 <= limit <= MAX_PAGE:
            raise UserError(
                f"There is no page {page} of {limit} answers.",
                f"Ask for page 1 or later, of 1 to {MAX_PAGE}.",
            )
        feedback = self._store.feedback
        total = feedback.count(wanted)
        pages = max(1, -(-total // limit))
        page = min(page, pages)
        found = tuple(feedback.answers(wanted, limit, (page - 1) * limit))
        return FeedbackPage(tuple(map(self._with_feedback, found)), total, page, pages)

    def counts(self) -> tuple[ModelCounts, ...]:
        """What each model was told, by name."""
        feedback = self._store.feedback
        votes, corrections = feedback.standing(Vote), feedback.standing(Correction)
        return tuple(counts_of(feedback.answers(), votes, corrections, feedback.standing(Choice)))

    def agreement(self) -> Agreement | None:
        """How far voters agree, or None if no two voted on the same answer; see `figures.agreement_of`."""
        return agreement_of(self._store.feedback.standing(Vote))

    def training_data(
        self, wanted: FeedbackFilter | None = None, held_out: float = 0.25, seed: int = 0
    ) -> tuple[PreferenceData, PreferenceSummary]:
        """What there is to learn from; see `training_data.preference_data`."""
        return preference_data(self._store, wanted, held_out=held_out, seed=seed)

    def _with_feedback(self, answer: AnswerSnapshot) -> AnswerFeedback:
        feedback = self._store.feedback
        return AnswerFeedback(
            answer,
            tuple(feedback.standing(Vote, answer.id)),
            tuple(feedback.standing(Correction, answer.id)),
            tuple(feedback.standing(Choice, answer.id)),
        )

    def _known(self, message_id: int | None, answer_id: int | None) -> AnswerSnapshot | None:
        """An answer that was kept, or None for a message's that was not.

        Raises:
            NotFoundError: there is no such message or number.
            UserError: neither or both are given.
        """
        if (message_id is None) == (answer_id is None):
            raise UserError("It is not said which answer is meant.", "Give a message_id or an answer_id.")
        if answer_id is not None:
            return self._store.feedback.get(answer_id)
        assert message_id is not None
        known = self._store.feedback.of_message(message_id)
        if known is None:
            self._store.conversations.message(message_id)
        return known
