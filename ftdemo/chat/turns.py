"""One question and its answers as they grow, and how they are saved."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from ftdemo.engines.protocol import ChatRequest, Engine, GenerationSettings, TokenEvent
from ftdemo.errors import UserError
from ftdemo.store import Store
from ftdemo.store.conversations import ChatMessage, Conversation, Message, Place


@dataclass(frozen=True)
class Answer:
    """One side's answer, whole or in the making.

    Args:
        model: who answers.
        text: the answer so far.
        tokens: tokens so far.
        tokens_per_second: tokens so far over the seconds since the question.
        time_to_first_token_s: seconds from the question to the first token.
        finish_reason: 'stop', 'length', 'cancelled', or None while more may come.
        message_id: its number once it is saved, by which it is voted on.
        place: as for `Message`.
        score: what a reward model gives it, if one was asked.
    """

    model: str
    text: str = ""
    tokens: int = 0
    tokens_per_second: float = 0.0
    time_to_first_token_s: float = 0.0
    finish_reason: str | None = None
    message_id: int | None = None
    place: Place = "line"
    score: float | None = None


@dataclass(frozen=True)
class Turn:
    """One question with every side's answer so far.

    Args:
        conversation_id: where the turn is saved, for the next question.
        question: what was asked.
        answers: one for each side, in the order of the models asked.
        waiting: the place in line before the answers begin, 1 being the next; 0 from then on. While it waits,
            a first question has no conversation yet.
        number: its number in the conversation once it is saved.
    """

    conversation_id: int | None
    question: str
    answers: tuple[Answer, ...]
    waiting: int = 0
    number: int | None = None


@dataclass(frozen=True)
class Side:
    """Who is asked.

    Args:
        model: 'base' or a tuned model.
        messages: all chat messages before the answer, the question last.
        version: which model has the name now.
        seed: this side's own seed, if it is not that of the settings.
    """

    model: str
    messages: tuple[ChatMessage, ...]
    version: str | None = None
    seed: int | None = None


@dataclass(frozen=True)
class Destination:
    """Where a turn is saved.

    Args:
        conversation: the one it goes on with; a new one is started if None.
        turn: the turn whose question is answered again; a new turn if None.
        replaced: the numbers of messages that leave the conversation when the turn is saved.
        places: says where each answer has its place, given all; all are in the line if None.
    """

    conversation: Conversation | None = None
    turn: int | None = None
    replaced: tuple[int, ...] = ()
    places: Callable[[Sequence[Answer]], Sequence[Place]] | None = None


def generate_turn(
    engine: Engine,
    store: Store,
    question: str,
    sides: Sequence[Side],
    settings: GenerationSettings,
    cancelled: threading.Event,
    destination: Destination,
) -> Iterator[Turn]:
    """Ask every side, in one batch, and save the turn when it ends, also if it is cancelled or not read on.

    Args:
        engine: generates the answers.
        store: where the conversation is.
        question: what is asked.
        sides: who is asked.
        settings: the same for each side, but for its seed.
        cancelled: set it to end the answers.
        destination: where the turn is saved.

    Yields:
        The turn after each token of a side, and once more when it is saved, with the answers' numbers.
    """
    requests = [ChatRequest(side.model, list(side.messages), side.seed) for side in sides]
    answers = [Answer(side.model) for side in sides]
    conversation = destination.conversation
    begun = saved = False
    try:
        for event in engine.stream(requests, settings, cancelled):
            # Only a question that the engine has accepted starts a conversation.
            conversation = conversation or store.conversations.start(question)
            begun = True
            answers[event.side] = _answer(sides[event.side].model, event)
            yield Turn(conversation.id, question, tuple(answers))
        if conversation is not None and begun:
            saved = True
            yield _save(store, conversation, question, sides, answers, settings, destination)
    finally:
        if conversation is not None and begun and not saved:
            _save(store, conversation, question, sides, answers, settings, destination)


def turns_of(conversation: Conversation) -> list[Turn]:
    """The turns of a saved conversation, without what has left it, as they were when each ended."""
    turns: list[Turn] = []
    for message in conversation.messages:
        if message.place == "gone":
            continue
        if message.role == "user":
            turns.append(Turn(conversation.id, message.text, (), number=message.turn))
            continue
        answer = answer_of(message)
        turns[-1] = replace(turns[-1], answers=(*turns[-1].answers, answer))
    return turns


def answer_of(message: Message) -> Answer:
    """A saved answer, as it was when it ended."""
    return Answer(
        message.model or "",
        message.text,
        message.tokens or 0,
        message.tokens_per_second or 0.0,
        message.time_to_first_token_s or 0.0,
        message.finish_reason,
        message.id,
        message.place,
    )


def check_question(question: str) -> str:
    """A question without the space around it.

    Raises:
        UserError: it is empty.
    """
    if not question.strip():
        raise UserError("The question is empty.", "Type a question.")
    return question.strip()


def _answer(model: str, event: TokenEvent) -> Answer:
    values = {key: value for key, value in vars(event).items() if key != "side"}
    return Answer(model=model, **values)


def _save(
    store: Store,
    conversation: Conversation,
    question: str,
    sides: Sequence[Side],
    answers: Sequence[Answer],
    settings: GenerationSettings,
    destination: Destination,
) -> Turn:
    """Save a turn and return it with its number and those of its answers."""
    number = destination.turn or conversation.turns + 1
    everywhere: Sequence[Place] = ["line"] * len(answers)
    places = destination.places(answers) if destination.places else everywhere
    answers = [
        replace(answer, place=place, finish_reason=answer.finish_reason or "cancelled")
        for answer, place in zip(answers, places, strict=True)
    ]
    messages = []
    for side, answer in zip(sides, answers, strict=True):
        generation = asdict(settings) if side.seed is None else {**asdict(settings), "seed": side.seed}
        values = {name: value for name, value in vars(answer).items() if name not in ("message_id", "score")}
        message = Message(number, "assistant", generation=generation, **values)
        messages.append(replace(message, model_version=side.version, prompt=side.messages))
    asked = [] if destination.turn is not None else [Message(number, "user", question)]
    with store.transaction():
        store.conversations.move(destination.replaced, "gone")
        numbers = store.conversations.add(conversation.id, [*asked, *messages])[len(asked) :]
    saved = tuple(
        replace(answer, message_id=message_id) for answer, message_id in zip(answers, numbers, strict=True)
    )
    return Turn(conversation.id, question, saved, number=number)
