"""Two models compared, as HTML: who wins, what was forgotten, how the answers changed, and the answers."""

from collections.abc import Sequence
from html import escape

from ftdemo.aligning.rounds import Round
from ftdemo.evaluation.duel import WinRate
from ftdemo.evaluation.figures import EvaluationFigures

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
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td>{escape(str(value))}</td>"
            for value in (
                one.round,
                f"{one.parent} → {one.model}",
                one.method,
                _or_dash(one.votes, "{:,}"),
                _or_dash(one.reward_accuracy, "{:.0%}"),
                _interval(one),
                _people(one),
            )
        )
        + "</tr>"
        for one in line
    )
    head = (
        "<tr><th>Round</th><th>Model</th><th>Method</th><th>Votes</th>"
        "<th>Reward model foresees</th><th>Wins against its start</th>"
        "<th>People choose it</th></tr>"
    )
    return (
        '<div class="ft-card"><h3>Rounds</h3><div class="ft-scroll">'
        f'<table class="ft-samples ft-words">{head}{rows}</table></div></div>'
    )


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
    rows = "".join(
        f'<tr><td>{escape(one.question)}</td><td dir="auto">{escape(one.before)}</td>'
        f'<td>{_WON.get(one.winner or "", "")}</td><td dir="auto">{escape(one.after)}</td></tr>'
        for one in found.answers[:SHOWN]
    )
    before, after = escape(found.before), escape(found.after)
    head = f"<tr><th>Question</th><th>{before}</th><th></th><th>{after}</th></tr>"
    return (
        '<details class="ft-card"><summary>The answers, side by side</summary><div class="ft-scroll">'
        f'<table class="ft-samples ft-words">{head}{rows}</table></div></details>'
    )


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
