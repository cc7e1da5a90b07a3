"""The knobs of an evaluation. No torch is imported here."""

from dataclasses import dataclass

from ftdemo.evaluation.judges import RULES, rule_judge
from ftdemo.knobs import Knobs, knob
from ftdemo.machine.device import Precision
from ftdemo.names import BASE

ROWS = 40
"""Prompts with both answers that are kept to be shown."""


@dataclass(frozen=True)
class EvaluationSettings(Knobs):
    """An evaluation of a model against another."""

    against: str = knob(
        BASE,
        "model to compare with",
        "The model that it is compared with; 'base' for the untouched base model.",
        label="Compare with",
    )
    questions: tuple[str, ...] = knob((), "list of questions", "A typed question to compare on.")
    votes: bool = knob(
        False, "choice of voted prompts", "Compare also on voted prompts that were kept back.",
        label="On voted questions",
    )  # fmt: skip
    prompts: int = knob(
        40, "number of prompts", "The most prompts to compare on.", 1, 10_000, label="Questions"
    )
    rules: tuple[str, ...] = knob(
        (), "list of rules", f"A judge who goes by a rule: {', '.join(RULES)}.", label="Judges by a rule"
    )
    held_out_reward: str | None = knob(
        None,
        "held-out reward model",
        "A reward model beside the job's own, that nothing was aligned with.",
        label="Another reward model",
    )
    max_new_tokens: int = knob(
        48, "number of new tokens", "Longest answer, in tokens.", 1, 4096, label="Tokens an answer"
    )
    max_prompt_tokens: int = knob(
        512, "longest prompt", "Longer prompts, in tokens, are left out.", 8, 131_072,
        label="Tokens a question",
    )  # fmt: skip
    batch: int = knob(20, "batch", "Prompts answered at once.", 1, 1024, label="Questions at once")
    precision: Precision = knob(
        "auto", "precision", "'bfloat16', 'float32', or 'auto' for what the device does well."
    )
    held_out_share: float = knob(
        0.25,
        "held-out share",
        "Share of the voted prompts that are kept back, as for what was learned from votes.",
        0.0,
        0.9,
        label="Share held out",
        step=0.05,
    )
    votes_seed: int = knob(
        42, "seed of the votes", "Which of them are kept back, as for what was learned from votes.",
        0, 2**32 - 1, label="Seed of the votes",
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        for rule in self.rules:
            rule_judge(rule)
