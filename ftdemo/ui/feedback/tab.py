"""Feedback, for the owner: what was said of which answers, edited, deleted, exported and imported."""

import tempfile
from pathlib import Path
from typing import Any

import gradio as gr

from ftdemo.feedback import FeedbackFilter
from ftdemo.feedback.exchange import Form
from ftdemo.studio import Studio
from ftdemo.ui import html
from ftdemo.ui.events import QUIET, reading, shown
from ftdemo.ui.feedback import html as feedback_html

PAGE = 20
IMPORT = "import feedback"
"""A task of a session."""
COLUMNS = ["No", "When", "Model", "Question", "Answer", "Up", "Down", "Better answers", "A/B", "Comments"]
FORMS: dict[str, Form] = {
    "everything, with its history": "full",
    "pairs (prompt, chosen, rejected)": "pairs",
    "thumbs (prompt, completion, label)": "thumbs",
}
IMPORTED_ENDINGS = [".jsonl", ".json", ".csv", ".tsv", ".xlsx", ".parquet"]
NOTHING = "No feedback yet. Vote on an answer in the tab Chat & vote, or import a file below."


def build(studio: Studio, tab: gr.Tab) -> None:
    """Add the tab's components and events; the lists are read when the tab is opened."""
    summary = gr.HTML(html.empty(NOTHING), elem_id="feedback-summary", padding=False)
    with gr.Row():
        text = gr.Textbox(label="Text", placeholder="in question, answer or comment", elem_id="feedback-text")
        model = gr.Dropdown([("all", "")], value="", label="Model", elem_id="feedback-model")
        vote = gr.Dropdown(
            [("any", ""), ("up", "up"), ("down", "down")], value="", label="Thumb", elem_id="feedback-vote"
        )
        since = gr.Textbox(label="Since", placeholder="2026-01-31", max_lines=1, elem_id="feedback-since")
    heading = gr.Markdown("", elem_id="feedback-heading")
    table = gr.Dataframe(
        headers=COLUMNS,
        interactive=False,
        wrap=True,
        show_label=False,
        column_widths=["60px", "105px", "85px", "220px", "320px", "55px", "65px", "85px", "55px", "130px"],
        elem_id="feedback-table",
    )
    page, chosen = gr.State(1), gr.State(None)
    with gr.Row():
        back = gr.Button("← Page", size="sm", min_width=80, elem_id="feedback-back")
        forward = gr.Button("Page →", size="sm", min_width=80, elem_id="feedback-forward")
        refresh = gr.Button("Refresh", size="sm", min_width=80, elem_id="feedback-refresh")
    details = gr.HTML("", elem_id="feedback-details", padding=False)
    with gr.Row(visible=False, elem_id="feedback-edit") as edit:
        voter = gr.Dropdown([], label="Voter", min_width=160, elem_id="feedback-voter")
        thumb = gr.Dropdown(
            [("as it is", ""), ("up", "up"), ("down", "down"), ("taken back", "withdrawn")],
            value="", label="Thumb", min_width=120, elem_id="feedback-thumb",
        )  # fmt: skip
        comment = gr.Textbox(label="Comment", min_width=200, elem_id="feedback-comment")
        better = gr.Textbox(label="Better answer", min_width=200, elem_id="feedback-better")
        save = gr.Button("Save", variant="primary", min_width=80, elem_id="feedback-save")
        remove = gr.Button("Delete answer", variant="stop", min_width=120, elem_id="feedback-remove")
    with gr.Accordion("Export and import", open=False, elem_id="feedback-files"):
        with gr.Row():
            form = gr.Dropdown(list(FORMS), value=next(iter(FORMS)), label="Form", min_width=220)
            ending = gr.Dropdown(["jsonl", "parquet"], value="jsonl", label="File", min_width=100)
            export = gr.Button("Download", min_width=100, elem_id="feedback-export")
            exported = gr.DownloadButton(elem_id="feedback-exported", elem_classes="ft-hidden")
            incoming = gr.File(
                label="Import a file of preferences", file_types=IMPORTED_ENDINGS, height=120,
                elem_id="feedback-import",
            )  # fmt: skip
        imported = gr.HTML("", elem_id="feedback-import-report", padding=False)

    def filtered(words: str, by: str, given: str, day: str) -> FeedbackFilter:
        return FeedbackFilter((by,) if by else (), given or None, text=words or "", since=day or "")  # type: ignore[arg-type]

    @shown
    def show(words: str, by: str, given: str, day: str, number: int) -> tuple[object, ...]:
        found = studio.feedback.list(filtered(words, by, given, day), number, PAGE)
        _, data = studio.feedback.training_data()
        counts = studio.feedback.counts()
        models = sorted({one.model for one in counts if one.model})
        described = feedback_html.summary(counts, studio.feedback.agreement(), data)
        first = (found.page - 1) * PAGE + 1
        told = (
            f"**{first:,} to {first + len(found.items) - 1:,} of {found.total:,}** answers, newest first. "
            "Click one to see all that was said of it."
            if found.items
            else "No answer fits these filters."
        )
        return (
            described if counts else html.empty(NOTHING),
            gr.update(choices=[("all", ""), *((name, name) for name in models)]),
            told if counts else "",
            feedback_html.rows(found.items),
            found.page,
        )

    @shown
    def choose(event: gr.SelectData) -> tuple[object, ...]:
        return opened(int(event.row_value[0]))

    def opened(number: int) -> tuple[object, ...]:
        item = studio.feedback.get(number)
        voters = feedback_html.voters_of(item)
        first = voters[0] if voters else None
        return (
            number,
            feedback_html.details(item, studio.feedback.history(number)),
            gr.update(visible=True),
            gr.update(choices=voters, value=first),
            *said_by(number, first),
        )

    def said_by(number: int | None, who: str | None) -> tuple[object, str, str]:
        if number is None or who is None:
            return "", "", ""
        item = studio.feedback.get(number)
        known = next((vote for vote in item.votes if vote.voter == who), None)
        correction = next((one.text for one in item.corrections if one.voter == who), None)
        return "", known.comment if known else "", correction or ""

    @shown
    def keep(number: int, who: str | None, given: str, remark: str, correction: str) -> tuple[object, ...]:
        known = studio.feedback.current_vote(who or "", answer_id=number)
        studio.feedback.edit(
            number,
            who or "",
            vote=given or None,  # type: ignore[arg-type]
            comment=remark if known is not None and remark != known.comment else None,
            correction=correction,
        )
        return opened(number)

    @shown
    def delete(number: int) -> tuple[None, str, dict[str, object]]:
        studio.feedback.remove(number)
        return None, "", gr.update(visible=False)

    @shown
    def download(words: str, by: str, given: str, day: str, kind: str, file: str) -> str:
        # The server hands out files below the temporary folder only.
        folder = Path(tempfile.mkdtemp(prefix="ftdemo-feedback-"))
        path = folder / f"feedback-{FORMS[kind]}.{file}"
        studio.feedback.export(path, FORMS[kind], filtered(words, by, given, day))
        return str(path)

    @shown
    def bring(path: str | None, request: gr.Request) -> str:
        if path is None:
            return ""
        with studio.cancellable(str(request.session_hash), IMPORT) as cancelled:
            report = studio.feedback.import_file(path, reading(cancelled))
        return feedback_html.import_report(report)

    filters: list[Any] = [text, model, vote, since]
    listed = [summary, model, heading, table, page]
    opening = [chosen, details, edit, voter, thumb, comment, better]
    again = {"fn": show, "inputs": [*filters, page], "outputs": listed, **QUIET}
    # A filter that is set while the list still comes must not be lost.
    gr.on(
        [tab.select, text.submit, model.input, vote.input, since.submit],
        lambda *given: show(*given, 1), filters, listed, trigger_mode="always_last", **QUIET,
    )  # fmt: skip
    refresh.click(**again)
    back.click(lambda *given: show(*given[:-1], max(1, given[-1] - 1)), [*filters, page], listed, **QUIET)
    forward.click(lambda *given: show(*given[:-1], given[-1] + 1), [*filters, page], listed, **QUIET)
    table.select(choose, None, opening, **QUIET)
    voter.input(said_by, [chosen, voter], [thumb, comment, better], **QUIET)
    save.click(keep, [chosen, voter, thumb, comment, better], opening, **QUIET).success(**again)
    remove.click(delete, chosen, [chosen, details, edit], **QUIET).success(**again)
    export.click(download, [*filters, form, ending], exported, api_visibility="private").success(
        None, None, None, js="() => document.querySelector('#feedback-exported').click()"
    )
    incoming.upload(bring, incoming, imported, **QUIET).success(**again)
