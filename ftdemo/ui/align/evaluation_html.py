"""Two models compared, as HTML: who wins, what was forgotten, how the answers changed, and the answers."""

from collections.abc import Sequence
from html import escape

from ftdemo.aligning.rounds import Round
from ftdemo.evaluation.duel import WinRate
from ftdemo.evaluation.figures import EvaluationFigures
from ftdemo.ui.html import table

SHOWN = 40
_JUDGES = {"reward": "the reward model it learned from", "held_out_reward": "another reward model"}
_WON = {"before": "◀", "after": "▶", "tie": "="}


def comparison(found: EvaluationFigures) -> str:
    """What an evaluation found.

    Args:
        found: its figures; nothing is shown if there are none.
    """
    if not found.verdicts:
        return ""
    bars = "".join(
        _rate(_JUDGES.get(judge, f"the rule {judge}"), rate) for judge, rate in found.win_rates.items()
    )
    verdicts = "".join(f"<li>{escape(said)}</li>" for said in found.verdicts)
    return (
        f'<div class="ft-card"><h3>{escape(found.after)} against {escape(found.before)}, '
        f"{found.prompts} questions</h3>{bars}"
        f'<ul class="ft-methods">{verdicts}</ul></div>{_answers(found)}'
    )


def rounds(line: Sequence[Round]) -> str:
    """Round after round: who learned from whom, with how many votes, and what came of it."""
    if not line:
        return ""
    rows = [
        (
            one.round,
            f"{one.parent} → {one.model}",
            one.method,
            _or_dash(one.votes, "{:,}"),
            _or_dash(one.reward_accuracy, "{:.0%}"),
            _interval(one),
            _people(one),
        )
        for one in line
    ]
    head = (
        "Round", "Model", "Method", "Votes", "Reward model foresees", "Wins against its start",
        "People choose it",
    )  # fmt: skip
    return f'<div class="ft-card"><h3>Rounds</h3>{table(head, rows)}</div>'


def _rate(judge: str, rate: WinRate) -> str:
    low, high = (100 * end for end in rate.interval)
    share = 100 * rate.rate
    return (
        f'<div class="ft-rate"><span>By {escape(judge)}: <b>{share:.0f} %</b> of {rate.comparisons} won '
        f'({low:.0f} to {high:.0f})</span><div class="ft-range" role="img" '
        f'aria-label="{share:.0f} percent, 95 percent interval {low:.0f} to {high:.0f}">'
        f'<i style="left:{low:.1f}%;width:{max(0.5, high - low):.1f}%"></i>'
        f'<b style="left:{share:.1f}%"></b><u></u></div></div>'
    )


def _answers(found: EvaluationFigures) -> str:
    rows = [
        (one.question, one.before, _WON.get(one.winner or "", ""), one.after) for one in found.answers[:SHOWN]
    ]
    shown = table(("Question", found.before, "", found.after), rows)
    return f'<details class="ft-card"><summary>The answers, side by side</summary>{shown}</details>'


def _interval(one: Round) -> str:
    if one.win_rate is None or one.interval is None:
        return "–"
    low, high = one.interval
    return f"{one.win_rate:.0%} ({100 * low:.0f} to {100 * high:.0f})"


def _people(one: Round) -> str:
    """How many who saw both chose it; ties and 'both bad' count among those who saw them."""
    seen = one.people
    return f"{seen.wins} of {seen.comparisons}" if seen else "–"


def _or_dash(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
