"""The report on a samples file, as HTML."""

from html import escape
from itertools import dropwhile

from ftdemo.files.rows import Problem
from ftdemo.samples import SampleReport
from ftdemo.samples.report import TokenLengths
from ftdemo.ui.html import facts

PROBLEMS_SHOWN = 30


def report(found: SampleReport, rendered: str | None) -> str:
    """What was found in a file.

    Args:
        found: the report.
        rendered: the first sample as the model will see it, if the base model is at hand.
    """
    held_out = found.splits.get("held_out", 0)
    figures = facts(
        {
            "File": found.file_name,
            "Format": found.format + (f", {found.encoding}" if found.encoding else ""),
            "Records": found.shape,
            "Question": found.question_column,
            "Answer": found.answer_column,
            "Rows read": f"{found.rows_read:,}",
            "Rows kept": f"{found.rows_kept:,}",
            "Left out": _counts(found.problem_counts),
            "Samples": f"{len(found.samples):,}" + (f", {held_out:,} held out" if held_out else ""),
            "Replies": f"{found.replies:,}, from rows with several" if found.replies else None,
            "Not used": ", ".join(found.unused_columns) or None,
            "To look at": _counts(found.warning_counts),
            "Letters": ", ".join(f"{name} {count:,}" for name, count in found.languages.items()) or None,
        }
    )
    notes = "".join(f'<div class="ft-warn">{escape(note)}</div>' for note in found.notes)
    shown = sorted(found.problems, key=lambda problem: (problem.severity != "error", problem.row))
    problems = "".join(_problem(problem) for problem in shown[:PROBLEMS_SHOWN])
    total = sum(found.problem_counts.values()) + sum(found.warning_counts.values())
    more = total - min(len(shown), PROBLEMS_SHOWN)
    note = f'<p class="ft-note">and {more:,} more</p>' if more > 0 else ""
    lengths = _lengths(found.token_lengths) if found.token_lengths else ""
    example = (
        '<p class="ft-note">The first sample exactly as the model will see it:</p>'
        f'<pre class="ft-example">{escape(rendered)}</pre>'
        if rendered
        else ""
    )
    listed = f'<div class="ft-problems">{problems}{note}</div>'
    return f'<div class="ft-card">{figures}{notes}{listed}{lengths}{example}</div>'


def _problem(problem: Problem) -> str:
    kind = "ft-bad" if problem.severity == "error" else "ft-warn"
    return f'<div class="{kind}">{escape(problem.message)} {escape(problem.remedy)}</div>'


def _counts(counts: dict[str, int]) -> str | None:
    return ", ".join(f"{count:,} {escape(kind)}" for kind, count in counts.items()) or None


def _lengths(lengths: TokenLengths) -> str:
    """A histogram of sample lengths in tokens, as bars."""
    bars = list(dropwhile(lambda bar: bar[2] == 0, lengths.histogram))
    most = max(count for _, _, count in bars)
    rows = "".join(
        f"<tr><td>{low} to {high - 1}</td><td>{count:,}</td>"
        f'<td><div style="width:{100 * count / most:.0f}%"></div></td></tr>'
        for low, high, count in bars
    )
    limit = f"; the model can read {lengths.context_limit:,}" if lengths.context_limit else ""
    over = (
        f'<div class="ft-warn">{lengths.over_limit:,} samples are longer: their ends are cut off.</div>'
        if lengths.over_limit
        else ""
    )
    return (
        f'<p class="ft-note">Tokens a sample, chat template included: {lengths.minimum} to '
        f"{lengths.maximum:,}, median {lengths.median}{limit}.</p>"
        f'<table class="ft-histogram">{rows}</table>{over}'
    )
