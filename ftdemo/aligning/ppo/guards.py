"""Warnings, in words, when a policy may be learning the reward model's faults instead of better answers.

A reward model is only a stand-in for people, and what is raised long enough stops being a measure (Gao et al.
2022, arXiv:2210.10760). So the run's beginning is compared with its latest steps.
"""

from collections.abc import Sequence
from statistics import fmean

from ftdemo.evaluation.fluency import MOST_REPETITION

Figures = dict[str, float]
FEWEST_STEPS = 6
"""Before this many, nothing is said."""
RISE = 0.3
"""A rise of the score that counts, in standard deviations of the reward model's scores."""
LONGER, SHORTER = 1.6, 0.6
"""Factors of the mean length of answers."""


def warnings(steps: Sequence[Figures]) -> list[str]:
    """What a person should know about a run.

    Args:
        steps: the figures of its steps so far, in order.

    Returns:
        Sentences; none if all is well.
    """
    if len(steps) < FEWEST_STEPS:
        return []
    found = []
    count = max(2, len(steps) // 4)

    def ends(name: str) -> tuple[float, float]:
        """Means of a figure over the first and over the latest steps."""
        values = [figures[name] for figures in steps if name in figures]
        return fmean(values[:count]), fmean(values[-count:])

    before, now = ends("score")
    if now - before > RISE and all("held_out_score" in figures for figures in steps):
        watched_before, watched_now = ends("held_out_score")
        if watched_now <= watched_before:
            found.append(
                f"The reward model's score rose from {before:.2f} to {now:.2f}, but the held-out reward "
                f"model's went from {watched_before:.2f} to {watched_now:.2f}: the policy may be learning "
                "the reward model's faults."
            )
    before, now = ends("answer_length")
    if not SHORTER < now / max(before, 1.0) < LONGER:
        found.append(
            f"Answers had {before:.0f} tokens at first and now have {now:.0f}: the reward model may prefer "
            f"{'long' if now > before else 'short'} answers whatever they say."
        )
    before, now = ends("repetition_share")
    if now - before > MOST_REPETITION:
        found.append(
            f"Answers repeat themselves: {now:.0%} of their runs of three tokens stood in them before, "
            f"against {before:.0%} at first."
        )
    return found


def budget_spent(figures: Figures, budget: float, steps: int) -> str | None:
    """Why a run ends early, in a sentence, once the policy is too far from the reference; else None.

    Args:
        figures: of the policy's answers.
        budget: the most divergence, in nats an answer.
        steps: after which the policy was so.
    """
    if figures["kl"] <= budget:
        return None
    return (
        f"The run ended early: after step {steps} the policy was {figures['kl']:.1f} nats an answer from the "
        f"model it started as, and the KL budget is {budget:g}; the model is the policy before that step. A "
        "higher KL coefficient or a lower learning rate keeps it nearer."
    )


def repetition_share(answer: Sequence[int]) -> float:
    """Share of an answer's runs of three tokens that stood in it before."""
    runs = [tuple(answer[start : start + 3]) for start in range(len(answer) - 2)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0
