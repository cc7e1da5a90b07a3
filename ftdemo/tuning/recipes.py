"""Named settings of tuning. No torch is imported here."""

from dataclasses import dataclass, replace
from typing import Any

from ftdemo.errors import UserError
from ftdemo.knobs import names
from ftdemo.tuning.methods import METHODS
from ftdemo.tuning.settings import TuneSettings


@dataclass(frozen=True)
class Recipe:
    """Settings with a name and a sentence on when to use them.

    Args:
        learning_rate_factor: what the method's own learning rate is multiplied with.
        changes: settings other than the defaults.
    """

    name: str
    when: str
    learning_rate_factor: float
    changes: dict[str, Any]

    def settings(self, method: str = "lora") -> TuneSettings:
        """The recipe's settings for a method.

        Raises:
            UserError: there is no such method.
        """
        settings = TuneSettings(**{"method": method, **self.changes})
        rate = METHODS[settings.method].learning_rate * self.learning_rate_factor
        return replace(settings, learning_rate=rate)


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("quick", "A first look: half the passes.", 1.0, {"epochs": 5}),
        Recipe("balanced", "Learns new facts from a handful of samples.", 1.0, {}),
        Recipe(
            "thorough",
            "More passes in smaller steps: for some hundred samples.",
            0.5,
            {"epochs": 15, "schedule": "cosine", "warmup_steps": 5},
        ),
    )
}
DEFAULT_RECIPE = "balanced"


def settings_from(recipe: str = DEFAULT_RECIPE, **changes: Any) -> TuneSettings:
    """A recipe's settings for a method with some of them changed; a change to None is none.

    Args:
        recipe: 'quick', 'balanced' or 'thorough'.
        **changes: knobs of `TuneSettings`; `method` chooses among the recipe's settings.

    Raises:
        UserError: there is no such recipe, or a value cannot be used.
    """
    if not isinstance(recipe, str) or recipe not in RECIPES:
        raise UserError(f"There is no recipe {recipe!r}.", f"Use one of: {', '.join(RECIPES)}.")
    unknown = sorted(set(changes) - names(TuneSettings))
    if unknown:
        raise TypeError(f"unknown settings: {unknown}")
    changes = {name: value for name, value in changes.items() if value is not None}
    settings = RECIPES[recipe].settings(changes.get("method", "lora"))
    return TuneSettings(**{**settings.as_dict(), **changes})
