"""A chat as one voter sees it: what they said of each answer, and how a reward model scores it."""

from collections.abc import Callable
from dataclasses import dataclass

from ftdemo.chat.dialogue import go_on_from
from ftdemo.chat.turns import Answer, Turn, answer_of, turns_of
from ftdemo.errors import NotFoundError
from ftdemo.feedback import FeedbackLibrary
from ftdemo.store import Store
from ftdemo.store.feedback import Choice, ChoiceKind, Vote


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


def judged_turns(
    store: Store,
    feedback: FeedbackLibrary,
    conversation_id: int | None,
    voter: str,
    score_of: Callable[[int], float | None] = lambda message_id: None,
) -> list[JudgedTurn]:
    """The turns of a conversation as a voter sees them; none if there is no such conversation.

    Args:
        store: where the conversation is.
        feedback: where votes are.
        conversation_id: the conversation.
        voter: whose votes to show.
        score_of: gives the score of a message's answer.
    """
    try:
        conversation = store.conversations.get(conversation_id or 0)
    except NotFoundError:
        return []
    judged = []
    for turn in turns_of(conversation):
        answers = tuple(_judged(feedback, answer, voter, score_of) for answer in turn.answers)
        judged.append(JudgedTurn(turn, answers, _choice(feedback, turn, voter)))
    return judged


def judged_answer(store: Store, feedback: FeedbackLibrary, message_id: int, voter: str) -> JudgedAnswer:
    """One answer as a voter sees it.

    Raises:
        NotFoundError: there is no message of that number.
    """
    return _judged(feedback, answer_of(store.conversations.message(message_id)), voter, lambda number: None)


def choose(
    store: Store, feedback: FeedbackLibrary, conversation_id: int, turn: int, choice: ChoiceKind, voter: str
) -> Choice:
    """Say which of a turn's two answers is better; the conversation goes on from it.

    After a tie it goes on from the left one, and from neither if both are bad.

    Raises:
        NotFoundError: there are no two answers to choose between.
        UserError: there is no such choice.
    """
    turns = turns_of(store.conversations.get(conversation_id))
    found = next((known for known in turns if known.number == turn and len(known.answers) == 2), None)
    left, right = (answer.message_id for answer in found.answers) if found else (None, None)
    if found is None or left is None or right is None:
        raise NotFoundError(
            f"The question {turn} of this conversation has no two answers.", "Ask with 'two answers' first."
        )
    with store.transaction():
        given = feedback.choose(choice, voter, messages=(left, right))
        go_on_from(store, found, {"right": right, "bad": None}.get(choice, left))
    return given


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
