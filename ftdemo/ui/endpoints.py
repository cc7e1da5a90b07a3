"""Named endpoints: what the page does, for `gradio_client` and plain HTTP.

from gradio_client import Client

client = Client("http://127.0.0.1:7860")
client.predict("Who is Pavan Belagatti?", ["base"], api_name="/ask")
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import gradio as gr
from gradio.data_classes import FileDataDict
from gradio.events import api
from gradio.utils import get_upload_folder

from ftdemo.aligning.ppo.settings import PpoSettings
from ftdemo.aligning.preference.settings import PreferenceSettings
from ftdemo.aligning.settings import AlignSettings
from ftdemo.engines import GenerationSettings
from ftdemo.errors import UserError
from ftdemo.evaluation.settings import EvaluationSettings
from ftdemo.feedback import FeedbackFilter
from ftdemo.knobs import known
from ftdemo.names import BASE
from ftdemo.rewards.settings import RewardSettings
from ftdemo.store.feedback import ChoiceKind, VoteKind
from ftdemo.studio import Studio
from ftdemo.tuning.estimate import as_dict as estimate_as_dict
from ftdemo.tuning.recipes import DEFAULT_RECIPE
from ftdemo.tuning.settings import TuneSettings
from ftdemo.ui.events import told, voter_of


def _uploaded(file: FileDataDict) -> Path:
    """The path of a file that was uploaded; a caller could name any other file of this machine."""
    path = Path(str(file.get("path"))).resolve()
    if not path.is_relative_to(Path(get_upload_folder()).resolve()):
        raise UserError(
            "This is no uploaded file.", "Upload it first; gradio_client's handle_file does that."
        )
    return path


def known_settings(given: dict[str, Any] | None) -> dict[str, Any]:
    """Settings of tuning as a caller names them, with what else a job is made of beside samples.

    Where it learns on from, `parent`, was called `start_from` once, and may be still.

    Raises:
        UserError: one is not known.
    """
    if isinstance(given, dict):
        given = {("parent" if name == "start_from" else name): value for name, value in given.items()}
    return known(given, TuneSettings, also=("parent", "like"))


def build(studio: Studio) -> None:
    """Add the endpoints to the page that is being built."""

    @told
    def status() -> dict[str, Any]:
        """Base model, state of the chat engine, and the present job."""
        return asdict(studio.status())

    @told
    def samples() -> dict[str, Any]:
        """The sample sets."""
        return {"samples": [asdict(saved) for saved in studio.samples.all()]}

    @told
    def add_samples(file: FileDataDict, name: str = "") -> dict[str, Any]:
        """Read an uploaded file and save it as a sample set."""
        saved, report = studio.samples.add(_uploaded(file), name)
        return {"sample_set": asdict(saved), "report": report.as_dict()}

    @told
    def tune(
        name: str, samples: str, recipe: str = DEFAULT_RECIPE, settings: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Queue a tuning job; settings are those unlike the recipe's, such as {"method": "full"}."""
        return {"job": asdict(studio.tune(name, samples, recipe, **known_settings(settings)))}

    @told
    def estimate(
        samples: str, recipe: str = DEFAULT_RECIPE, settings: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """What a tuning job would cost."""
        found = studio.estimate(samples, recipe, measure=True, **known_settings(settings))
        return {"estimate": estimate_as_dict(found)}

    @told
    def jobs() -> dict[str, Any]:
        """Every job."""
        return {"jobs": [asdict(job) for job in studio.jobs.all()]}

    @told
    def job(job_id: int) -> dict[str, Any]:
        """One job with its curves."""
        metrics = [asdict(point) for point in studio.jobs.metrics(job_id)]
        answers = [asdict(answer) for answer in studio.jobs.answers(job_id)]
        return {"job": asdict(studio.jobs.get(job_id)), "curves": metrics, "answers": answers}

    @told
    def stop_job(job_id: int, keep: bool = True) -> dict[str, Any]:
        """Stop a job; what it learned is kept as the model, or discarded."""
        return {"job": asdict(studio.jobs.stop(job_id, keep))}

    @told
    def pause_job(job_id: int) -> dict[str, Any]:
        """Stop a job with a checkpoint, to be resumed later."""
        return {"job": asdict(studio.jobs.pause(job_id))}

    @told
    def resume_job(job_id: int) -> dict[str, Any]:
        """Go on with a job from its last checkpoint."""
        return {"job": asdict(studio.jobs.resume(job_id))}

    @told
    def models() -> dict[str, Any]:
        """The models that can be asked."""
        return {"models": studio.models.names()}

    @told
    def ask(
        question: str,
        models: list[str],
        max_new_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        settings: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Ask one or several models a question, in one batch; settings are any knobs of generation."""
        named = {"max_new_tokens": max_new_tokens, "temperature": temperature, "seed": seed}
        knobs = {**known(settings, GenerationSettings), **known(named, GenerationSettings)}
        generation = GenerationSettings(**knobs)
        return {"answers": [asdict(a) for a in studio.ask(question, models or [BASE], generation)]}

    @told
    def train_reward_model(name: str, settings: dict[str, Any] | None = None) -> dict[str, Any]:
        """Queue a job that trains a reward model on the votes; settings are those unlike the usual ones."""
        return {"job": asdict(studio.train_reward_model(name, **known(settings, RewardSettings)))}

    @told
    def reward_models() -> dict[str, Any]:
        """The reward models, each with its sheet."""
        return {
            "reward_models": [studio.reward_models.describe(name) for name in studio.reward_models.names()]
        }

    @told
    def align(
        name: str,
        method: str | None = None,
        parent: str = BASE,
        reward: str | None = None,
        questions: list[str] | None = None,
        settings: dict[str, Any] | None = None,
        start: str = "",
    ) -> dict[str, Any]:
        """Queue a job that learns from the votes: 'dpo', 'kto', or by a reward model 'ppo' or 'rloo'.

        `start` is what `parent` was called once.
        """
        knobs = known(settings, AlignSettings, PreferenceSettings, PpoSettings, also=("samples",))
        of_settings = knobs.pop("method", None)
        method = method or of_settings
        knobs |= {"questions": questions} if questions else {}
        return {"job": asdict(studio.align(name, method, start or parent or BASE, reward=reward, **knobs))}

    @told
    def rounds() -> dict[str, Any]:
        """The models that learned from votes, and what came of each."""
        return {"rounds": [one.as_dict() for one in studio.rounds()]}

    @told
    def evaluate(
        model: str,
        against: str | None = None,
        reward: str | None = None,
        questions: list[str] | None = None,
        settings: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Queue a job that compares a model with another on prompts; /job tells what it found."""
        knobs = known(settings, EvaluationSettings, also=("samples",))
        of_settings = knobs.pop("against", None)
        against = against or of_settings
        knobs |= {"questions": questions} if questions else {}
        return {"job": asdict(studio.evaluate(model, against, reward, **knobs))}

    @told
    def vote(
        message_id: int,
        vote: str,
        reasons: list[str] | None = None,
        comment: str = "",
        request: gr.Request | None = None,
    ) -> dict[str, Any]:
        """Give an answer a thumb, 'up' or 'down'; `message_id` is in what /ask returns."""
        given = studio.feedback.vote(
            cast(VoteKind, vote),
            voter_of(studio, request),
            message_id=int(message_id),
            reasons=reasons or [],
            comment=comment,
        )
        return {"vote": asdict(given)}

    @told
    def withdraw_vote(message_id: int, request: gr.Request | None = None) -> dict[str, Any]:
        """Take one's thumb back."""
        taken = studio.feedback.withdraw(voter_of(studio, request), message_id=int(message_id))
        return {"vote": asdict(taken) if taken else None}

    @told
    def correct(message_id: int, text: str | None, request: gr.Request | None = None) -> dict[str, Any]:
        """Say what would have been a better answer; null takes it back."""
        given = studio.feedback.correct(text, voter_of(studio, request), message_id=int(message_id))
        return {"correction": asdict(given)}

    @told
    def choose(
        left: int, right: int, choice: str, comment: str = "", request: gr.Request | None = None
    ) -> dict[str, Any]:
        """Say which of two messages is better: 'left', 'right', 'tie' or 'bad', which both are."""
        given = studio.feedback.choose(
            cast(ChoiceKind, choice),
            voter_of(studio, request),
            messages=(int(left), int(right)),
            comment=comment,
        )
        return {"choice": asdict(given)}

    @told
    def feedback(
        models: list[str] | None = None,
        vote: str | None = None,
        voters: list[str] | None = None,
        text: str = "",
        since: str = "",
        page: int = 1,
        limit: int = 50,
    ) -> dict[str, Any]:
        """The answers that feedback was given on, newest first."""
        wanted = FeedbackFilter(
            tuple(models or ()), cast(VoteKind | None, vote or None), tuple(voters or ()), text, since
        )
        found = studio.feedback.list(wanted, int(page), int(limit))
        return {
            "feedback": [asdict(item) for item in found.items],
            "total": found.total,
            "page": found.page,
            "pages": found.pages,
        }

    @told
    def feedback_counts() -> dict[str, Any]:
        """What each model was told, and how far voters agree."""
        agreement = studio.feedback.agreement()
        return {
            "models": [asdict(model) for model in studio.feedback.counts()],
            "agreement": asdict(agreement) if agreement else None,
        }

    endpoints = (
        status, samples, add_samples, tune, estimate, jobs, job, stop_job, pause_job, resume_job, models, ask,
        feedback, feedback_counts, train_reward_model, reward_models, align, rounds, evaluate,
    )  # fmt: skip
    for endpoint in endpoints:
        api(endpoint, api_name=endpoint.__name__)
    # The queue takes two requests and its turn for each call; a vote is done at once.
    for endpoint in (vote, withdraw_vote, correct, choose):
        api(endpoint, api_name=endpoint.__name__, queue=False)
