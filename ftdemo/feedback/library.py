"""How feedback is given, changed and taken back."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

from ftdemo.errors import NotFoundError, UserError
from ftdemo.feedback.exchange import Form, export_feedback, import_feedback
from ftdemo.feedback.import_report import ImportReport
from ftdemo.feedback.records import AnswerFeedback, FeedbackRecords
from ftdemo.feedback.voters import check_length, check_reasons, check_voter
from ftdemo.files.cells import text_of
from ftdemo.files.rows import Progress
from ftdemo.store import Store
from ftdemo.store.conversations import ChatMessage
from ftdemo.store.feedback import (
    AnswerSnapshot,
    Choice,
    ChoiceKind,
    Correction,
    FeedbackFilter,
    NewAnswer,
    Vote,
    VoteKind,
)


class FeedbackLibrary(FeedbackRecords):
    """What people think of answers.

    An answer is named by the message it came from, or by the number under which it was kept for feedback.

    Args:
        store: where feedback is saved.
        version_of: tells which model has a name now, for answers saved without it.
        max_megabytes: the largest file that is imported, in 10^6 bytes.
    """

    def __init__(
        self,
        store: Store,
        version_of: Callable[[str], str | None] = lambda name: None,
        max_megabytes: float = 100.0,
    ) -> None:
        super().__init__(store)
        self._version_of = version_of
        self._max_megabytes = max_megabytes

    def add(
        self,
        question: str | Sequence[ChatMessage],
        answer: str,
        model: str = "",
        model_version: str | None = None,
        *,
        uid: str = "",
    ) -> AnswerSnapshot:
        """Keep an answer that is of no conversation here, so that it can be voted on.

        Args:
            question: what was asked, or all chat messages before the answer.
            answer: what was answered.
            model: who answered, if that is known; a model need not exist here.
            model_version: which model that is; the one that has the name now if None.
            uid: what the answer is known by; made from the rest if empty, so that the same is kept once.

        Raises:
            UserError: the question or the answer is empty.
        """
        prompt = _messages(question)
        answer = text_of(answer)
        if not answer.strip():
            raise UserError("The answer is empty.", "Give the answer that the feedback is about.")
        if model_version is None and model:
            model_version = self._version_of(model)
        new = NewAnswer(prompt, answer, model, model_version)
        return self._store.feedback.keep(new, uid or _digest(prompt, answer, model, model_version))

    def vote(
        self,
        vote: VoteKind,
        voter: str,
        *,
        message_id: int | None = None,
        answer_id: int | None = None,
        reasons: Sequence[str] = (),
        comment: str = "",
    ) -> Vote:
        """Give a thumb. The same vote given again, as by a request that is repeated, is the same vote.

        Args:
            vote: 'up' or 'down'.
            voter: who votes, as a pseudonym.
            message_id: the answer's message.
            answer_id: or the number under which it was kept.
            reasons: some of `voters.REASONS`.
            comment: anything else, up to 10,000 characters.

        Raises:
            NotFoundError: there is no such answer.
            UserError: the vote, a reason or the comment cannot be used.
        """
        if vote not in ("up", "down"):
            raise UserError(f"There is no vote {str(vote)[:64]!r}.", "Vote 'up' or 'down'.")
        voter, reasons = check_voter(voter), check_reasons(tuple(reasons))
        comment = check_length("comment", text_of(comment))
        with self._store.transaction():
            answer = self._answer(message_id, answer_id)
            return self._store.feedback.add(Vote(answer.id, voter, vote, reasons, comment))

    def say(
        self,
        question: str | Sequence[ChatMessage],
        answer: str,
        voter: str,
        *,
        model: str = "",
        vote: VoteKind | None = None,
        correction: str | None = None,
        reasons: Sequence[str] = (),
        comment: str = "",
    ) -> AnswerFeedback:
        """Vote on an answer that is of no conversation here, or correct it, or both; all of it or nothing.

        Raises:
            UserError: something said cannot be used.
        """
        with self._store.transaction():
            kept = self.add(question, answer, model)
            if vote is not None:
                self.vote(vote, voter, answer_id=kept.id, reasons=reasons, comment=comment)
            if correction is not None:
                self.correct(correction, voter, answer_id=kept.id)
            return self.get(kept.id)

    def withdraw(
        self, voter: str, *, message_id: int | None = None, answer_id: int | None = None
    ) -> Vote | None:
        """Take a voter's thumb back; None if there is none.

        Raises:
            NotFoundError: there is no such answer.
        """
        answer = self._known(message_id, answer_id)
        if answer is None or self.current_vote(voter, answer_id=answer.id) is None:
            return None
        return self._store.feedback.add(Vote(answer.id, check_voter(voter), "withdrawn"))

    def correct(
        self, text: str | None, voter: str, *, message_id: int | None = None, answer_id: int | None = None
    ) -> Correction:
        """Say what would have been a better answer, instead of what the voter said before.

        Args:
            text: the better answer, up to 10,000 characters; None takes back what the voter said before.
            voter: who says so, as a pseudonym.
            message_id: the answer's message.
            answer_id: or the number under which it was kept.

        Raises:
            NotFoundError: there is no such answer.
            UserError: the text is empty or too long.
        """
        voter = check_voter(voter)
        if text is not None:
            text = check_length("correction", text_of(text))
            if not text.strip():
                raise UserError("The correction is empty.", "Write the answer as it should be.")
        with self._store.transaction():
            answer = self._answer(message_id, answer_id)
            return self._store.feedback.add(Correction(answer.id, voter, text))

    def choose(
        self,
        choice: ChoiceKind,
        voter: str,
        *,
        messages: tuple[int, int] | None = None,
        answers: tuple[int, int] | None = None,
        comment: str = "",
    ) -> Choice:
        """Say which of two answers is better, instead of what the voter said of them before.

        Args:
            choice: 'left', 'right', 'tie', 'bad' (both are), or 'withdrawn'.
            voter: who says so, as a pseudonym.
            messages: the two answers' messages, as they were shown, the left one first.
            answers: or the numbers under which they were kept.
            comment: anything else, up to 10,000 characters.

        Raises:
            NotFoundError: there is no such answer.
            UserError: the choice or the comment cannot be used, or both sides are the same answer.
        """
        if choice not in get_args(ChoiceKind):
            raise UserError(
                f"There is no choice {str(choice)[:64]!r}.", f"Use: {', '.join(get_args(ChoiceKind))}."
            )
        voter, comment = check_voter(voter), check_length("comment", text_of(comment))
        with self._store.transaction():
            if messages is not None:
                left, right = (self._answer(number, None).id for number in messages)
            else:
                left, right = (self._answer(None, number).id for number in answers or (None, None))
            if left == right:
                raise UserError("Both sides are the same answer.", "Choose between two answers.")
            return self._store.feedback.add(Choice(left, right, voter, choice, comment))

    def explain(
        self,
        message_id: int,
        voter: str,
        reasons: Sequence[str] = (),
        comment: str = "",
        correction: str = "",
    ) -> AnswerFeedback:
        """Say why one voted so, and what would have been a better answer; all of it or nothing.

        Args:
            message_id: the answer's message.
            voter: who says so, as a pseudonym.
            reasons: some of `voters.REASONS`; they and the comment belong to the voter's thumb.
            comment: anything else.
            correction: a better answer; an empty one takes back what the voter said before.

        Raises:
            NotFoundError: there is no such answer.
            UserError: something said cannot be used, or reasons are given without a thumb.
        """
        with self._store.transaction():
            before = self.current_vote(voter, message_id=message_id)
            if before is not None:
                self.vote(before.vote, voter, message_id=message_id, reasons=reasons, comment=comment)
            elif reasons or comment.strip():
                raise UserError(
                    "Reasons and comments belong to a thumb, and you gave none.", "Give a thumb up or down."
                )
            if correction.strip():
                self.correct(correction, voter, message_id=message_id)
            elif (known := self.of_message(message_id)) is not None:
                self.correct(None, voter, answer_id=known.answer.id)
            return self.get(self._answer(message_id, None).id)

    def edit(
        self,
        answer_id: int,
        voter: str,
        *,
        vote: VoteKind | None = None,
        reasons: Sequence[str] | None = None,
        comment: str | None = None,
        correction: str | None = None,
    ) -> AnswerFeedback:
        """Change parts of what a voter said of an answer; the rest stays, and so does the history.

        Args:
            answer_id: the number under which the answer was kept.
            voter: whose feedback is changed.
            vote: 'up', 'down' or 'withdrawn'.
            reasons: other reasons.
            comment: another comment.
            correction: another correction; an empty one takes the last back.

        Raises:
            NotFoundError: there is no such answer, or the voter gave it no thumb that could be changed.
            UserError: something said cannot be used.
        """
        with self._store.transaction():
            before = self.current_vote(voter, answer_id=answer_id)
            if comment == (before.comment if before else ""):
                comment = None  # it is what it was
            if vote == "withdrawn":
                self.withdraw(voter, answer_id=answer_id)
            elif (vote, reasons, comment) != (None, None, None):
                kind = vote or (before.vote if before else None)
                if kind is None:
                    raise NotFoundError(
                        f"The voter {voter!r} gave no thumb to the answer {answer_id}.", "Vote first."
                    )
                self.vote(
                    kind,
                    voter,
                    answer_id=answer_id,
                    reasons=reasons if reasons is not None else before.reasons if before else (),
                    comment=comment if comment is not None else before.comment if before else "",
                )
            if correction is not None:
                self.correct(correction or None, voter, answer_id=answer_id)
            return self.get(answer_id)

    def remove(self, answer_id: int) -> None:
        """Delete an answer with all that was said of it, its history included.

        Raises:
            NotFoundError: there is no such answer.
        """
        self._store.feedback.remove(answer_id)

    def export(
        self, path: Path, form: Form = "full", wanted: FeedbackFilter | None = None, held_out: float = 0.25
    ) -> int:
        """Write feedback to a file and return the number of rows; see `exchange.export_feedback`."""
        return export_feedback(self._store, path, form, wanted, held_out=held_out)

    def import_file(self, path: str | Path, progress: Progress | None = None) -> ImportReport:
        """Add the feedback of a file; see `exchange.import_feedback`."""
        return import_feedback(self._store, path, self._max_megabytes, progress)

    def _answer(self, message_id: int | None, answer_id: int | None) -> AnswerSnapshot:
        """An answer that was kept, or that is kept now."""
        known = self._known(message_id, answer_id)
        return known or self._store.feedback.keep(self._snapshot(message_id or 0))

    def _snapshot(self, message_id: int) -> NewAnswer:
        message = self._store.conversations.message(message_id)
        if message.role != "assistant" or not message.text.strip():
            raise UserError(
                f"The message {message_id} is no answer.",
                "Use the `message_id` of an answer that has a text.",
            )
        model = message.model or ""
        conversation = self._store.conversations.get(message.conversation_id or 0)
        question = next(
            said.text for said in conversation.messages if said.turn == message.turn and said.role == "user"
        )
        seen = (*conversation.history(model, message.turn), {"role": "user", "content": question})
        prompt = message.prompt or seen
        version = message.model_version or self._version_of(model)
        return NewAnswer(prompt, message.text, model, version, message.generation, message_id)


def _messages(question: str | Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
    """A question as chat messages, checked."""
    given = [{"role": "user", "content": question}] if isinstance(question, str) else list(question)
    prompt = tuple({"role": text_of(said["role"]), "content": text_of(said["content"])} for said in given)
    if not prompt or prompt[-1]["role"] != "user" or not prompt[-1]["content"].strip():
        raise UserError("The question is empty.", "Give the question that was answered.")
    return prompt


def _digest(*parts: object) -> str:
    written = json.dumps(parts, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()[:24]
