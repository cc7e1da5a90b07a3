"""The knobs of tuning. No torch is imported here."""

from dataclasses import dataclass
from typing import Any, Literal

from ftdemo.knobs import again, knob, known
from ftdemo.machine.device import Precision
from ftdemo.training.settings import AdapterSettings
from ftdemo.tuning.methods import METHODS, Method
from ftdemo.tuning.parts import HELP as PARTS
from ftdemo.tuning.parts import split_parts

Schedule = Literal["linear", "cosine", "constant"]
ReportTo = Literal["none", "tensorboard", "trackio"]

WITH_ADAPTER = tuple(info.name for info in METHODS.values() if info.adapter)
ADAPTERS = "LoRA, DoRA and QLoRA"
FEATURES = "Feature-based"


@dataclass(frozen=True)
class TuneSettings(AdapterSettings):
    """Supervised tuning.

    The methods: 'lora' (Hu et al. 2021, arXiv:2106.09685) trains an adapter, see `AdapterSettings`; 'dora'
    (Liu et al. 2024, arXiv:2402.09353) does the same with a learned length of each row of W'; 'qlora'
    (Dettmers et al. 2023, arXiv:2305.14314) is LoRA on a base held in 4 bits; 'features' retrains chosen
    parts of the base, 'full' all of it.
    """

    method: Method = knob("lora", "method", "What is trained: an adapter, chosen parts, or all.")
    epochs: int = knob(10, "number of epochs", "Passes over the samples.", 1, 1000)
    learning_rate: float = knob(
        1e-3, "learning rate", "AdamW's step size at the start of the schedule.", 1e-7, 1.0, step=0.0001
    )
    schedule: Schedule = knob(
        "linear",
        "schedule",
        "How the learning rate falls over the run: 'linear' or 'cosine' to 0, or 'constant'.",
    )
    warmup_steps: int = knob(
        0, "number of warm-up steps", "Steps over which the learning rate first rises from 0.", 0, 100_000,
        label="Warm-up steps",
    )  # fmt: skip
    batch_size: int = knob(4, "batch size", "Samples in a batch.", 1, 1024)
    accumulation: int = knob(
        1, "accumulation", "Batches whose gradients are added up for one optimizer step.", 1, 1024
    )
    max_length: int = knob(
        1024,
        "max length",
        "Longest sample in tokens, question and answer together; what is beyond is cut off.",
        16,
        131_072,
        label="Max length (tokens)",
    )
    seed: int = again(
        AdapterSettings, "seed", help="Start of the random numbers: order of samples, A's first values."
    )
    precision: Precision = again(AdapterSettings, "precision")
    early_stopping: int = knob(
        0,
        "patience of early stopping",
        "End when the held-out loss has not fallen for so many measurements, and keep the best model; 0 goes "
        "on to the last epoch.",
        0,
        1000,
        label="Early stopping (0: off)",
    )
    sampled_answers: int = knob(
        2,
        "number of sampled answers",
        "So many held-out questions are answered at each measurement, to be looked at.",
        0,
        8,
        label="Answers on the way",
    )
    report_to: ReportTo = knob(
        "none",
        "report target",
        "Also report to 'tensorboard' or 'trackio', where that package is installed.",
        label="Also report to",
    )
    packing: bool = knob(
        False,
        "packing",
        "Put samples together until they have the max length, and count each such bundle as one in the batch "
        "size: fewer and fuller steps.",
        label="Packing: fill batches up to the max length",
    )
    rank: int = again(AdapterSettings, "rank", only=WITH_ADAPTER, group=ADAPTERS)
    alpha: int = again(AdapterSettings, "alpha", only=WITH_ADAPTER, group=ADAPTERS)
    dropout: float = again(AdapterSettings, "dropout", only=WITH_ADAPTER, group=ADAPTERS)
    targets: str = again(AdapterSettings, "targets", only=WITH_ADAPTER, group=ADAPTERS)
    parts: str = knob(
        "last:8",
        "choice of parts",
        f"What is retrained: {PARTS}.",
        label="Parts to retrain",
        only=("features",),
        group=FEATURES,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        split_parts(self.parts)


def known_settings(given: dict[str, Any] | None) -> dict[str, Any]:
    """Settings of tuning as a caller names them, with what else a job is made of beside samples.

    Where it learns on from, `parent`, was called `start_from` once, and may be still.

    Raises:
        UserError: one is not known.
    """
    if isinstance(given, dict):
        given = {("parent" if name == "start_from" else name): value for name, value in given.items()}
    return known(given, TuneSettings, also=("parent", "like"))
