"""The knobs of training a reward model. No torch is imported here."""

from dataclasses import dataclass

from ftdemo.knobs import again, knob
from ftdemo.training.settings import AdapterSettings


@dataclass(frozen=True)
class RewardSettings(AdapterSettings):
    """Training a reward model: a LoRA adapter and a scalar head on the base model."""

    epochs: int = knob(4, "number of epochs", "Passes over the votes.", 1, 1000)
    learning_rate: float = knob(
        5e-4,
        "learning rate",
        "AdamW's step size for the adapter at the start; it falls linearly to 0.",
        1e-7,
        1.0,
        step=0.0001,
    )
    head_learning_rate: float = knob(
        2e-3,
        "learning rate of the head",
        "The same for the scalar head, which starts from nothing.",
        1e-7,
        1.0,
        label="Learning rate of head",
        step=0.0001,
    )
    batch_size: int = knob(8, "batch size", "Pairs, or answers with a thumb, in a step.", 1, 1024)
    max_length: int = knob(
        512,
        "max length",
        "Longest prompt with answer in tokens; of a longer one the beginning is cut off.",
        16,
        131_072,
        label="Max length (tokens)",
    )
    held_out_share: float = knob(
        0.25,
        "held-out share",
        "Share of the prompts kept to measure with.",
        0.05,
        0.5,
        label="Share held out",
        step=0.05,
    )
    seed: int = again(
        AdapterSettings,
        "seed",
        help="Start of the random numbers: first values, order of votes, which prompts are held out.",
    )
    models: tuple[str, ...] = knob(
        (), "list of models", "Only votes on answers of these models; all if empty.",
        label="Models voted on",
    )  # fmt: skip
