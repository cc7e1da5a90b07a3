"""A chat with one model at a time: ask, ask again, edit, take back, and two answers to choose between."""

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from ftdemo.chat.turns import Answer, Destination, Side, Turn, check_question, generate_turn, turns_of
from ftdemo.engines.protocol import Engine, GenerationSettings
from ftdemo.errors import NotFoundError, UserError
from ftdemo.names import BASE
from ftdemo.store import Store
from ftdemo.store.conversations import ChatMessage, Conversation, Place

MOST_TRIES = 8
MOST_SYSTEM_CHARACTERS = 4_000

Rank = Callable[[Sequence[ChatMessage], Sequence[str]], Sequence[float]]
"""Scores of answers to a prompt."""


@dataclass(frozen=True)
class ChatSettings:
    """Who answers, and how.

    Args:
        model: who answers.
        generation: how.
        system: what the model is told before the conversation; nothing of ours if empty.
        against: another model, or the same, for a second answer to choose between.
        tries: answers sampled of which the one that the reward model scores highest is shown.
        reward: the reward model's name, for `tries`.

    Raises:
        UserError: the settings contradict each other.
    """

    model: str = BASE
    generation: GenerationSettings = field(default_factory=GenerationSettings)
    system: str = ""
    against: str | None = None
    tries: int = 1
    reward: str | None = None

    def __post_init__(self) -> None:
        if len(self.system) > MOST_SYSTEM_CHARACTERS:
            raise UserError(
                f"The system prompt has {len(self.system):,} characters; {MOST_SYSTEM_CHARACTERS:,} is the "
                "most.",
                "Shorten it.",
            )
        if not 1 <= self.tries <= MOST_TRIES:
            raise UserError(f"{self.tries} answers are to be tried.", f"Try from 1 to {MOST_TRIES}.")
        if self.tries > 1 and self.reward is None:
            raise UserError(
                "The best of several answers is wanted, and no reward model is chosen to tell it.",
                "Choose a reward model, or try one answer.",
            )
        if self.tries > 1 and self.against is not None:
            raise UserError(
                "Two answers to choose between and the best of several cannot be had at once.",
                "Choose one of both.",
            )
        if self.generation.temperature == 0 and (self.tries > 1 or self.against == self.model):
            raise UserError(
                "At temperature 0 a model gives the same answer each time.",
                "Set the temperature above 0, such as 0.7, or compare with another model.",
            )

    @property
    def models(self) -> tuple[str, ...]:
        """Who has to be there."""
        return (self.model,) if self.against is None else (self.model, self.against)


class Chat:
    """What can be done with a conversation of one line.

    Args:
        store: where conversations are.
        engine: generates the answers.
        version_of: tells which model has a name now.
        rank: scores answers by the settings' reward model; used where several are tried.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        version_of: Callable[[str], str | None],
        rank: Rank | None = None,
    ) -> None:
        self._store = store
        self._engine = engine
        self._version_of = version_of
        self._rank = rank

    def ask(
        self,
        question: str,
        settings: ChatSettings,
        cancelled: threading.Event,
        conversation_id: int | None = None,
    ) -> Iterator[Turn]:
        """Ask the next question; see `generate_turn`."""
        known = self._store.conversations.get(conversation_id) if conversation_id is not None else None
        return self._turn(check_question(question), settings, cancelled, Destination(known))

    def again(
        self, conversation_id: int, settings: ChatSettings, cancelled: threading.Event
    ) -> Iterator[Turn]:
        """Answer the last question again, with the next seed; the answer so far leaves the conversation.

        Raises:
            NotFoundError: there is no such conversation, or nothing in it.
        """
        conversation = self._store.conversations.get(conversation_id)
        last = last_turn(conversation)
        assert last.number is not None
        tries = sum(
            message.turn == last.number and message.role == "assistant" for message in conversation.messages
        )
        generation = replace(settings.generation, seed=(settings.generation.seed + tries) % 2**32)
        destination = Destination(conversation, last.number, _numbers(last.answers))
        return self._turn(last.question, replace(settings, generation=generation), cancelled, destination)

    def edit(
        self,
        conversation_id: int,
        turn: int,
        question: str,
        settings: ChatSettings,
        cancelled: threading.Event,
    ) -> Iterator[Turn]:
        """Ask something else in place of a question; what was said from there on leaves the conversation.

        Args:
            conversation_id: the conversation.
            turn: the question's turn.
            question: what to ask in its place.
            settings: who answers.
            cancelled: set it to end the answer.

        Raises:
            NotFoundError: there is no such turn.
        """
        conversation = self._store.conversations.get(conversation_id)
        if all(known.number != turn for known in turns_of(conversation)):
            raise NotFoundError(f"There is no question {turn} in this conversation.", "Choose one you see.")
        leaving = tuple(
            message.id for message in conversation.messages if message.turn >= turn and message.id is not None
        )
        return self._turn(
            check_question(question), settings, cancelled, Destination(conversation, replaced=leaving), turn
        )

    def _turn(
        self,
        question: str,
        settings: ChatSettings,
        cancelled: threading.Event,
        destination: Destination,
        before: int | None = None,
    ) -> Iterator[Turn]:
        conversation = destination.conversation
        seen = conversation.history(before=before or destination.turn) if conversation else []
        told = [{"role": "system", "content": settings.system.strip()}] if settings.system.strip() else []
        prompt = (*told, *seen, {"role": "user", "content": question})
        sides = self._sides(settings, prompt)
        places: Callable[[Sequence[Answer]], Sequence[Place]] | None = None
        if settings.against is not None:
            places = _first_in_line
        elif settings.tries > 1:
            places = partial(self._best_in_line, prompt)
        return generate_turn(
            self._engine, self._store, question, sides, settings.generation, cancelled,
            replace(destination, places=places),
        )  # fmt: skip

    def _sides(self, settings: ChatSettings, prompt: tuple[ChatMessage, ...]) -> list[Side]:
        seed = settings.generation.seed
        models = list(settings.models) if settings.against else [settings.model] * settings.tries
        sides = [
            Side(model, prompt, self._version_of(model), (seed + number) % 2**32)
            for number, model in enumerate(models)
        ]
        if settings.against is not None and secrets.randbelow(2):
            sides.reverse()  # who chooses must not know which is on which side
        return sides

    def _best_in_line(self, prompt: Sequence[ChatMessage], answers: Sequence[Answer]) -> Sequence[Place]:
        """The answer that scores highest stays; of equal ones the first."""
        assert self._rank is not None
        scores = self._rank(prompt, [answer.text for answer in answers])
        best = max(range(len(answers)), key=lambda number: (bool(answers[number].text), scores[number]))
        return ["line" if number == best else "gone" for number in range(len(answers))]


def undo(store: Store, conversation_id: int) -> str:
    """Take the last question and its answers out of a conversation, and return the question.

    Votes on the answers stay.

    Raises:
        NotFoundError: there is no such conversation, or nothing in it.
    """
    with store.transaction():
        conversation = store.conversations.get(conversation_id)
        last = last_turn(conversation)
        leaving = [
            message.id
            for message in conversation.messages
            if message.turn == last.number and message.id is not None
        ]
        store.conversations.move(leaving, "gone")
    return last.question


def go_on_from(store: Store, turn: Turn, preferred: int | None) -> None:
    """Let a conversation go on from one of a turn's answers.

    Args:
        store: where the conversation is.
        turn: a turn with two answers to choose between.
        preferred: the message of the answer, or None to go on from neither.
    """
    with store.transaction():
        for number in _numbers(turn.answers):
            store.conversations.move([number], "line" if number == preferred else "beside")


def last_turn(conversation: Conversation) -> Turn:
    """The last turn that has not been taken back.

    Raises:
        NotFoundError: there is none.
    """
    turns = turns_of(conversation)
    if not turns:
        raise NotFoundError("Nothing has been asked yet.", "Ask a question first.")
    return turns[-1]


def _first_in_line(answers: Sequence[Answer]) -> Sequence[Place]:
    """Until somebody has chosen, the conversation goes on from the answer on the left."""
    return ["line" if number == 0 else "beside" for number in range(len(answers))]


def _numbers(answers: Sequence[Answer]) -> tuple[int, ...]:
    return tuple(answer.message_id for answer in answers if answer.message_id is not None)
