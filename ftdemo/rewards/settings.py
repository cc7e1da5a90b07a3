"""The knobs of training a reward model. No torch is imported here."""

from dataclasses import asdict, dataclass
from typing import Any

from ftdemo.knobs import between
from ftdemo.tuning.settings import TuneSettings


@dataclass(frozen=True)
class RewardSettings:
    """Training a reward model.

    Args:
        epochs: passes over the votes.
        learning_rate: AdamW's step size for the adapter at the start; it falls linearly to 0.
        head_learning_rate: the same for the scalar head, which starts from nothing.
        batch_size: pairs, or answers with a thumb, in a step.
        rank: rank of the adapter; see `TuneSettings`.
        alpha: scale of the adapter.
        dropout: share of the adapter's inputs set to 0 in training.
        max_length: longest prompt with answer in tokens; of a longer one the beginning is cut off.
        held_out_share: share of the prompts kept to measure with.
        models: only votes on answers of these models; all if empty.
        seed: start of the random numbers: first values, order of votes, which prompts are held out.
    """

    epochs: int = 4
    learning_rate: float = 5e-4
    head_learning_rate: float = 2e-3
    batch_size: int = 8
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    max_length: int = 512
    held_out_share: float = 0.25
    models: tuple[str, ...] = ()
    seed: int = 42

    def __post_init__(self) -> None:
        object.__setattr__(self, "models", tuple(self.models))
        between("number of epochs", self.epochs, 1, 1000)
        between("learning rate", self.learning_rate, 1e-7, 1.0)
        between("learning rate of the head", self.head_learning_rate, 1e-7, 1.0)
        between("batch size", self.batch_size, 1, 1024)
        between("rank", self.rank, 1, 1024)
        between("alpha", self.alpha, 1, 4096)
        between("dropout", self.dropout, 0.0, 0.9)
        between("max length", self.max_length, 16, 131_072)
        between("held-out share", self.held_out_share, 0.05, 0.5)
        between("seed", self.seed, 0, 2**32 - 1)

    def as_dict(self) -> dict[str, Any]:
        """The settings as they are stored with a job."""
        return asdict(self)

    @property
    def adapter(self) -> TuneSettings:
        """The adapter's part of it, as tuning knows it."""
        return TuneSettings(
            method="lora", rank=self.rank, alpha=self.alpha, dropout=self.dropout, seed=self.seed
        )
