"""`Studio`: everything the app does, as Python calls. The page and the command line call nothing else.

from ftdemo.studio import Studio

studio = Studio()
studio.samples.add("samples/pavan_belagatti.jsonl")
job = studio.jobs.wait(studio.tune("pavan", samples="pavan_belagatti").id)
for answer in studio.ask("Who is Pavan Belagatti?", ["base", "pavan"]):
    print(answer.model, answer.text)
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ftdemo.engines.admission import Line, Place
from ftdemo.engines.comparison import Answer, Turn, compare, turns_of
from ftdemo.engines.host import EngineHost, EngineStatus
from ftdemo.engines.protocol import Engine, GenerationSettings
from ftdemo.errors import NotFoundError, UserError
from ftdemo.feedback import FeedbackLibrary
from ftdemo.jobs import JobQueue
from ftdemo.models import BaseModel, ModelRegistry
from ftdemo.models.base import find_base_model
from ftdemo.models.gguf_cache import GgufCache
from ftdemo.models.tuned_files import TunedFiles
from ftdemo.names import BASE
from ftdemo.samples import SampleLibrary
from ftdemo.settings import Settings, settings_from_environment
from ftdemo.store import Store
from ftdemo.store.jobs import Job
from ftdemo.training.estimate import Estimate
from ftdemo.training.evaluation.planning import submit_evaluation_job
from ftdemo.training.planning import Planner
from ftdemo.training.recipes import DEFAULT_RECIPE
from ftdemo.training.reward.planning import submit_reward_job

WAIT_S = 0.25
"""Seconds between two looks at whether a question that waits in line was cancelled."""


@dataclass(frozen=True)
class Status:
    """What the line at the top of the page shows.

    Args:
        base_model: the base model's name.
        engine: how far the chat engine is.
        job: the job that is running or will run next, if any.
    """

    base_model: str
    engine: EngineStatus
    job: Job | None


class Studio:
    """The app, without a page.

    Args:
        settings: read from the environment if None.

    Raises:
        UserError: a setting or the data folder cannot be used.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or settings_from_environment()
        self.store = Store(self.settings.database)
        self.samples = SampleLibrary(self.store, self.settings.max_upload_mb, self._base_folder)
        self.models = ModelRegistry(self.store, self.settings.tuned_models, GgufCache(self.settings.gguf))
        self.feedback = FeedbackLibrary(self.store, self.model_version, self.settings.max_upload_mb)
        self.jobs = JobQueue(self.store, self.settings)
        self.planner = Planner(
            self.store, self.settings, self.samples, self.models, self.jobs, self._tuned_files
        )
        self._running: dict[str, threading.Event] = {}
        limits = self.settings
        self._line = Line(limits.chat_seats, limits.chat_line, limits.chat_per_visitor)

    @cached_property
    def engine(self) -> EngineHost:
        """The chat engine's host; no model is loaded before it is needed."""
        return EngineHost(self.settings, self._make_engine)

    def status(self) -> Status:
        """What is going on; also starts the next job if it is time."""
        return Status(self.settings.base_model, self.engine.status, self.jobs.current())

    def tune(
        self, name: str, samples: str | None = None, recipe: str = DEFAULT_RECIPE, **changes: Any
    ) -> Job:
        """Queue a job that tunes the base model, or a tuned one further; see `Planner.tune`."""
        return self.planner.tune(name, samples, recipe, **changes)

    def estimate(self, samples: str | None = None, recipe: str = DEFAULT_RECIPE, **changes: Any) -> Estimate:
        """Tell what `tune` would cost; see `Planner.estimate`."""
        return self.planner.estimate(samples, recipe, **changes)

    def train_reward_model(self, name: str, **changes: Any) -> Job:
        """Queue a job that trains a reward model on the votes; see `submit_reward_job`."""
        return submit_reward_job(self.store, self.jobs, name, **changes)

    def evaluate(
        self, model: str, against: str | None = None, reward: str | None = None, **changes: Any
    ) -> Job:
        """Queue a job that compares a model with another; see `submit_evaluation_job`."""
        for name in (model, against):
            self._tuned_files(name or BASE)
        return submit_evaluation_job(self.store, self.jobs, model, against, reward, **changes)

    def compare(
        self,
        question: str,
        models: Sequence[str] = (BASE,),
        generation: GenerationSettings | None = None,
        conversation_id: int | None = None,
        session: str | None = None,
    ) -> Iterator[Turn]:
        """Ask models side by side and yield the turn as it grows; see `engines.comparison.compare`.

        When as many questions as `FTDEMO_CHAT_SEATS` are being answered, this one waits in line; the turns
        that come meanwhile tell its place.

        Args:
            question: what to ask.
            models: the sides.
            generation: the same for each side.
            conversation_id: go on with this conversation.
            session: a name under which `cancel` ends these answers; one turn at a time has it.

        Raises:
            UserError: the question, a model or a setting cannot be used, or too many questions wait.
        """
        generation = generation or GenerationSettings()
        if generation.max_new_tokens > self.settings.max_answer_tokens:
            raise UserError(
                f"An answer of up to {generation.max_new_tokens} tokens is asked for; "
                f"{self.settings.max_answer_tokens} is the most here.",
                "Ask for fewer, or raise FTDEMO_MAX_ANSWER_TOKENS.",
            )
        for model in models:
            self._tuned_files(model)
        versions = {model: self.model_version(model) or "" for model in models}
        with self.cancellable(session) as cancelled, self._line.place(session) as place:
            yield from _waiting(place, cancelled, Turn(conversation_id, question, _unanswered(models)))
            yield from compare(
                self.engine.get(), self.store, question, models, generation, cancelled, conversation_id,
                versions,
            )  # fmt: skip

    def model_version(self, model: str) -> str | None:
        """Which model has a name now: the base model's own name, a tuned model's folder, or None."""
        if model == BASE:
            return self.settings.base_model
        tuned = self.store.models.find(model)
        return tuned.folder if tuned else None

    def conversation(self, conversation_id: int | None) -> list[Turn]:
        """The turns of a saved conversation; none if there is no such conversation."""
        try:
            return turns_of(self.store.conversations.get(conversation_id or 0))
        except NotFoundError:
            return []

    @contextmanager
    def cancellable(self, session: str | None) -> Iterator[threading.Event]:
        """An event that `cancel` sets for a session, while something runs that looks at it.

        What ran for that session before is cancelled; None stands for a caller that never cancels.
        """
        cancelled = threading.Event()
        if session is None:
            yield cancelled
            return
        self.cancel(session)
        self._running[session] = cancelled
        try:
            yield cancelled
        finally:
            if self._running.get(session) is cancelled:
                del self._running[session]

    def cancel(self, session: str) -> None:
        """End what runs for a session: of answers, what there is is kept; of an import, nothing."""
        running = self._running.get(session)
        if running is not None:
            running.set()

    def ask(
        self, question: str, models: Sequence[str] = (BASE,), generation: GenerationSettings | None = None
    ) -> list[Answer]:
        """Ask models side by side and return their whole answers, in the order of the models.

        Raises:
            UserError: the question, a model or a setting cannot be used.
        """
        turn: Turn | None = None
        for turn in self.compare(question, models, generation):  # noqa: B007 - the last one is wanted
            pass
        return list(turn.answers) if turn else []

    def _base_folder(self) -> Path | None:
        found = find_base_model(self.settings)
        return found.folder if found else None

    def _tuned_files(self, model: str) -> TunedFiles | None:
        """The files of a tuned model, or None for the base model."""
        if model == BASE:
            return None
        tuned = self.models.get(model)
        if tuned.base_model != self.settings.base_model:
            raise UserError(
                f"The model {model!r} was tuned from {tuned.base_model}; "
                f"the base model here is {self.settings.base_model}.",
                f"Start with FTDEMO_BASE_MODEL={tuned.base_model} to ask it.",
            )
        return self.models.files(tuned)

    def _make_engine(self, base: BaseModel) -> Engine:
        from ftdemo.engines.selection import make_engine

        return make_engine(base, self._tuned_files, self.settings)


def _waiting(place: Place, cancelled: threading.Event, turn: Turn) -> Iterator[Turn]:
    """The turn with its place in line, as often as that changes, until it has a seat or is cancelled."""
    told = 0
    while not cancelled.is_set() and (position := place.wait(WAIT_S)):
        if position != told:
            told = position
            yield replace(turn, waiting=position)


def _unanswered(models: Sequence[str]) -> tuple[Answer, ...]:
    return tuple(Answer(model) for model in dict.fromkeys(models))
