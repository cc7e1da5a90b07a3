"""What a job learns from and what a model was made from: everything by number, since names change hands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from ftdemo.errors import NotFoundError

if TYPE_CHECKING:
    from ftdemo.store.database import Store
    from ftdemo.store.models import TunedModel
    from ftdemo.store.reward_models import RewardModel
    from ftdemo.store.samples import Sample, SampleSet, Split


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """Where a job or a model comes from; numbers are never given again, so they mean one thing for good.

    Args:
        sample_set_id: the set it learns from.
        sample_set_name: what that set was called.
        sample_set_version: the version of that set.
        parent_id: the tuned model it continues from; None for the base model. An evaluation compares with it.
        parent_model: what the parent is called now; if it is gone, what it was called.
        reward_id: the reward model it learns from, or is judged by.
        reward_model: what that is called now; if it is gone, what it was called.
        held_out_reward_id: a reward model that is only watched.
    """

    sample_set_id: int | None = None
    sample_set_name: str | None = None
    sample_set_version: int | None = None
    parent_id: int | None = None
    parent_model: str | None = None
    reward_id: int | None = None
    reward_model: str | None = None
    held_out_reward_id: int | None = None

    @classmethod
    def of(
        cls,
        *,
        samples: SampleSet | None = None,
        parent: TunedModel | None = None,
        reward: RewardModel | None = None,
        held_out_reward: RewardModel | None = None,
    ) -> Lineage:
        """The lineage that begins with these, the set in its newest version."""
        return cls(
            sample_set_id=samples.id if samples else None,
            sample_set_name=samples.name if samples else None,
            sample_set_version=samples.version if samples else None,
            parent_id=parent.id if parent else None,
            parent_model=parent.name if parent else None,
            reward_id=reward.id if reward else None,
            reward_model=reward.name if reward else None,
            held_out_reward_id=held_out_reward.id if held_out_reward else None,
        )

    @property
    def lineage(self) -> Lineage:
        """These fields alone, of a job or a model that has them among others."""
        return Lineage(**{field.name: getattr(self, field.name) for field in fields(Lineage)})


PRESENT_NAMES = """
    (select name from tuned_models where id = own.parent_id) as parent_now,
    (select name from reward_models where id = own.reward_id) as reward_now
"""
"""Columns for a query of a table `own` that keeps lineages, for `named_now`."""


def named_now(row: Mapping[str, Any]) -> dict[str, str | None]:
    """The fields of a row's lineage that are names, as they are now, of what is gone as they were."""
    return {
        "parent_model": row["parent_now"] or row["parent_model"],
        "reward_model": row["reward_now"] or row["reward_model"],
    }


@dataclass(frozen=True)
class Origins:
    """What a lineage names, as it is now."""

    samples: SampleSet | None
    parent: TunedModel | None
    reward: RewardModel | None
    held_out_reward: RewardModel | None


def origins(store: Store, lineage: Lineage) -> Origins:
    """Look up what a lineage names.

    Raises:
        NotFoundError: something it names is gone, or was noted by a name only that nothing has.
    """
    samples = _set_of(store, lineage)
    parent = parent_of(store, lineage)
    reward = store.reward_models.by_id(lineage.reward_id)
    if reward is None and (lineage.reward_id, lineage.reward_model) != (None, None):
        raise _gone("reward model", lineage.reward_model)
    held_out_reward = store.reward_models.by_id(lineage.held_out_reward_id)
    if held_out_reward is None and lineage.held_out_reward_id is not None:
        raise _gone("reward model", None)
    return Origins(samples, parent, reward, held_out_reward)


def parent_of(store: Store, lineage: Lineage) -> TunedModel | None:
    """The tuned model that something continues from, or None for the base model; raises NotFoundError."""
    parent = store.models.by_id(lineage.parent_id)
    if parent is None and (lineage.parent_id, lineage.parent_model) != (None, None):
        raise _gone("tuned model", lineage.parent_model)
    return parent


def samples_of(store: Store, lineage: Lineage, split: Split) -> list[Sample]:
    """The samples of the version that a lineage names; none if it names no set.

    Raises:
        NotFoundError: the set is gone.
    """
    samples = _set_of(store, lineage)
    if samples is None:
        return []
    return list(store.sample_sets.samples(samples.id, split, lineage.sample_set_version))


def _set_of(store: Store, lineage: Lineage) -> SampleSet | None:
    samples = store.sample_sets.by_id(lineage.sample_set_id)
    if samples is None and (lineage.sample_set_id, lineage.sample_set_name) != (None, None):
        raise _gone("sample set", lineage.sample_set_name)
    if samples is not None and lineage.sample_set_version is not None:
        store.sample_sets.check_version(samples, lineage.sample_set_version)
    return samples


def _gone(kind: str, name: str | None) -> NotFoundError:
    named = f" {name!r}" if name else ""
    return NotFoundError(f"The {kind}{named} is not there any more.", "Name one that is.")
