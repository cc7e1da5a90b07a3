"""What a voter says of a chat's answers, and the chat as that voter sees it, with a reward model's scores."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ftdemo.chat.dialogue import go_on_from
from ftdemo.chat.scores import Scores
from ftdemo.chat.turns import Answer, Turn, answer_of, turns_of
from ftdemo.errors import NotFoundError
from ftdemo.feedback import FeedbackLibrary
from ftdemo.samples import SampleLibrary
from ftdemo.store import Store
from ftdemo.store.feedback import Choice, ChoiceKind, Vote, VoteKind

FROM_CHAT = "from-chat"
"""The sample set in which answers of chats are kept, if no other is named."""


@dataclass(frozen=True)
class JudgedAnswer:
    """An answer with what the voter said of it.

    Args:
        answer: the answer.
        vote: the voter's thumb, or None.
        correction: the voter's better answer, or None.
        score: what a reward model gives it, or None if none is chosen or it is not known yet.
    """

    answer: Answer
    vote: Vote | None
    correction: str | None
    score: float | None


@dataclass(frozen=True)
class JudgedTurn:
    """A turn with what the voter said of it.

    Args:
        turn: the turn.
        answers: its answers, in order.
        choice: which one the voter prefers, where there are two; None before they chose.
    """

    turn: Turn
    answers: tuple[JudgedAnswer, ...]
    choice: ChoiceKind | None

    @property
    def blind(self) -> bool:
        """Whether there are two answers of which the voter has not yet chosen."""
        return len(self.answers) == 2 and self.choice is None


class Ballot:
    """What voters say of the answers of conversations.

    Args:
        store: where conversations are.
        feedback: where votes are.
        samples: sample sets, for answers that are to be learned.
        scores: what reward models make of the same answers.
    """

    def __init__(
        self, store: Store, feedback: FeedbackLibrary, samples: SampleLibrary, scores: Scores
    ) -> None:
        self._store = store
        self._feedback = feedback
        self._samples = samples
        self._scores = scores

    def judged(self, conversation_id: int | None, voter: str, reward: str | None = None) -> list[JudgedTurn]:
        """The turns of a conversation as a voter sees them; none if there is no such conversation.

        Args:
            conversation_id: the conversation.
            voter: whose votes to show.
            reward: the reward model whose scores to show, as far as they are known already.

        Raises:
            NotFoundError: there is no such reward model.
        """
        score_of = self._scores.known(reward) if reward else _no_score
        try:
            conversation = self._store.conversations.get(conversation_id or 0)
        except NotFoundError:
            return []
        judged = []
        for turn in turns_of(conversation):
            answers = tuple(_judged(self._feedback, answer, voter, score_of) for answer in turn.answers)
            judged.append(JudgedTurn(turn, answers, _choice(self._feedback, turn, voter)))
        return judged

    def scored(
        self, conversation_id: int | None, voter: str, reward: str | None = None
    ) -> Iterator[list[JudgedTurn]]:
        """The turns as in `judged`, and with a reward model once more when all their scores are computed.

        Raises:
            NotFoundError: there is no such reward model or conversation.
            UserError: the reward model stands on another base model.
        """
        yield self.judged(conversation_id, voter, reward)
        if reward and conversation_id:
            self._scores.compute(conversation_id, reward)
            yield self.judged(conversation_id, voter, reward)

    def judged_answer(self, message_id: int, voter: str) -> JudgedAnswer:
        """One answer as a voter sees it, without a score.

        Raises:
            NotFoundError: there is no message of that number.
        """
        answer = answer_of(self._store.conversations.message(message_id))
        return _judged(self._feedback, answer, voter, _no_score)

    def thumb(self, message_id: int, vote: VoteKind, voter: str) -> Vote | None:
        """Give an answer a thumb, or take it back if it was given already; None if there is none now."""
        before = self._feedback.current_vote(voter, message_id=message_id)
        if before is not None and before.vote == vote:
            self._feedback.withdraw(voter, message_id=message_id)
            return None
        return self._feedback.vote(vote, voter, message_id=message_id)

    def choose(self, conversation_id: int, turn: int, choice: ChoiceKind, voter: str) -> Choice:
        """Say which of a turn's two answers is better; the conversation goes on from it.

        After a tie it goes on from the left one, and from neither if both are bad.

        Raises:
            NotFoundError: there are no two answers to choose between.
            UserError: there is no such choice.
        """
        turns = turns_of(self._store.conversations.get(conversation_id))
        found = next((known for known in turns if known.number == turn and len(known.answers) == 2), None)
        left, right = (answer.message_id for answer in found.answers) if found else (None, None)
        if found is None or left is None or right is None:
            raise NotFoundError(
                f"The question {turn} of this conversation has no two answers.",
                "Ask with 'two answers' first.",
            )
        with self._store.transaction():
            given = self._feedback.choose(choice, voter, messages=(left, right))
            go_on_from(self._store, found, {"right": right, "bad": None}.get(choice, left))
        return given

    def explain(
        self,
        message_id: int,
        voter: str,
        reasons: Sequence[str] = (),
        comment: str = "",
        correction: str = "",
        sample_set: str = "",
    ) -> None:
        """Say why one voted so and what would have been better, as `FeedbackLibrary.explain` takes it.

        Args:
            sample_set: keep question and better answer as a sample of this set too, if it is given; all of
                it is saved or nothing.
        """
        with self._store.transaction():
            said = self._feedback.explain(message_id, voter, reasons, comment, correction)
            if sample_set.strip() and correction.strip():
                self._samples.keep(sample_set, said.answer.question, correction)


def _no_score(message_id: int) -> float | None:
    return None


def _judged(
    feedback: FeedbackLibrary, answer: Answer, voter: str, score_of: Callable[[int], float | None]
) -> JudgedAnswer:
    number = answer.message_id
    if number is None:
        return JudgedAnswer(answer, None, None, None)
    said = feedback.of_message(number)
    votes = said.votes if said else ()
    corrections = said.corrections if said else ()
    return JudgedAnswer(
        answer,
        next((vote for vote in votes if vote.voter == voter), None),
        next((one.text for one in corrections if one.voter == voter), None),
        score_of(number),
    )


def _choice(feedback: FeedbackLibrary, turn: Turn, voter: str) -> ChoiceKind | None:
    """What the voter chose, as the two answers are shown now."""
    if len(turn.answers) != 2 or turn.answers[0].message_id is None:
        return None
    said = feedback.of_message(turn.answers[0].message_id)
    mine = next((choice for choice in said.choices if choice.voter == voter), None) if said else None
    return mine.choice if mine else None
