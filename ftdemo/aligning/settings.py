"""What an alignment needs to know beyond the knobs of its method. No torch is imported here."""

from dataclasses import dataclass, fields
from typing import Any

from ftdemo.aligning.ppo.settings import PpoSettings
from ftdemo.aligning.preference.settings import PreferenceSettings
from ftdemo.errors import UserError
from ftdemo.knobs import between, one_of

METHODS = ("dpo", "kto", "ppo", "rloo")
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
class AlignSettings:
    """An alignment.

    Args:
        knobs: of the method.
        questions: typed questions to practise on; only methods that learn from a reward model practise.
        held_out_reward: a reward model trained on other votes, or with another seed, that is only watched.
        compared_prompts: on so many prompts that nothing was learned from the model is compared with its
            start when it is done; 0 leaves that out.
        held_out_share: share of the voted prompts that nothing is learned from.
        votes_seed: which of them that are.
    """

    knobs: PreferenceSettings | PpoSettings
    questions: tuple[str, ...] = ()
    held_out_reward: str | None = None
    compared_prompts: int = 40
    held_out_share: float = 0.25
    votes_seed: int = 42

    def __post_init__(self) -> None:
        object.__setattr__(self, "questions", tuple(self.questions))
        between("number of compared prompts", self.compared_prompts, 0, 1000)
        between("held-out share", self.held_out_share, 0.0, 0.5)
        between("seed of the votes", self.votes_seed, 0, 2**32 - 1)

    def as_dict(self) -> dict[str, Any]:
        """The settings as they are stored with a job: all in one table."""
        own = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "knobs"}
        return {**self.knobs.as_dict(), **own}


def align_settings(method: str, **given: Any) -> AlignSettings:
    """Put settings together, those that are stored with a job too.

    Args:
        method: 'dpo', 'kto', 'ppo' or 'rloo'.
        **given: fields of `AlignSettings` and of the method's own settings; None leaves the default.

    Raises:
        UserError: there is no such method or setting, or a value cannot be used.
    """
    one_of("method", method, METHODS)
    kind = PpoSettings if method in BY_REWARD else PreferenceSettings
    own = {field.name for field in fields(AlignSettings)} - {"knobs"}
    of_method = {field.name for field in fields(kind)} - {"method"}
    values = {name: value for name, value in given.items() if value is not None}
    for name in values:
        if name not in own | of_method:
            raise UserError(
                f"There is no setting {name!r} of {method}.", f"Use: {', '.join(sorted(own | of_method))}."
            )
    # The split that measures is the one that is learned from.
    shared = {name: values[name] for name in own & of_method & values.keys()}
    given_knobs: Any = {name: value for name, value in values.items() if name in of_method}
    knobs = {**OWN_DEFAULTS.get(method, {}), **given_knobs}
    common = {name: value for name, value in values.items() if name in own}
    return AlignSettings(kind(method=method, **{**knobs, **shared}), **common)  # type: ignore[arg-type]
