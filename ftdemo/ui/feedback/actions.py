"""What the tab Feedback does: finds what was said of answers, edits, deletes, exports and imports it."""

import tempfile
from pathlib import Path
from typing import Any, cast

import gradio as gr

from ftdemo.feedback import FeedbackFilter
from ftdemo.feedback.records import AnswerFeedback
from ftdemo.store.feedback import VoteKind
from ftdemo.studio import Studio
from ftdemo.ui import html
from ftdemo.ui.events import reading
from ftdemo.ui.feedback import html as feedback_html
from ftdemo.ui.feedback.look import FORMS, NOTHING

PAGE = 20
IMPORT = "import feedback"
"""A task of a session."""


def show(
    studio: Studio, text: str, model: str, vote: str, since: str, page: int = 1, step: int = 0
) -> tuple[object, ...]:
    """A page of the answers that fit the filters, or one `step` pages on, with the figures of all."""
    wanted = _filter(text, model, vote, since)
    found = studio.feedback.list(wanted, max(1, page + step), PAGE)
    counts = studio.feedback.counts()
    models = sorted({one.model for one in counts if one.model})
    choices = gr.update(choices=[("all", ""), *((name, name) for name in models)])
    if not counts:
        return html.empty(NOTHING), choices, "", [], found.page
    _, data = studio.feedback.training_data()
    described = feedback_html.summary(counts, studio.feedback.agreement(), data)
    first = (found.page - 1) * PAGE + 1
    told = (
        f"**{first:,} to {first + len(found.items) - 1:,} of {found.total:,}** answers, newest first. "
        "Click one to see all that was said of it."
        if found.items
        else "No answer fits these filters."
    )
    return described, choices, told, feedback_html.rows(found.items), found.page


def choose(studio: Studio, event: gr.SelectData) -> tuple[object, ...]:
    """Open the answer of the row that was clicked."""
    return _opened(studio, int(event.row_value[0]))


def said_by(studio: Studio, number: int | None, voter: str | None) -> tuple[str, str, str]:
    """What a voter said of the answer that is opened: no change of the thumb, comment, better answer."""
    if number is None or voter is None:
        return "", "", ""
    return _said_by(studio.feedback.get(number), voter)


def save(
    studio: Studio, number: int, voter: str | None, vote: str, comment: str, better: str
) -> tuple[object, ...]:
    """Change what a voter said of the answer that is opened."""
    studio.feedback.edit(
        number, voter or "", vote=cast(VoteKind | None, vote or None), comment=comment, correction=better
    )
    return _opened(studio, number)


def delete(studio: Studio, number: int) -> tuple[None, str, dict[str, Any]]:
    """Delete the answer that is opened with all that was said of it."""
    studio.feedback.remove(number)
    return None, "", gr.update(visible=False)


def download(studio: Studio, text: str, model: str, vote: str, since: str, form: str, ending: str) -> str:
    """Write what fits the filters into a file that the browser can fetch."""
    # The server hands out files below the temporary folder only.
    folder = Path(tempfile.mkdtemp(prefix="ftdemo-feedback-"))
    path = folder / f"feedback-{FORMS[form]}.{ending}"
    studio.feedback.export(path, FORMS[form], _filter(text, model, vote, since))
    return str(path)


def bring(studio: Studio, path: str | None, request: gr.Request) -> str:
    """Import a file, and return the report on it."""
    if path is None:
        return ""
    with reading(studio, request, IMPORT) as progress:
        report = studio.feedback.import_file(path, progress)
    return feedback_html.import_report(report)


def _filter(text: str, model: str, vote: str, since: str) -> FeedbackFilter:
    models = (model,) if model else ()
    return FeedbackFilter(models, cast(VoteKind | None, vote or None), text=text or "", since=since or "")


def _opened(studio: Studio, number: int) -> tuple[object, ...]:
    item, history = studio.feedback.get(number), studio.feedback.history(number)
    first = item.voters[0] if item.voters else None
    return (
        number,
        feedback_html.details(item, history),
        gr.update(visible=True),
        gr.update(choices=item.voters, value=first),
        *_said_by(item, first),
    )


def _said_by(item: AnswerFeedback, voter: str | None) -> tuple[str, str, str]:
    known = next((vote for vote in item.votes if vote.voter == voter), None)
    correction = next((one.text for one in item.corrections if one.voter == voter), None)
    return "", known.comment if known else "", correction or ""
