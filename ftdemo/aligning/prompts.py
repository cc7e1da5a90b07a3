"""Which prompts an alignment practises on, and on which others its model is compared with its parent."""

from ftdemo.aligning.settings import AlignSettings
from ftdemo.evaluation.prompts import (
    Prompt,
    PromptSource,
    choose_prompts,
    sample_prompts,
    typed_questions,
    voted_prompts,
)
from ftdemo.feedback.preferences import PreferenceData
from ftdemo.feedback.training_data import preference_data
from ftdemo.store import Store
from ftdemo.store.feedback import FeedbackFilter
from ftdemo.store.lineage import Lineage, samples_of

MOST = 100_000


def votes_of(store: Store, settings: AlignSettings) -> PreferenceData:
    """The votes that an alignment learns from, and those that are kept back."""
    wanted = FeedbackFilter(models=getattr(settings.knobs, "models", ()))
    return preference_data(store, wanted, held_out=settings.held_out_share, seed=settings.votes_seed)[0]


def practice_prompts(store: Store, settings: AlignSettings, lineage: Lineage) -> list[Prompt]:
    """The prompts to practise on: typed ones and those of a sample set, or else those that people voted on.

    Args:
        store: where votes and samples are.
        settings: name the typed ones, and which votes are kept back.
        lineage: names the sample set and its version; its held-out samples are left out.
    """
    sources = [typed_questions(settings.questions)]
    if lineage.sample_set_name is not None:
        sources.append(sample_prompts(lineage.sample_set_name, samples_of(store, lineage, "train")))
    elif not settings.questions:
        data = votes_of(store, settings)
        prompts = [pair.prompt for pair in data.pairs] + [one.prompt for one in data.rated]
        sources.append(PromptSource("votes", prompts))
    return choose_prompts(sources, MOST)[0]


def prompts_to_compare(store: Store, settings: AlignSettings, lineage: Lineage) -> list[Prompt]:
    """Prompts that nothing was learned from: of the votes, and of the sample set if there is one."""
    sources = [voted_prompts(votes_of(store, settings))]
    if lineage.sample_set_name is not None:
        sources.append(sample_prompts(lineage.sample_set_name, samples_of(store, lineage, "held_out")))
    return choose_prompts(sources, settings.compared_prompts)[0] if settings.compared_prompts else []
