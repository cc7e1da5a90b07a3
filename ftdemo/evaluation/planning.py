"""From what somebody asks for to a job that evaluates a model. No torch is imported here."""

from collections.abc import Sequence
from typing import Any

from ftdemo.errors import UserError
from ftdemo.evaluation.prompts import (
    Prompt,
    PromptSource,
    choose_prompts,
    sample_prompts,
    typed_questions,
    voted_prompts,
)
from ftdemo.evaluation.settings import EvaluationSettings
from ftdemo.feedback.training_data import preference_data
from ftdemo.jobs import JobQueue
from ftdemo.knobs import known
from ftdemo.names import BASE
from ftdemo.store import Store
from ftdemo.store.jobs import EVALUATE, Job


def submit_evaluation_job(
    store: Store,
    jobs: JobQueue,
    model: str,
    against: str | None = None,
    reward: str | None = None,
    samples: str | None = None,
    questions: Sequence[str] | None = None,
    **changes: Any,
) -> Job:
    """Queue a job that compares a model with another.

    It compares on the questions and the samples that are given; if none are, on the voted prompts that were
    kept back and on those questions of the model's own sample set that were.

    Args:
        store: where models, votes and samples are.
        jobs: the queue.
        model: the model to evaluate; 'base' for the untouched base model.
        against: the model to compare it with; if None the one it continues from, or else the base model.
        reward: the reward model that judges.
        samples: the sample set to compare on.
        questions: questions to compare on.
        **changes: other knobs of `EvaluationSettings`; None leaves the default.

    Raises:
        UserError: a name or a setting cannot be used, or there is nothing to compare on.
    """
    tuned = None if model == BASE else store.models.get(model)
    against = against or (tuned.parent_model if tuned else None) or BASE
    own = samples is None and not questions
    settings = EvaluationSettings(
        **{
            "against": against,
            "questions": tuple(questions or ()),
            "votes": own,
            **_kept_back_for(store, reward),
            **known(changes, EvaluationSettings),
        }
    )
    _refuse_different_bases(store, (model, against), (reward, settings.held_out_reward))
    if own and tuned is not None and tuned.sample_set_name in {one.name for one in store.sample_sets.all()}:
        samples = tuned.sample_set_name
    sample_set = store.sample_sets.get(samples) if samples is not None else None
    version = sample_set.version if sample_set else None
    if not evaluation_prompts(store, settings, samples, version)[0]:
        raise UserError(
            "There is nothing to compare the models on.",
            "Give questions or a sample set, or vote on answers to at least four questions.",
        )
    return jobs.submit(
        EVALUATE,
        model,
        settings.as_dict(),
        sample_set_id=sample_set.id if sample_set else None,
        sample_set_name=samples,
        sample_set_version=version,
        reward_model=reward,
    )


def evaluation_prompts(
    store: Store, settings: EvaluationSettings, samples: str | None, version: int | None
) -> tuple[list[Prompt], list[dict[str, Any]]]:
    """The prompts of an evaluation and where they come from; see `choose_prompts`.

    Args:
        store: where votes and samples are.
        settings: the knobs.
        samples: a sample set.
        version: the version of it.
    """
    sources: list[PromptSource] = [typed_questions(settings.questions)]
    if settings.votes:
        data, _ = preference_data(store, held_out=settings.held_out_share, seed=settings.votes_seed)
        sources.append(voted_prompts(data))
    if samples is not None:
        set_id = store.sample_sets.get(samples).id
        held_out = list(store.sample_sets.samples(set_id, "held_out", version))
        train = list(store.sample_sets.samples(set_id, "train", version)) if not held_out else []
        sources.append(sample_prompts(samples, held_out, train))
    return choose_prompts(sources, settings.prompts)


def _kept_back_for(store: Store, reward: str | None) -> dict[str, Any]:
    """Which votes a reward model did not learn from, as far as its job is known."""
    job_id = store.reward_models.get(reward).job_id if reward is not None else None
    trained = next((job.settings for job in store.jobs.all() if job.id == job_id), {})
    names = {"held_out_share": "held_out_share", "votes_seed": "seed"}
    return {own: trained[name] for own, name in names.items() if name in trained}


def _refuse_different_bases(store: Store, models: Sequence[str], rewards: Sequence[str | None]) -> None:
    """Raise UserError unless all stand on one base model, NotFoundError if one is not there."""
    bases = {name: store.models.get(name).base_model for name in models if name != BASE}
    bases |= {name: store.reward_models.get(name).base_model for name in rewards if name is not None}
    if len(set(bases.values())) > 1:
        told = ", ".join(f"{name} on {base}" for name, base in bases.items())
        raise UserError(
            f"These models stand on different base models: {told}.",
            "Compare models of one base, by a reward model of the same.",
        )
