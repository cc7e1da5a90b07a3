"""The figures of an alignment, by the votes or by a reward model. No torch is imported here."""

from dataclasses import dataclass
from typing import ClassVar

from ftdemo.evaluation.figures import EvaluationFigures
from ftdemo.store.figures import RunFigures


@dataclass(frozen=True, kw_only=True)
class AlignFigures(RunFigures):
    """What all alignments have.

    Args:
        evaluation: how the aligned model compares with its parent.
    """

    evaluation: EvaluationFigures | None = None


@dataclass(frozen=True, kw_only=True)
class PreferenceFigures(AlignFigures):
    """The figures of a run of DPO or KTO.

    The final ones are of the last step on which they were measured, `held_out` on the votes that nothing is
    learned from; a reward is β·log(π(y|x) / π_ref(y|x)).

    Args:
        votes: pairs (DPO) or thumbs (KTO) learned from.
        held_out_votes: those measured with.
        cut_off_votes: those of the first that are longer than the longest length.
        dropped_votes: those of whose answers nothing is within it.
        final_margin: reward of the better answer less that of the worse.
        final_accuracy: share of the pairs whose better answer has the higher reward.
        final_chosen_reward: of the better or liked answers.
        final_rejected_reward: of the worse or disliked answers.
        final_chosen_log_likelihood: of the better or liked answers, in nats.
        final_rejected_log_likelihood: of the worse or disliked answers, in nats.
        final_kl: KTO's divergence from the reference, in nats.
    """

    ALWAYS: ClassVar[frozenset[str]] = frozenset({
        "tokens_per_second", "first_loss", "final_loss", "held_out_loss"
    })  # fmt: skip

    votes: int | None = None
    held_out_votes: int | None = None
    cut_off_votes: int | None = None
    dropped_votes: int | None = None
    final_margin: float | None = None
    final_accuracy: float | None = None
    final_chosen_reward: float | None = None
    final_rejected_reward: float | None = None
    final_chosen_log_likelihood: float | None = None
    final_rejected_log_likelihood: float | None = None
    final_kl: float | None = None
    final_held_out_margin: float | None = None
    final_held_out_accuracy: float | None = None
    final_held_out_chosen_reward: float | None = None
    final_held_out_rejected_reward: float | None = None
    final_held_out_chosen_log_likelihood: float | None = None
    final_held_out_rejected_log_likelihood: float | None = None
    final_held_out_kl: float | None = None


@dataclass(frozen=True, kw_only=True)
class PpoFigures(AlignFigures):
    """The figures of a run of PPO or RLOO: the first of its first step, the final ones of what is left.

    Args:
        prompts: those practised on.
        dropped_prompts: those that are too long.
        first_reward: mean of the score less what straying from the reference costs, an answer.
        first_score: mean score of the reward model, an answer.
        first_held_out_score: the same of the reward model that is only watched.
        first_kl: mean divergence from the reference, in nats an answer.
        first_answer_length: mean length, in tokens an answer.
    """

    ALWAYS: ClassVar[frozenset[str]] = frozenset({"warnings"})

    prompts: int | None = None
    dropped_prompts: int | None = None
    first_reward: float | None = None
    first_score: float | None = None
    first_held_out_score: float | None = None
    first_kl: float | None = None
    first_answer_length: float | None = None
    final_reward: float | None = None
    final_score: float | None = None
    final_held_out_score: float | None = None
    final_kl: float | None = None
    final_answer_length: float | None = None
