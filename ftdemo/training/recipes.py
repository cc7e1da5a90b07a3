"""The knobs of tuning, and named settings of them. No torch is imported here."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from ftdemo.errors import UserError

Schedule = Literal["linear", "cosine", "constant"]


def _between(what: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UserError(f"The {what} is {value}.", f"Set it to a number from {low} to {high}.")


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UserError(f"The {what} is {value!r}.", f"Set it to one of: {', '.join(allowed)}.")


@dataclass(frozen=True)
class TuneSettings:
    """Supervised tuning with LoRA (Hu et al. 2021, arXiv:2106.09685).

    Args:
        method: 'lora': the base stays as it is; each linear layer W gains a product B·A of two small
            matrices, of which only they learn: W' = W + (alpha / rank) · B·A.
        epochs: passes over the samples.
        learning_rate: AdamW's step size at the start of the schedule.
        schedule: how the learning rate falls over the run: 'linear' or 'cosine' to 0, or 'constant'.
        warmup_steps: steps over which the learning rate first rises from 0.
        batch_size: samples in an optimizer step.
        rank: rows of A and columns of B: how much can be learned.
        alpha: scale of the product; alpha / rank = 2 is usual.
        dropout: share of A's inputs set to 0 in training.
        max_length: longest sample in tokens, question and answer together; what is beyond is cut off.
        seed: start of the random numbers (order of samples, A's first values).
    """

    method: Literal["lora"] = "lora"
    epochs: int = 10
    learning_rate: float = 1e-3
    schedule: Schedule = "linear"
    warmup_steps: int = 0
    batch_size: int = 4
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    max_length: int = 1024
    seed: int = 42

    def __post_init__(self) -> None:
        _one_of("method", self.method, ("lora",))
        _one_of("schedule", self.schedule, ("linear", "cosine", "constant"))
        _between("number of epochs", self.epochs, 1, 1000)
        _between("learning rate", self.learning_rate, 1e-7, 1.0)
        _between("number of warm-up steps", self.warmup_steps, 0, 100_000)
        _between("batch size", self.batch_size, 1, 1024)
        _between("rank", self.rank, 1, 1024)
        _between("alpha", self.alpha, 1, 4096)
        _between("dropout", self.dropout, 0.0, 0.9)
        _between("max length", self.max_length, 16, 131_072)
        _between("seed", self.seed, 0, 2**32 - 1)

    def as_dict(self) -> dict[str, Any]:
        """The settings as they are stored with a job."""
        return asdict(self)


@dataclass(frozen=True)
class Recipe:
    """Settings with a name and a sentence on when to use them."""

    name: str
    when: str
    settings: TuneSettings


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("quick", "A first look: half the passes.", TuneSettings(epochs=5)),
        Recipe("balanced", "Learns new facts from a handful of samples.", TuneSettings()),
        Recipe(
            "thorough",
            "More passes in smaller steps: for some hundred samples.",
            TuneSettings(epochs=15, learning_rate=5e-4, schedule="cosine", warmup_steps=5),
        ),
    )
}
DEFAULT_RECIPE = "balanced"


def settings_from(recipe: str = DEFAULT_RECIPE, **changes: Any) -> TuneSettings:
    """A recipe's settings with some of them changed; a change to None is none.

    Raises:
        UserError: there is no such recipe, or a value cannot be used.
    """
    if recipe not in RECIPES:
        raise UserError(f"There is no recipe {recipe!r}.", f"Use one of: {', '.join(RECIPES)}.")
    known = {field.name for field in fields(TuneSettings)}
    unknown = sorted(set(changes) - known)
    if unknown:
        raise TypeError(f"unknown settings: {unknown}")
    return replace(
        RECIPES[recipe].settings, **{key: value for key, value in changes.items() if value is not None}
    )
