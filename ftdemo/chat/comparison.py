"""One question to several models at once, each with its own history."""

import threading
from collections.abc import Iterator, Mapping, Sequence

from ftdemo.chat.turns import Destination, Side, Turn, check_question, generate_turn
from ftdemo.engines.protocol import Engine, GenerationSettings
from ftdemo.errors import UserError
from ftdemo.store import Store

MAX_SIDES = 4


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
    """Ask every side the same question, in one batch; see `generate_turn`.

    Args:
        engine: generates the answers.
        store: where the conversation is.
        question: what to ask.
        models: the sides, up to four; 'base' or tuned models.
        settings: the same for each side.
        cancelled: set it to end the answers.
        conversation_id: go on with this conversation; a new one is started if None.
        versions: which model each side is under its name, to be kept with its answer.
    """
    names = list(dict.fromkeys(models))
    question = check_question(question)
    if not 1 <= len(names) <= MAX_SIDES:
        raise UserError(f"{len(names)} models are asked.", f"Choose from 1 to {MAX_SIDES} models.")
    known = store.conversations.get(conversation_id) if conversation_id is not None else None
    asked = {"role": "user", "content": question}
    sides = [
        Side(name, (*(known.history(name) if known else ()), asked), (versions or {}).get(name))
        for name in names
    ]
    yield from generate_turn(engine, store, question, sides, settings, cancelled, Destination(known))
