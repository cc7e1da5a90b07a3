"""The knobs of DPO and KTO. No torch is imported here."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from ftdemo.errors import UserError
from ftdemo.knobs import between, one_of
from ftdemo.machine.device import Precision
from ftdemo.tuning.settings import TuneSettings

PreferenceMethod = Literal["dpo", "kto"]


@dataclass(frozen=True)
class PreferenceSettings:
    """Learning from votes directly.

    Args:
        method: 'dpo' learns from pairs (Rafailov et al. 2023, arXiv:2305.18290), 'kto' from answers that were
            liked or disliked (Ethayarajh et al. 2024, arXiv:2402.01306).
        beta: how dear it is to leave the model one starts from (β): a lower one allows to go further.
        sft_weight: weight of the better answer's own loss, −log π(w|x) a token, beside DPO's; without it both
            answers, and others, can become less likely while the gap between them grows (Pang et al. 2024,
            arXiv:2404.19733). 'kto' has no such part.
        epochs: passes over the votes.
        learning_rate: AdamW's step size after the warm-up; it falls linearly to 0.
        batch_size: pairs, or answers with a thumb, in a step; 'kto' needs at least 2.
        max_length: longest prompt with answer in tokens; what is beyond is cut off.
        rank: rows of A and columns of B of the LoRA adapter.
        alpha: scale of their product; alpha / rank = 2 is usual.
        warmup: share of the steps over which the learning rate first rises from 0.
        precision: as for supervised tuning.
        sampled_answers: so many prompts are answered before, on the way and after, to be looked at.
        held_out_share: share of the prompts kept to measure with.
        models: only votes on answers of these models; all if empty.
        seed: start of the random numbers: A's first values, order of votes, which prompts are held out.
    """

    method: PreferenceMethod = "dpo"
    beta: float = 0.1
    sft_weight: float = 0.0
    epochs: int = 3
    learning_rate: float = 2e-4
    batch_size: int = 4
    max_length: int = 512
    rank: int = 16
    alpha: int = 32
    warmup: float = 0.1
    precision: Precision = "auto"
    sampled_answers: int = 2
    held_out_share: float = 0.25
    models: tuple[str, ...] = ()
    seed: int = 42

    def __post_init__(self) -> None:
        object.__setattr__(self, "models", tuple(self.models))
        one_of("method", self.method, ("dpo", "kto"))
        one_of("precision", self.precision, ("auto", "float32", "bfloat16"))
        between("beta", self.beta, 1e-4, 100.0)
        between("SFT weight", self.sft_weight, 0.0, 100.0)
        between("number of epochs", self.epochs, 1, 1000)
        between("learning rate", self.learning_rate, 1e-8, 1.0)
        between("batch size", self.batch_size, 1, 1024)
        between("max length", self.max_length, 16, 131_072)
        between("rank", self.rank, 1, 1024)
        between("alpha", self.alpha, 1, 4096)
        between("share of warm-up steps", self.warmup, 0.0, 0.9)
        between("number of sampled answers", self.sampled_answers, 0, 8)
        between("held-out share", self.held_out_share, 0.0, 0.5)
        between("seed", self.seed, 0, 2**32 - 1)
        if self.method == "kto" and self.sft_weight:
            raise UserError(
                f"The SFT weight is {self.sft_weight:g}, and 'kto' has no such part.",
                "Set it to 0, or use 'dpo'.",
            )
        if self.method == "kto" and self.batch_size < 2:
            raise UserError(
                "The batch size is 1, and 'kto' takes its reference point from the mean over a batch.",
                "Set it to 2 or more, or use 'dpo'.",
            )

    def as_dict(self) -> dict[str, Any]:
        """The settings as they are stored with a job."""
        return asdict(self)

    @property
    def adapter(self) -> TuneSettings:
        """The adapter's part of it, as tuning knows it."""
        return TuneSettings(
            method="lora", rank=self.rank, alpha=self.alpha, precision=self.precision, seed=self.seed
        )
