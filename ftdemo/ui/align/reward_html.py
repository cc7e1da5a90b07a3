"""The sheet of a reward model: how far it foresees votes, how sure it is, and where it is wrong."""

from collections.abc import Sequence
from html import escape

from ftdemo.rewards.figures import CalibrationPart, Mistake, RewardFigures, ScoreBin
from ftdemo.ui.html import Html, facts, table

WIDTH, HEIGHT, EDGE = 260, 150, 28


def sheet(figures: RewardFigures, name: str = "") -> str:
    """The sheet.

    Args:
        figures: what the job measured.
        name: the reward model's name, to stand above it.
    """
    if figures.verdict is None or figures.interval is None:
        return ""
    low, high = figures.interval
    kind = "ft-warn" if not figures.learned else "ft-good"
    values = facts(
        {
            "Learned from": f"{figures.pairs} pairs, {figures.thumbs} thumbs",
            "Measured with": f"{figures.held_out_votes} held-out votes",
            "Foreseen": f"{100 * (figures.accuracy or 0.0):.0f} % ({100 * low:.0f} to {100 * high:.0f})",
            "Guessed without reading": f"{100 * (figures.chance or 0.0):.0f} %",
        }
    )
    title = f"<h3>Reward model {escape(name)}</h3>" if name else ""
    plots = _calibration(figures.calibration) + _histogram(figures.histogram)
    return (
        f'<div class="ft-card">{title}<div class="{kind}">{escape(figures.verdict)}</div>{values}'
        f'<div class="ft-plots">{plots}</div>{_length(figures)}{_mistakes(figures.mistakes)}</div>'
    )


def _calibration(parts: Sequence[CalibrationPart]) -> str:
    """How often it was right, against how sure it was."""
    if not parts:
        return ""
    dots = "".join(
        f'<circle cx="{_x(2 * part.foretold - 1)}" cy="{_y(part.came)}" r="4.5" class="ft-dotted">'
        f"<title>{part.votes} votes: foretold {part.foretold:.2f}, came {part.came:.2f}</title>"
        "</circle>"
        for part in parts
    )
    ideal = f'<line x1="{_x(0)}" y1="{_y(0.5)}" x2="{_x(1)}" y2="{_y(1)}" class="ft-ideal"/>'
    words = (
        _text(_x(0), HEIGHT - 8, "0.5 sure") + _text(_x(1), HEIGHT - 8, "1", "end")
        + _text(4, _y(1) + 4, "1") + _text(4, _y(0.5) + 4, "½") + _text(4, _y(0) + 4, "0")
    )  # fmt: skip
    return _figure("Calibration: how often right, against how sure (line: ideal)", ideal + dots + words)


def _histogram(bins: Sequence[ScoreBin]) -> str:
    """Scores of liked answers, and of disliked ones."""
    if not bins:
        return ""
    most = max(1, *(max(one.liked, one.disliked) for one in bins))
    wide = (WIDTH - 2 * EDGE) / len(bins)
    bars = ""
    for place, one in enumerate(bins):
        for shift, kind, count in ((0.0, "liked", one.liked), (0.45, "disliked", one.disliked)):
            tall = (HEIGHT - 2 * EDGE) * count / most
            x = EDGE + (place + shift) * wide
            bars += (
                f'<rect x="{x:.1f}" y="{HEIGHT - EDGE - tall:.1f}" width="{wide * 0.42:.1f}" '
                f'height="{tall:.1f}" class="ft-{kind}"><title>{count} {kind}, '
                f"{one.low:.1f} to {one.high:.1f}</title></rect>"
            )
    words = (
        _text(EDGE, HEIGHT - 8, f"{bins[0].low:.1f}")
        + _text(WIDTH - EDGE, HEIGHT - 8, f"{bins[-1].high:.1f}", "end")
        + _text(WIDTH / 2, HEIGHT - 8, "score", "middle")
    )
    legend = (
        '<span class="ft-key ft-liked"></span> liked or chosen '
        '<span class="ft-key ft-disliked"></span> disliked or not chosen'
    )
    return _figure(f"Scores of held-out answers: {legend}", bars + words)


def _length(figures: RewardFigures) -> str:
    scores, votes = figures.length_correlation, figures.vote_length_correlation
    if scores is None:
        return ""
    said = f"Correlation of its scores with the answers' length in words: {scores:+.2f}"
    said += f"; of the votes themselves with it: {votes:+.2f}." if votes is not None else "."
    if figures.follows_length:
        more = " It may have learned length in place of what people like."
        return f'<div class="ft-warn">{escape(said + more)}</div>'
    return f'<p class="ft-note">{escape(said)}</p>'


def _mistakes(mistakes: Sequence[Mistake]) -> str:
    if not mistakes:
        return ""
    rows = [
        (one.question, _scored(one.better, one.better_score), _scored(one.worse, one.worse_score))
        for one in mistakes
    ]
    head = ("Question", "People preferred or liked", "People did not")
    return f"<h3>Its worst mistakes</h3>{table(head, rows)}"


def _scored(text: str | None, score: float | None) -> Html:
    if text is None or score is None:
        return Html()
    cut = text if len(text) <= 300 else f"{text[:300]}…"
    return Html(f'<span dir="auto">{escape(cut)}</span> <span class="ft-tag">{score:+.2f}</span>')


def _figure(title: str, drawn: str) -> str:
    axis = (
        f'<line x1="{EDGE}" y1="{HEIGHT - EDGE}" x2="{WIDTH - EDGE}" y2="{HEIGHT - EDGE}" class="ft-axis"/>'
    )
    return (
        f'<figure><figcaption class="ft-note">{title}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{axis}{drawn}</svg></figure>'
    )


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _x(share: float) -> float:
    return round(EDGE + (WIDTH - 2 * EDGE) * share, 1)


def _y(share: float) -> float:
    return round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * share, 1)
