"""The knobs of tuning. No torch is imported here."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from ftdemo.knobs import between, one_of
from ftdemo.machine.device import Precision
from ftdemo.tuning.methods import METHODS, Method
from ftdemo.tuning.parts import split_parts

Schedule = Literal["linear", "cosine", "constant"]


ReportTo = Literal["none", "tensorboard", "trackio"]


TARGETS = ("all-linear", "attention", "mlp")


@dataclass(frozen=True)
class TuneSettings:
    """Supervised tuning.

    Args:
        method: 'lora' (Hu et al. 2021, arXiv:2106.09685): the base stays as it is; each linear layer W gains
            a product of two small matrices, of which only they learn: W' = W + (alpha / rank) · B·A.
            'dora' (Liu et al. 2024, arXiv:2402.09353): the same with a learned length of each row of W'.
            'qlora' (Dettmers et al. 2023, arXiv:2305.14314): LoRA on a base held in 4 bits.
            'features': chosen parts of the base are retrained. 'full': all of it.
        epochs: passes over the samples.
        learning_rate: AdamW's step size at the start of the schedule.
        schedule: how the learning rate falls over the run: 'linear' or 'cosine' to 0, or 'constant'.
        warmup_steps: steps over which the learning rate first rises from 0.
        batch_size: samples in a batch.
        accumulation: batches whose gradients are added up for one optimizer step.
        max_length: longest sample in tokens, question and answer together; what is beyond is cut off.
        packing: put samples together until they have `max_length` tokens, and count each such bundle as
            one in `batch_size`: fewer and fuller steps.
        rank: rows of A and columns of B: how much can be learned.
        alpha: scale of the product; alpha / rank = 2 is usual.
        dropout: share of A's inputs set to 0 in training.
        targets: the linear layers that gain an adapter: 'all-linear', 'attention' or 'mlp'.
        parts: what 'features' retrains; see `ftdemo.tuning.parts`.
        precision: 'bfloat16' takes matrix products in that format, weights and sums stay float32; 'auto'
            does so where the device has instructions for it.
        early_stopping: end when the held-out loss has not fallen for so many measurements, and keep the
            best model; 0 goes on to the last epoch.
        sampled_answers: so many held-out questions are answered at each measurement, to be looked at.
        report_to: also report to 'tensorboard' or 'trackio', where that package is installed.
        seed: start of the random numbers (order of samples, A's first values).
    """

    method: Method = "lora"
    epochs: int = 10
    learning_rate: float = 1e-3
    schedule: Schedule = "linear"
    warmup_steps: int = 0
    batch_size: int = 4
    accumulation: int = 1
    max_length: int = 1024
    packing: bool = False
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    targets: str = "all-linear"
    parts: str = "last:8"
    precision: Precision = "auto"
    early_stopping: int = 0
    sampled_answers: int = 2
    report_to: ReportTo = "none"
    seed: int = 42

    def __post_init__(self) -> None:
        one_of("method", self.method, tuple(METHODS))
        one_of("schedule", self.schedule, ("linear", "cosine", "constant"))
        one_of("precision", self.precision, ("auto", "float32", "bfloat16"))
        one_of("report target", self.report_to, ("none", "tensorboard", "trackio"))
        one_of("choice of target layers", self.targets, TARGETS)
        between("number of epochs", self.epochs, 1, 1000)
        between("learning rate", self.learning_rate, 1e-7, 1.0)
        between("number of warm-up steps", self.warmup_steps, 0, 100_000)
        between("batch size", self.batch_size, 1, 1024)
        between("accumulation", self.accumulation, 1, 1024)
        between("rank", self.rank, 1, 1024)
        between("alpha", self.alpha, 1, 4096)
        between("dropout", self.dropout, 0.0, 0.9)
        between("max length", self.max_length, 16, 131_072)
        between("patience of early stopping", self.early_stopping, 0, 1000)
        between("number of sampled answers", self.sampled_answers, 0, 8)
        between("seed", self.seed, 0, 2**32 - 1)
        split_parts(self.parts)

    def as_dict(self) -> dict[str, Any]:
        """The settings as they are stored with a job."""
        return asdict(self)
