"""The knobs of an evaluation. No torch is imported here."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from ftdemo.evaluation.judges import rule_judge
from ftdemo.knobs import between, one_of
from ftdemo.names import BASE

ROWS = 40
"""Prompts with both answers that are kept to be shown."""


@dataclass(frozen=True)
class EvaluationSettings:
    """An evaluation of a model against another.

    Args:
        against: the model that it is compared with; 'base' for the untouched base model.
        questions: typed questions to compare on.
        votes: compare also on voted prompts that were kept back.
        prompts: the most prompts to compare on.
        rules: judges who go by a rule, see `evaluation.judges.rule_judge`.
        held_out_reward: a reward model beside the job's own, that nothing was aligned with.
        max_new_tokens: longest answer, in tokens.
        max_prompt_tokens: longer prompts are left out.
        batch: prompts answered at once.
        precision: 'bfloat16', 'float32', or 'auto' for what the device does well.
        held_out_share: share of the voted prompts that are kept back, as for what was learned from votes.
        votes_seed: which of them are kept back, as for what was learned from votes.
    """

    against: str = BASE
    questions: tuple[str, ...] = ()
    votes: bool = False
    prompts: int = 40
    rules: tuple[str, ...] = ()
    held_out_reward: str | None = None
    max_new_tokens: int = 48
    max_prompt_tokens: int = 512
    batch: int = 20
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    held_out_share: float = 0.25
    votes_seed: int = 42

    def __post_init__(self) -> None:
        object.__setattr__(self, "questions", tuple(self.questions))
        object.__setattr__(self, "rules", tuple(self.rules))
        for rule in self.rules:
            rule_judge(rule)
        between("number of prompts", self.prompts, 1, 10_000)
        between("number of new tokens", self.max_new_tokens, 1, 4096)
        between("longest prompt", self.max_prompt_tokens, 8, 131_072)
        between("batch", self.batch, 1, 1024)
        one_of("precision", self.precision, ("auto", "bfloat16", "float32"))
        between("held-out share", self.held_out_share, 0.0, 0.9)
        between("seed of the votes", self.votes_seed, 0, 2**32 - 1)

    def as_dict(self) -> dict[str, Any]:
        """The settings as they are stored with a job."""
        return asdict(self)
