"""The knobs of DPO and KTO. No torch is imported here."""

from dataclasses import dataclass
from typing import Literal

from ftdemo.errors import UserError
from ftdemo.knobs import again, knob
from ftdemo.training.settings import AdapterSettings

PreferenceMethod = Literal["dpo", "kto"]


@dataclass(frozen=True)
class PreferenceSettings(AdapterSettings):
    """Learning from votes directly.

    The methods: 'dpo' learns from pairs (Rafailov et al. 2023, arXiv:2305.18290), 'kto' from answers that
    were liked or disliked (Ethayarajh et al. 2024, arXiv:2402.01306).
    """

    method: PreferenceMethod = knob("dpo", "method", "What is learned from: pairs, or single thumbs.")
    beta: float = knob(
        0.1,
        "beta",
        "How dear it is to leave the model one starts from (β): a lower one allows to go further.",
        1e-4,
        100.0,
        label="Beta (nearness)",
        step=0.05,
    )
    sft_weight: float = knob(
        0.0,
        "SFT weight",
        "Weight of the better answer's own loss, −log π(w|x) a token, beside DPO's; without it both answers, "
        "and others, can become less likely while the gap between them grows (Pang et al. 2024, "
        "arXiv:2404.19733).",
        0.0,
        100.0,
        label="Better answer's weight",
        step=0.1,
        only=("dpo",),
    )
    epochs: int = knob(3, "number of epochs", "Passes over the votes.", 1, 1000)
    learning_rate: float = knob(
        2e-4,
        "learning rate",
        "AdamW's step size after the warm-up; it falls linearly to 0.",
        1e-8,
        1.0,
        step=1e-5,
    )
    batch_size: int = knob(
        4, "batch size", "Pairs, or answers with a thumb, in a step; 'kto' needs at least 2.", 1, 1024
    )
    max_length: int = knob(
        512,
        "max length",
        "Longest prompt with answer in tokens; what is beyond is cut off.",
        16,
        131_072,
        label="Max length (tokens)",
    )
    warmup: float = knob(
        0.1,
        "share of warm-up steps",
        "Share of the steps over which the learning rate first rises from 0.",
        0.0,
        0.9,
        label="Warm-up share",
        step=0.05,
    )
    held_out_share: float = knob(
        0.25,
        "held-out share",
        "Share of the voted prompts that nothing is learned from: they are kept to measure with.",
        0.0,
        0.5,
        label="Share held out",
        step=0.05,
    )
    sampled_answers: int = knob(
        2,
        "number of sampled answers",
        "So many prompts are answered before, on the way and after, to be looked at.",
        0,
        8,
        label="Answers on the way",
    )
    models: tuple[str, ...] = knob(
        (), "list of models", "Only votes on answers of these models; all if empty.",
        label="Models voted on",
    )  # fmt: skip
    seed: int = again(
        AdapterSettings,
        "seed",
        help="Start of the random numbers: A's first values, order of votes, which prompts are held out.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
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
