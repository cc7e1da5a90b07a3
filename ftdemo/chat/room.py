"""`ChatRoom`: every conversation with models, for the page, Python and the command line."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial

from ftdemo.chat import dialogue, votes
from ftdemo.chat.comparison import compare
from ftdemo.chat.dialogue import Chat, ChatSettings
from ftdemo.chat.line import Line, Place
from ftdemo.chat.running import Running
from ftdemo.chat.turns import Answer, Turn, turns_of
from ftdemo.engines.protocol import Engine, GenerationSettings
from ftdemo.errors import NotFoundError, UserError
from ftdemo.feedback import FeedbackLibrary
from ftdemo.models import Models, ensure_base_model
from ftdemo.names import BASE
from ftdemo.rewards.registry import RewardRegistry
from ftdemo.rewards.scorer import RewardScorer
from ftdemo.samples import SampleLibrary
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.feedback import Choice, ChoiceKind, Vote, VoteKind

WAIT_S = 0.25
"""Seconds between two looks at whether a question that waits in line was cancelled."""


class ChatRoom:
    """Conversations: several models side by side, a chat with one, and what voters say of the answers.

    When as many questions as `FTDEMO_CHAT_SEATS` are being answered, the next one waits in line; the turns
    that come meanwhile tell its place.

    Args:
        store: where conversations and votes are.
        settings: the limits.
        engine: gives the chat engine, loaded.
        rewards: reward models by name.
        feedback: votes.
        samples: sample sets, for answers that are to be learned.
        running: knows what runs for whom.
        models: tell which model has a name now, and whether it can be asked.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        engine: Callable[[], Engine],
        rewards: RewardRegistry,
        feedback: FeedbackLibrary,
        samples: SampleLibrary,
        running: Running,
        models: Models,
    ) -> None:
        self._store = store
        self._settings = settings
        self._engine = engine
        self._rewards = rewards
        self._feedback = feedback
        self._samples = samples
        self._running = running
        self._models = models
        self._line = Line(settings.chat_seats, settings.chat_line, settings.chat_per_visitor)

    def compare(
        self,
        question: str,
        models: Sequence[str] = (BASE,),
        generation: GenerationSettings | None = None,
        conversation_id: int | None = None,
        session: str | None = None,
    ) -> Iterator[Turn]:
        """Ask models side by side and yield the turn as it grows.

        Args:
            question: what to ask.
            models: the sides.
            generation: the same for each side.
            conversation_id: go on with this conversation.
            session: a name under which the answers can be cancelled; one turn at a time has it.

        Raises:
            UserError: the question, a model or a setting cannot be used, or too many questions wait.
        """
        generation = generation or GenerationSettings()
        versions = {model: self._models.version(model) or "" for model in models}

        def begin(cancelled: threading.Event) -> Iterator[Turn]:
            return compare(
                self._engine(), self._store, question, models, generation, cancelled, conversation_id,
                versions,
            )  # fmt: skip

        yield from self._seated(models, generation, session, Turn(conversation_id, question, ()), begin)

    def ask(
        self,
        question: str,
        settings: ChatSettings | None = None,
        conversation_id: int | None = None,
        session: str | None = None,
    ) -> Iterator[Turn]:
        """Ask the next question of a chat and yield the turn as it grows; arguments as for `compare`."""
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
        self.score(turn.conversation_id, settings.reward)
        folder = self._rewards.folder(settings.reward)
        return replace(answer, score=self._scorer.remembered(folder, str(answer.message_id)))

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

    def undo(self, conversation_id: int) -> str:
        """Take back a chat's last question, and return it; see `dialogue.undo`."""
        return dialogue.undo(self._store, conversation_id)

    def choose(self, conversation_id: int, turn: int, choice: ChoiceKind, voter: str) -> Choice:
        """Say which of a turn's two answers is better; see `votes.choose`."""
        return votes.choose(self._store, self._feedback, conversation_id, turn, choice, voter)

    def thumb(self, message_id: int, vote: VoteKind, voter: str) -> Vote | None:
        """Give an answer a thumb, or take it back if it was given already; None if there is none now."""
        before = self._feedback.current_vote(voter, message_id=message_id)
        if before is not None and before.vote == vote:
            self._feedback.withdraw(voter, message_id=message_id)
            return None
        return self._feedback.vote(vote, voter, message_id=message_id)

    def explain(
        self,
        message_id: int,
        voter: str,
        reasons: Sequence[str] = (),
        comment: str = "",
        correction: str = "",
        sample_set: str = "",
    ) -> None:
        """Say why one voted so and what would have been better; see `FeedbackLibrary.explain`.

        Args:
            message_id: the answer's message.
            voter: who says so, as a pseudonym.
            reasons: some of the known reasons.
            comment: anything else.
            correction: a better answer.
            sample_set: keep question and better answer as a sample of this set too, if it is given.

        Raises:
            UserError: something said cannot be used; then nothing is saved.
        """
        with self._store.transaction():
            said = self._feedback.explain(message_id, voter, reasons, comment, correction)
            if sample_set.strip() and correction.strip():
                self._samples.keep(sample_set, said.answer.question, correction)

    def judged_answer(self, message_id: int, voter: str) -> votes.JudgedAnswer:
        """One answer as a voter sees it; see `votes.judged_answer`."""
        return votes.judged_answer(self._store, self._feedback, message_id, voter)

    def turns(self, conversation_id: int | None) -> list[Turn]:
        """The turns of a saved conversation; none if there is no such conversation."""
        try:
            return turns_of(self._store.conversations.get(conversation_id or 0))
        except NotFoundError:
            return []

    def judged(
        self, conversation_id: int | None, voter: str, reward: str | None = None
    ) -> list[votes.JudgedTurn]:
        """The turns of a conversation as a voter sees them, with the scores that are known already."""
        folder = self._rewards.folder(reward) if reward else None

        def score_of(message_id: int) -> float | None:
            return self._scorer.remembered(folder, str(message_id)) if folder else None

        return votes.judged_turns(self._store, self._feedback, conversation_id, voter, score_of)

    def score(self, conversation_id: int, reward: str) -> None:
        """Compute the scores of a conversation's answers that are not known yet; the first takes seconds.

        Raises:
            NotFoundError: there is no such reward model.
            UserError: it stands on another base model.
        """
        folder = self._rewards.folder(reward)
        conversation = self._store.conversations.get(conversation_id)
        for message in conversation.messages:
            key = str(message.id)
            shown = message.role == "assistant" and message.place != "gone" and message.text
            if shown and message.prompt and self._scorer.remembered(folder, key) is None:
                (found,) = self._scorer.scores(folder, message.prompt, [message.text])
                self._scorer.remember(folder, key, found)

    @cached_property
    def _scorer(self) -> RewardScorer:
        return RewardScorer(ensure_base_model(self._settings))

    def _chat(
        self,
        settings: ChatSettings,
        session: str | None,
        turn: Turn,
        begin: Callable[[Chat, threading.Event], Iterator[Turn]],
    ) -> Iterator[Turn]:
        rank = (
            partial(self._scorer.scores, self._rewards.folder(settings.reward)) if settings.reward else None
        )

        def start(cancelled: threading.Event) -> Iterator[Turn]:
            return begin(Chat(self._store, self._engine(), self._models.version, rank), cancelled)

        yield from self._seated(settings.models, settings.generation, session, turn, start)

    def _seated(
        self,
        models: Sequence[str],
        generation: GenerationSettings,
        session: str | None,
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
        with self._running.cancellable(session) as cancelled, self._line.place(session) as place:
            yield from _waiting(place, cancelled, turn)
            yield from begin(cancelled)


def _waiting(place: Place, cancelled: threading.Event, turn: Turn) -> Iterator[Turn]:
    """The turn with its place in line, as often as that changes, until it has a seat or is cancelled."""
    told = 0
    while not cancelled.is_set() and (position := place.wait(WAIT_S)):
        if position != told:
            told = position
            yield replace(turn, waiting=position)
