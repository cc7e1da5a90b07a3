"""What an alignment needs to know beyond the knobs of its method. No torch is imported here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ftdemo.aligning.ppo.settings import PpoSettings
from ftdemo.aligning.preference.settings import PreferenceSettings
from ftdemo.errors import UserError
from ftdemo.knobs import Knobs, again, knob, known, names, of_stored

METHODS = {
    "dpo": ("DPO", "from pairs of answers: makes the better one likelier. Fast, and steady."),
    "kto": ("KTO", "from single thumbs: makes liked answers likelier and disliked ones less likely."),
    "ppo": ("PPO", "against a reward model: tries answers, and makes likelier what scores well."),
    "rloo": ("RLOO", "as PPO, but each answer is compared with others to its question."),
}
"""The methods by name, each with its title and when to use it."""
BY_REWARD = ("ppo", "rloo")
"""Methods that learn from a reward model; the others learn from votes directly."""
OWN_DEFAULTS: dict[str, dict[str, Any]] = {
    # Large steps learn a rule from fifty pairs; without the weight they cost a third of what it knew.
    "dpo": {"epochs": 2, "learning_rate": 5e-4, "sft_weight": 0.3},
    # It sees each answer alone: with fewer, stronger steps it turns to endless repetition less easily.
    "kto": {"epochs": 1, "learning_rate": 4e-4, "batch_size": 8},
    "rloo": {"samples_per_prompt": 4},
}
"""Where a method's defaults are not those of its settings' class."""


@dataclass(frozen=True)
class AlignSettings(Knobs):
    """An alignment.

    Args:
        knobs: of the method.
    """

    knobs: PreferenceSettings | PpoSettings
    questions: tuple[str, ...] = knob(
        (),
        "list of questions",
        "A typed question to practise on; only methods that learn from a reward model practise.",
    )
    held_out_reward: str | None = knob(
        None,
        "held-out reward model",
        "A reward model trained on other votes, or with another seed, that is only watched.",
    )
    compared_prompts: int = knob(
        40,
        "number of compared prompts",
        "On so many prompts that nothing was learned from the model is compared with its start when it is "
        "done; 0 leaves that out.",
        0,
        1000,
        label="Questions to compare on",
    )
    held_out_share: float = again(PreferenceSettings, "held_out_share")
    votes_seed: int = knob(
        42, "seed of the votes", "Which of the voted prompts nothing is learned from.", 0, 2**32 - 1,
        label="Seed of the votes",
    )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """The settings as they are stored with a job: all in one table."""
        return {**self.knobs.as_dict(), **super().as_dict()}


def kind_of(method: str) -> type[PreferenceSettings] | type[PpoSettings]:
    """The class that has a method's own knobs.

    Raises:
        UserError: there is no such method.
    """
    if method not in METHODS:
        raise UserError(f"The method is {method!r}.", f"Set it to one of: {', '.join(METHODS)}.")
    return PpoSettings if method in BY_REWARD else PreferenceSettings


def align_settings(method: str, **given: Any) -> AlignSettings:
    """Put settings together.

    Args:
        method: 'dpo', 'kto', 'ppo' or 'rloo'.
        **given: knobs of `AlignSettings` and of the method's own settings; None leaves the default.

    Raises:
        UserError: there is no such method or setting, or a value cannot be used.
    """
    kind = kind_of(method)
    own, of_method = names(AlignSettings), names(kind) - {"method"}
    changes = {name: value for name, value in given.items() if value is not None}
    values = {**OWN_DEFAULTS.get(method, {}), **known(changes, AlignSettings, kind, of=method)}
    # What both have, the split that measures and the one that is learned from, is the same.
    of_kind: Any = {name: value for name, value in values.items() if name in of_method}
    knobs = kind(**{**of_kind, "method": method})
    return AlignSettings(knobs, **{name: value for name, value in values.items() if name in own})


def unlike_defaults(kind: type[PreferenceSettings] | type[PpoSettings]) -> set[str]:
    """The knobs of a class of settings whose default is not the same for each of its methods."""
    first, *others = [align_settings(method).as_dict() for method in METHODS if kind_of(method) is kind]
    return {name for name in names(kind) - {"method"} if any(one[name] != first[name] for one in others)}


def stored_align_settings(stored: Mapping[str, Any]) -> AlignSettings:
    """The settings that were stored with a job, maybe by an older or newer version.

    Raises:
        UserError: a value cannot be used.
    """
    return align_settings(**of_stored(stored, AlignSettings, kind_of(stored["method"])))
