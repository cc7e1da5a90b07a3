"""One question to several sides at once, each with its own history, saved turn by turn."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from ftdemo.engines.protocol import ChatRequest, Engine, GenerationSettings, TokenEvent
from ftdemo.errors import UserError
from ftdemo.store import Store
from ftdemo.store.conversations import Conversation, Message

MAX_SIDES = 4


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
    """

    model: str
    text: str = ""
    tokens: int = 0
    tokens_per_second: float = 0.0
    time_to_first_token_s: float = 0.0
    finish_reason: str | None = None
    message_id: int | None = None


@dataclass(frozen=True)
class Turn:
    """One question with every side's answer so far.

    Args:
        conversation_id: where the turn is saved, for the next question.
        question: what was asked.
        answers: one for each side, in the order of the models asked.
        waiting: the place in line before the answers begin, 1 being the next; 0 from then on. While it waits,
            a first question has no conversation yet.
    """

    conversation_id: int | None
    question: str
    answers: tuple[Answer, ...]
    waiting: int = 0


def compare(
    engine: Engine,
    store: Store,
    question: str,
    models: Sequence[str],
    settings: GenerationSettings,
    cancelled: threading.Event,
    conversation_id: int | None = None,
    versions: Mapping[str, str] | None = None,
) -> Iterator[Turn]:
    """Ask every side the same question, in one batch.

    The turn is saved when it ends, also if it is cancelled or whoever reads it leaves.

    Args:
        engine: generates the answers.
        store: where the conversation is.
        question: what to ask.
        models: the sides, up to four; 'base' or tuned models.
        settings: the same for each side.
        cancelled: set it to end the answers.
        conversation_id: go on with this conversation; a new one is started if None.
        versions: which model each side is under its name, to be kept with its answer.

    Yields:
        The turn after each token of a side, and once more when it is saved, with the answers' numbers.
    """
    sides = list(dict.fromkeys(models))
    question = question.strip()
    if not question:
        raise UserError("The question is empty.", "Type a question.")
    if not 1 <= len(sides) <= MAX_SIDES:
        raise UserError(f"{len(sides)} models are asked.", f"Choose from 1 to {MAX_SIDES} models.")
    known = store.conversations.get(conversation_id) if conversation_id is not None else None
    requests = [
        ChatRequest(model, [*(known.history(model) if known else []), {"role": "user", "content": question}])
        for model in sides
    ]
    answers = [Answer(model) for model in sides]
    conversation: Conversation | None = known
    begun = saved = False
    try:
        for event in engine.stream(requests, settings, cancelled):
            # Only a question that the engine has accepted starts a conversation.
            conversation = conversation or store.conversations.start(question)
            begun = True
            answers[event.side] = _answer(sides[event.side], event)
            yield Turn(conversation.id, question, tuple(answers))
        if conversation is not None and begun:
            saved = True
            answers = _save(store, conversation, question, answers, settings, versions or {})
            yield Turn(conversation.id, question, tuple(answers))
    finally:
        if conversation is not None and begun and not saved:
            _save(store, conversation, question, answers, settings, versions or {})


def turns_of(conversation: Conversation) -> list[Turn]:
    """The turns of a saved conversation, as they were when each ended."""
    turns: list[Turn] = []
    for message in conversation.messages:
        if message.role == "user":
            turns.append(Turn(conversation.id, message.text, ()))
            continue
        answer = Answer(
            message.model or "",
            message.text,
            message.tokens or 0,
            message.tokens_per_second or 0.0,
            message.time_to_first_token_s or 0.0,
            message.finish_reason,
            message.id,
        )
        turns[-1] = replace(turns[-1], answers=(*turns[-1].answers, answer))
    return turns


def _answer(model: str, event: TokenEvent) -> Answer:
    values = {key: value for key, value in vars(event).items() if key != "side"}
    return Answer(model=model, **values)


def _save(
    store: Store,
    conversation: Conversation,
    question: str,
    answers: Sequence[Answer],
    settings: GenerationSettings,
    versions: Mapping[str, str],
) -> list[Answer]:
    """Save a turn and return its answers with their numbers."""
    turn = conversation.turns + 1
    messages = [Message(turn, "user", question)]
    for answer in answers:
        values = {name: value for name, value in vars(answer).items() if name != "message_id"}
        values["finish_reason"] = answer.finish_reason or "cancelled"
        version = versions.get(answer.model)
        messages.append(
            Message(turn, "assistant", generation=asdict(settings), model_version=version, **values)
        )
    numbers = store.conversations.add_turn(conversation.id, messages)
    return [replace(answer, message_id=number) for answer, number in zip(answers, numbers[1:], strict=True)]
