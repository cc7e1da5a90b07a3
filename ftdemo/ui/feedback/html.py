"""Feedback as HTML: figures per model, what there is to learn from, and all that was said of an answer."""

from collections.abc import Sequence
from html import escape

from ftdemo.feedback.figures import Agreement, ModelCounts
from ftdemo.feedback.import_report import ImportReport
from ftdemo.feedback.preferences import PairSource
from ftdemo.feedback.records import AnswerFeedback
from ftdemo.feedback.training_data import Fit, PreferenceSummary
from ftdemo.feedback.voters import REASONS
from ftdemo.store.feedback import Choice, ChoiceKind, Correction, Vote
from ftdemo.ui import html

CELL = 160
LISTED = 100
"""Rows of an imported file that are named."""

_SOURCES: dict[PairSource, str] = {
    "choice": "from A/B choices",
    "correction": "from better answers",
    "thumbs": "from thumbs up and down to the same question",
    "imported": "from imported pairs",
}
_CHOICES: dict[ChoiceKind, str] = {
    "left": "prefers the left",
    "right": "prefers the right",
    "tie": "finds both alike",
    "bad": "finds both bad",
    "withdrawn": "took the choice back",
}
_VOTES = {"up": "thumb up", "down": "thumb down", "withdrawn": "took the thumb back"}


def summary(counts: Sequence[ModelCounts], agreement: Agreement | None, data: PreferenceSummary) -> str:
    """What each model was told, how far voters agree, and what there is to learn from."""
    return f'<div class="ft-columns">{_counts(counts, agreement)}{training_data(data)}</div>'


def training_data(data: PreferenceSummary, fit: Fit | None = None) -> str:
    """What a reward model or an alignment would learn from.

    Args:
        data: what there is.
        fit: the method that fits it, if that is to be told.
    """
    pairs = [f"{number} {_SOURCES[source]}" for source, number in data.pairs.items() if number]
    lines = {
        "Pairs (one answer over another)": f"{data.total_pairs}" + (f": {', '.join(pairs)}" if pairs else ""),
        "Thumbs": f"{data.up} up, {data.down} down; {data.unpaired} of these are in no pair",
        "Conflicts": f"{data.conflicts}; the majority counts, {data.dropped} without one are left out",
        "Gives no pair": f"{data.ties} ties, {data.both_bad} both bad, {data.unusable} others",
        "Kept back to measure with": f"{data.held_out_prompts} of {data.prompts} questions: "
        f"{data.held_out_pairs} pairs, {data.held_out_rated} thumbs",
    }
    advice = f"Fitting method: {fit.method.upper()}. {fit.reason}" if fit else ""
    return _table("What there is to learn from", list(lines.items()), note=advice)


def import_report(report: ImportReport) -> str:
    """What was read, taken and passed over of an imported file, and why."""
    told = "".join(f'<p dir="auto">{escape(sentence)}</p>' for sentence in report.sentences())
    rows = [(problem.message, problem.remedy) for problem in report.problems[:LISTED]]
    more = sum((report.problem_counts | report.warning_counts).values()) - len(rows)
    note = f"… and {more:,} more." if more > 0 else ""
    title = f"Import of {report.file_name}"
    problems = _table("Rows to look at", rows, ("What", "What to do"), note) if rows else ""
    return f'<div class="ft-card"><h3 dir="auto">{escape(title)}</h3>{told}</div>{problems}'


def rows(items: Sequence[AnswerFeedback]) -> list[list[object]]:
    """Answers with what was said, as rows of a table."""
    return [
        [
            item.answer.id,
            item.answer.created_at[:16].replace("T", " "),
            item.answer.model,
            _cut(item.answer.question),
            _cut(item.answer.answer),
            sum(vote.vote == "up" for vote in item.votes),
            sum(vote.vote == "down" for vote in item.votes),
            len(item.corrections),
            len(item.choices),
            _cut(" / ".join(vote.comment for vote in item.votes if vote.comment)),
        ]
        for item in items
    ]


def details(item: AnswerFeedback, history: Sequence[Vote | Correction | Choice]) -> str:
    """An answer with its whole prompt, and all that was ever said of it."""
    answer = item.answer
    prompt = "".join(
        f'<p class="ft-note">{escape(message["role"])}</p>'
        f'<div class="ft-example" dir="auto">{escape(message["content"])}</div>'
        for message in answer.prompt
    )
    settings = answer.generation or {}
    facts = html.facts(
        {
            "Model": answer.model or None,
            "Version": answer.model_version,
            "Temperature": settings.get("temperature"),
            "Top-p": settings.get("top_p"),
            "Most tokens": settings.get("max_new_tokens"),
            "Seed": settings.get("seed"),
        }
    )
    said = "".join(f"<li>{_event(event)}</li>" for event in history)
    return (
        f'<div class="ft-card"><h3>Answer {answer.id}</h3>{prompt}<p class="ft-note">answer</p>'
        f'<div class="ft-example" dir="auto">{escape(answer.answer)}</div>{facts}'
        f'<h3>What was said, oldest first</h3><ul class="ft-methods">{said}</ul></div>'
    )


def _event(event: Vote | Correction | Choice) -> str:
    when = event.created_at[:16].replace("T", " ")
    if isinstance(event, Vote):
        words = _VOTES[event.vote]
        if event.reasons:
            words += f" ({', '.join(REASONS[reason] for reason in event.reasons)})"
        words = escape(words)
        if event.comment:
            words += f': <span dir="auto">“{escape(event.comment)}”</span>'
    elif isinstance(event, Correction):
        text = escape(event.text or "")
        words = (
            f'would answer: <span dir="auto">“{text}”</span>' if event.text else "took the better answer back"
        )
    else:
        words = f"of answers {event.left_id} (left) and {event.right_id} (right) {_CHOICES[event.choice]}"
    return f"{when}, {escape(event.voter)}: {words}"


def _counts(counts: Sequence[ModelCounts], agreement: Agreement | None) -> str:
    table: list[tuple[object, ...]] = [
        (one.model or "unknown", one.answers, one.up, one.down, one.wins, one.losses) for one in counts
    ]
    if agreement is None:
        said = "No two voters have voted on the same answer, so nothing can be said of their agreement."
    else:
        alpha = "" if agreement.alpha is None else f"; Krippendorff's alpha {agreement.alpha:.2f}"
        said = (
            f"{agreement.voters} voters met on {agreement.answers} answers and agreed in "
            f"{100 * agreement.share:.0f} % of cases{alpha} (1: always, 0: as by chance)."
        )
    head = ("Model", "Answers", "Up", "Down", "A/B won", "lost")
    return _table("What the models were told", table, head, said)


def _table(title: str, rows: Sequence[tuple[object, ...]], head: tuple[str, ...] = (), note: str = "") -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(value))}</td>" for value in row) + "</tr>" for row in rows
    )
    below = f'<p class="ft-note">{escape(note)}</p>' if note else ""
    return (
        f'<div class="ft-card"><h3>{escape(title)}</h3>'
        f'<div class="ft-wide"><table class="ft-samples ft-words"><tr>{top}</tr>{body}</table></div>'
        f"{below}</div>"
    )


def _cut(text: str) -> str:
    return text if len(text) <= CELL else f"{text[:CELL]}…"
