"""`Studio`: everything the app does, as Python calls. The page and the command line call nothing else.

from ftdemo.studio import Studio

studio = Studio()
studio.samples.add("samples/pavan_belagatti.jsonl")
job = studio.jobs.wait(studio.tune("pavan", samples="pavan_belagatti").id)
for answer in studio.ask("Who is Pavan Belagatti?", ["base", "pavan"]):
    print(answer.model, answer.text)
"""

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from ftdemo.aligning.planning import submit_align_job
from ftdemo.aligning.rounds import Round, rounds
from ftdemo.chat.room import ChatRoom
from ftdemo.chat.running import Running
from ftdemo.chat.scores import Scores
from ftdemo.chat.turns import Answer, Turn
from ftdemo.chat.votes import Ballot
from ftdemo.engines.host import EngineHost, EngineStatus
from ftdemo.engines.protocol import Engine, GenerationSettings
from ftdemo.evaluation.planning import submit_evaluation_job
from ftdemo.feedback import FeedbackLibrary
from ftdemo.jobs import JobQueue
from ftdemo.machine.processor import keep_few_kernels, wait_briefly
from ftdemo.models import BaseModel, Models
from ftdemo.names import BASE
from ftdemo.rewards.planning import submit_reward_job
from ftdemo.rewards.registry import RewardRegistry
from ftdemo.samples import SampleLibrary
from ftdemo.settings import Settings, settings_from_environment
from ftdemo.store import Store
from ftdemo.store.jobs import Job
from ftdemo.tuning.estimate import Estimate
from ftdemo.tuning.planning import Planner
from ftdemo.tuning.recipes import DEFAULT_RECIPE


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
        wait_briefly()
        keep_few_kernels()
        self.settings = settings or settings_from_environment()
        self.store = Store(self.settings.database)
        self.models = Models(self.store, self.settings)
        self.samples = SampleLibrary(self.store, self.settings.max_upload_mb, self.models.base_folder)
        self.reward_models = RewardRegistry(self.store, self.settings)
        self.feedback = FeedbackLibrary(self.store, self.models.version, self.settings.max_upload_mb)
        self.jobs = JobQueue(self.store, self.settings)
        self.planner = Planner(self.store, self.settings, self.samples, self.models, self.jobs)
        self.engine = EngineHost(self.settings, self._make_engine)
        """The chat engine's host; no model is loaded before it is needed."""
        self._running = Running()
        self.scores = Scores(self.store, self.settings, self.reward_models)
        self.ballot = Ballot(self.store, self.feedback, self.samples, self.scores)
        self.chat = ChatRoom(
            self.store,
            self.settings,
            self.engine.get,
            self.scores,
            self._running,
            self.models,
        )

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

    def align(self, name: str, method: str | None = None, parent: str = BASE, **changes: Any) -> Job:
        """Queue a job that learns from the votes, directly or by a reward model; see `submit_align_job`."""
        self.models.files(parent)
        return submit_align_job(
            self.store, self.jobs, self.models, self.reward_models, name, method, parent, **changes
        )

    def rounds(self) -> list[Round]:
        """Every model that learned from votes, and what came of it; see `aligning.rounds`."""
        return rounds(self.store)

    def evaluate(
        self, model: str, against: str | None = None, reward: str | None = None, **changes: Any
    ) -> Job:
        """Queue a job that compares a model with another; see `submit_evaluation_job`."""
        for name in (model, against):
            self.models.files(name or BASE)
        for name in (reward, changes.get("held_out_reward")):
            if name is not None:
                self.reward_models.get(name)
        return submit_evaluation_job(self.store, self.jobs, model, against, reward, **changes)

    def cancellable(self, session: str | None, task: str) -> AbstractContextManager[threading.Event]:
        """An event that `cancel` sets for a session's task; see `Running.cancellable`."""
        return self._running.cancellable(session, task)

    def cancel(self, session: str, task: str | None = None) -> None:
        """End a session's task, or all of them: of answers, what there is is kept; of an import, nothing."""
        self._running.cancel(session, task)

    def ask(
        self, question: str, models: Sequence[str] = (BASE,), generation: GenerationSettings | None = None
    ) -> list[Answer]:
        """Ask models side by side and return their whole answers, in the order of the models.

        Raises:
            UserError: the question, a model or a setting cannot be used.
        """
        turn: Turn | None = None
        for turn in self.chat.compare(question, models, generation):  # noqa: B007 - the last one is wanted
            pass
        return list(turn.answers) if turn else []

    def _make_engine(self, base: BaseModel) -> Engine:
        from ftdemo.engines.selection import make_engine

        return make_engine(base, self.models.files, self.settings)
