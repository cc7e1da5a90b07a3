"""The figures of an evaluation. No torch is imported here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ftdemo.evaluation.drift import Forgetting
from ftdemo.evaluation.duel import Winner, WinRate
from ftdemo.evaluation.fluency import Fluency
from ftdemo.evaluation.wording import Wording
from ftdemo.store.figures import RunFigures


@dataclass(frozen=True)
class ComparedAnswer:
    """A prompt with what both models answered.

    Args:
        question: its last message.
        before: the answer of the model that is compared with.
        after: the answer of the model that is evaluated.
        scores: of both, under 'before' and 'after', by judge.
        winner: by the first judge; None without judges.
    """

    question: str
    before: str
    after: str
    scores: dict[str, dict[str, float]]
    winner: Winner | None = None


@dataclass(frozen=True, kw_only=True)
class EvaluationFigures(RunFigures):
    """The figures of a comparison of two models.

    Args:
        prompts: how many both answered.
        dropped_prompts: those that were too long.
        prompts_from: where they come from: `source` in words, and how many `prompts`.
        before: the name of the model that is compared with.
        after: the name of the model that is evaluated.
        win_rate: share of wins of the model that is evaluated, by the first judge.
        win_rates: the same with its interval, by judge.
        forgetting: what it no longer knows.
        fluency: whether its answers are still language.
        wording: the words of both models' answers, under 'before' and 'after'.
        same: prompts to which both gave the same answer.
        verdicts: all that in sentences.
        answers: side by side.
    """

    ALWAYS: ClassVar[frozenset[str]] = frozenset({"win_rate", "win_rates", "verdicts", "answers"})

    prompts: int | None = None
    dropped_prompts: int | None = None
    prompts_from: tuple[Mapping[str, Any], ...] = ()
    before: str = ""
    after: str = ""
    win_rate: float | None = None
    win_rates: dict[str, WinRate] = field(default_factory=dict)
    forgetting: Forgetting | None = None
    fluency: Fluency | None = None
    wording: dict[str, Wording] = field(default_factory=dict)
    same: int | None = None
    verdicts: tuple[str, ...] = ()
    answers: tuple[ComparedAnswer, ...] = ()

    @property
    def first_rate(self) -> WinRate | None:
        """How often the model that is evaluated won, by the first judge."""
        return next(iter(self.win_rates.values()), None)
