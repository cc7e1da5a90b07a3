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
from ftdemo.store.lineage import Lineage, parent_of, samples_of


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
    if against:
        parent = None if against == BASE else store.models.get(against)
    else:
        parent = parent_of(store, tuned) if tuned else None
    against = parent.name if parent else BASE
    own = samples is None and not questions
    settings = EvaluationSettings(
        **{
            "against": against,
            "questions": questions or (),
            "votes": own,
            **_kept_back_for(store, reward),
            **known(changes, EvaluationSettings),
        }
    )
    _refuse_different_bases(store, (model, against), (reward, settings.held_out_reward))
    sample_set = store.sample_sets.get(samples) if samples is not None else None
    if own and tuned is not None:
        sample_set = store.sample_sets.by_id(tuned.sample_set_id)
    watched = settings.held_out_reward
    lineage = Lineage.of(
        samples=sample_set,
        parent=parent,
        reward=store.reward_models.get(reward) if reward is not None else None,
        held_out_reward=store.reward_models.get(watched) if watched is not None else None,
    )
    if not evaluation_prompts(store, settings, lineage)[0]:
        raise UserError(
            "There is nothing to compare the models on.",
            "Give questions or a sample set, or vote on answers to at least four questions.",
        )
    return jobs.submit(EVALUATE, model, settings.as_dict(), lineage, tuned.id if tuned else None)


def evaluation_prompts(
    store: Store, settings: EvaluationSettings, lineage: Lineage
) -> tuple[list[Prompt], list[dict[str, Any]]]:
    """The prompts of an evaluation and where they come from; see `choose_prompts`.

    Args:
        store: where votes and samples are.
        settings: the knobs.
        lineage: names the sample set and its version, if there is one.
    """
    sources: list[PromptSource] = [typed_questions(settings.questions)]
    if settings.votes:
        data, _ = preference_data(store, held_out=settings.held_out_share, seed=settings.votes_seed)
        sources.append(voted_prompts(data))
    if lineage.sample_set_name is not None:
        held_out = samples_of(store, lineage, "held_out")
        train = samples_of(store, lineage, "train") if not held_out else []
        sources.append(sample_prompts(lineage.sample_set_name, held_out, train))
    return choose_prompts(sources, settings.prompts)


def _kept_back_for(store: Store, reward: str | None) -> dict[str, Any]:
    """Which votes a reward model did not learn from, as far as its job is known."""
    job = store.jobs.find(store.reward_models.get(reward).job_id) if reward is not None else None
    trained = job.settings if job else {}
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
