"""`ChatRoom`: asking models, for the page, Python and the command line.

Whatever is asked goes the same way: the limits of answers and seats are checked (how long a conversation
may be, in `engines/prompt_limits.py`), then whether the models are there, the question
waits for a seat, and the turn is passed on as it grows, until it ends or is cancelled.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ftdemo.chat import dialogue
from ftdemo.chat.dialogue import Chat, ChatSettings
from ftdemo.chat.line import QueueTicket, WaitingLine
from ftdemo.chat.running import Running
from ftdemo.chat.scores import Scores
from ftdemo.chat.turns import Answer, Destination, Side, Turn, check_question, generate_turn, turns_of
from ftdemo.engines.protocol import Engine, GenerationSettings
from ftdemo.errors import NotFoundError, UserError
from ftdemo.models import Models
from ftdemo.names import BASE
from ftdemo.settings import Settings
from ftdemo.store import Store

MAX_SIDES = 4
"""Models that are asked side by side."""
COMPARE, CHAT = "compare", "chat"
"""Tasks of a session, by which what is asked can be cancelled: side by side, and with one model at a time."""
WAIT_S = 0.25
"""Seconds between two looks at whether a question that waits in line was cancelled."""


class ChatRoom:
    """Conversations: several models side by side, or a chat with one.

    When as many questions as `FTDEMO_CHAT_SEATS` are being answered, the next one waits in line; the turns
    that come meanwhile tell its place.

    Args:
        store: where conversations are.
        settings: the limits.
        engine: gives the chat engine, loaded.
        scores: what reward models make of answers.
        running: knows what runs for whom.
        models: tell which model has a name now, and whether it can be asked.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        engine: Callable[[], Engine],
        scores: Scores,
        running: Running,
        models: Models,
    ) -> None:
        self._store = store
        self._settings = settings
        self._engine = engine
        self._scores = scores
        self._running = running
        self._models = models
        self._line = WaitingLine(settings.chat_seats, settings.chat_line, settings.chat_per_visitor)

    def compare(
        self,
        question: str,
        models: Sequence[str] = (BASE,),
        generation: GenerationSettings | None = None,
        conversation_id: int | None = None,
        session: str | None = None,
        task: str = COMPARE,
    ) -> Iterator[Turn]:
        """Ask models side by side, in one batch, and yield the turn as it grows; see `generate_turn`.

        Each side sees its own answers so far, not those of the others.

        Args:
            question: what to ask.
            models: the sides, up to `MAX_SIDES`; 'base' or tuned models. One named twice is asked once.
            generation: the same for each side.
            conversation_id: go on with this conversation; a new one is started if None.
            session: whose question it is, for the limit of each visitor and to cancel the answers.
            task: what the session does, by which the answers can be cancelled; one turn at a time has it.

        Raises:
            UserError: the question, a model or a setting cannot be used, or too many questions wait.
        """
        names = list(dict.fromkeys(models))
        if not 1 <= len(names) <= MAX_SIDES:
            raise UserError(f"{len(names)} models are asked.", f"Choose from 1 to {MAX_SIDES} models.")
        question = check_question(question)
        generation = generation or GenerationSettings()

        def begin(cancelled: threading.Event) -> Iterator[Turn]:
            # Not before: the answer that this one takes the place of is part of the conversation too.
            known = self._store.conversations.get(conversation_id) if conversation_id is not None else None
            asked = {"role": "user", "content": question}
            sides = [
                Side(name, (*(known.history(name) if known else ()), asked), self._models.version(name) or "")
                for name in names
            ]
            return generate_turn(
                self._engine(), self._store, question, sides, generation, cancelled, Destination(known)
            )

        waiting = Turn(conversation_id, question, ())
        yield from self._seated(names, generation, session, task, waiting, begin)

    def ask(
        self,
        question: str,
        settings: ChatSettings | None = None,
        conversation_id: int | None = None,
        session: str | None = None,
    ) -> Iterator[Turn]:
        """Ask the next question of a chat and yield the turn as it grows; the task is `CHAT`."""
        settings = settings or ChatSettings()
        yield from self._chat(
            settings, session, Turn(conversation_id, question, ()),
            lambda chat, cancelled: chat.ask(question, settings, cancelled, conversation_id),
        )  # fmt: skip

    def answer(self, question: str, settings: ChatSettings | None = None) -> Answer:
        """Ask in a conversation of its own and return the whole answer, with its score if there is one."""
        settings = settings or ChatSettings()
        turn = Turn(None, question, ())
        for turn in self.ask(question, settings):  # noqa: B007 - the last one is wanted
            pass
        answer = next(answer for answer in turn.answers if answer.place == "line")
        if not settings.reward or turn.conversation_id is None:
            return answer
        self._scores.compute(turn.conversation_id, settings.reward)
        return replace(answer, score=self._scores.known(settings.reward)(answer.message_id or 0))

    def again(
        self, conversation_id: int, settings: ChatSettings | None = None, session: str | None = None
    ) -> Iterator[Turn]:
        """Answer a chat's last question again; see `Chat.again`."""
        settings = settings or ChatSettings()
        last = dialogue.last_turn(self._store.conversations.get(conversation_id))
        yield from self._chat(
            settings, session, replace(last, answers=()),
            lambda chat, cancelled: chat.again(conversation_id, settings, cancelled),
        )  # fmt: skip

    def edit(
        self,
        conversation_id: int,
        turn: int,
        question: str,
        settings: ChatSettings | None = None,
        session: str | None = None,
    ) -> Iterator[Turn]:
        """Ask something else in place of a question of a chat; see `Chat.edit`."""
        settings = settings or ChatSettings()
        yield from self._chat(
            settings, session, Turn(conversation_id, question, (), number=turn),
            lambda chat, cancelled: chat.edit(conversation_id, turn, question, settings, cancelled),
        )  # fmt: skip

    def go_on(
        self,
        question: str,
        settings: ChatSettings | None = None,
        conversation_id: int | None = None,
        turn: int | None = None,
        session: str | None = None,
    ) -> Iterator[Turn]:
        """Ask in a chat that may be gone meanwhile: then a new one is begun.

        Args:
            question: what to ask.
            settings: who answers, and how.
            conversation_id: the chat.
            turn: ask in place of this one's question, as in `edit`; as the next one, as in `ask`, if None.
            session: whose question it is.
        """
        if not self.turns(conversation_id):
            yield from self.ask(question, settings, None, session)
        elif turn is None or conversation_id is None:
            yield from self.ask(question, settings, conversation_id, session)
        else:
            yield from self.edit(conversation_id, turn, question, settings, session)

    def go_on_comparing(
        self,
        question: str,
        models: Sequence[str],
        generation: GenerationSettings,
        conversation_id: int | None = None,
        session: str | None = None,
    ) -> Iterator[list[Turn]]:
        """Ask models side by side in a conversation that may be gone meanwhile: then a new one is begun.

        Yields:
            The turns there were, and the one that grows; see `compare`.
        """
        history = self.turns(conversation_id)
        known = conversation_id if history else None
        for turn in self.compare(question, models, generation, known, session):
            yield [*history, turn]

    def undo(self, conversation_id: int) -> str:
        """Take back a chat's last question, and return it; see `dialogue.undo`."""
        return dialogue.undo(self._store, conversation_id)

    def turns(self, conversation_id: int | None) -> list[Turn]:
        """The turns of a saved conversation; none if there is no such conversation."""
        try:
            return turns_of(self._store.conversations.get(conversation_id or 0))
        except NotFoundError:
            return []

    def _chat(
        self,
        settings: ChatSettings,
        session: str | None,
        turn: Turn,
        begin: Callable[[Chat, threading.Event], Iterator[Turn]],
    ) -> Iterator[Turn]:
        rank = self._scores.rank(settings.reward) if settings.reward else None

        def start(cancelled: threading.Event) -> Iterator[Turn]:
            return begin(Chat(self._store, self._engine(), self._models.version, rank), cancelled)

        yield from self._seated(settings.models, settings.generation, session, CHAT, turn, start)

    def _seated(
        self,
        models: Sequence[str],
        generation: GenerationSettings,
        session: str | None,
        task: str,
        turn: Turn,
        begin: Callable[[threading.Event], Iterator[Turn]],
    ) -> Iterator[Turn]:
        """Check what is asked of whom, wait for a seat, and pass on the turn as it grows."""
        most = self._settings.max_answer_tokens
        if generation.max_new_tokens > most:
            raise UserError(
                f"An answer of up to {generation.max_new_tokens} tokens is asked for; "
                f"{most} is the most here.",
                "Ask for fewer, or raise FTDEMO_MAX_ANSWER_TOKENS.",
            )
        for model in models:
            self._models.files(model)
        turn = replace(turn, answers=tuple(Answer(model) for model in dict.fromkeys(models)))
        with self._running.cancellable(session, task) as cancelled, self._line.join(session) as ticket:
            yield from _waiting(ticket, cancelled, turn)
            yield from begin(cancelled)


def _waiting(ticket: QueueTicket, cancelled: threading.Event, turn: Turn) -> Iterator[Turn]:
    """The turn with its place in line, as often as that changes, until it has a seat or is cancelled."""
    told = 0
    while not cancelled.is_set() and (position := ticket.wait(WAIT_S)):
        if position != told:
            told = position
            yield replace(turn, waiting=position)
