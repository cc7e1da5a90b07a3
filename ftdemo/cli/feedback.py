"""`feedback add | list | counts | export | import | summary | remove`."""

from getpass import getuser
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from ftdemo.cli.output import DataOption, JsonOption, command, open_studio, print_json, tell, tell_table
from ftdemo.feedback import FeedbackFilter
from ftdemo.feedback.exchange import Form
from ftdemo.feedback.records import AnswerFeedback
from ftdemo.feedback.training_data import fitting_method
from ftdemo.feedback.voters import REASONS
from ftdemo.store.feedback import VoteKind

app = typer.Typer(no_args_is_help=True)

LISTED = 20
"""Rows that `import` names, of those that were passed over or are warned of."""

WIDTH = 40
"""Characters of a question or an answer in a table."""

ModelsOption = Annotated[
    list[str] | None, typer.Option("--model", help="Answers of this model only.", show_default="all")
]
VotersOption = Annotated[
    list[str] | None, typer.Option("--voter", help="Feedback of this voter's id only.", show_default="all")
]
SinceOption = Annotated[
    str, typer.Option(help="Feedback of this day or time (UTC) or later: 2026-01-31.", show_default=False)
]
HeldOutOption = Annotated[
    float, typer.Option("--held-out-share", "--held-out", help="Share of prompts kept back.")
]


@app.command()
@command
def add(
    question: Annotated[str, typer.Argument(help="What was asked.", show_default=False)],
    answer: Annotated[str, typer.Argument(help="What was answered.", show_default=False)],
    vote: Annotated[str | None, typer.Option(help="up or down.", show_default=False)] = None,
    correction: Annotated[str | None, typer.Option(help="A better answer.", show_default=False)] = None,
    model: Annotated[str, typer.Option(help="Who answered.", show_default=False)] = "",
    reason: Annotated[
        list[str] | None, typer.Option(help=f"Why: {', '.join(REASONS)}.", show_default=False)
    ] = None,
    comment: Annotated[str, typer.Option(help="Anything else.", show_default=False)] = "",
    voter: Annotated[
        str | None, typer.Option(help="Who votes, by name; a pseudonym is saved.", show_default="you")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Vote on an answer, or write a better one."""
    if vote is None and correction is None:
        raise typer.BadParameter("give a vote, a correction or both", param_hint="--vote")
    library = open_studio(data).feedback
    saved = library.say(
        question,
        answer,
        library.voter(username=voter or getuser()),
        model=model,
        vote=cast(VoteKind | None, vote),
        correction=correction,
        reasons=reason or [],
        comment=comment,
    )
    tell(as_json, {"feedback": saved}, f"Saved for the answer {saved.answer.id}: {_thumbs(saved)}.")


@app.command("list")
@command
def list_feedback(
    model: ModelsOption = None,
    vote: Annotated[str | None, typer.Option(help="up or down.", show_default="all")] = None,
    voter: VotersOption = None,
    text: Annotated[str, typer.Option(help="Text in question, answer or comment.", show_default=False)] = "",
    since: SinceOption = "",
    page: Annotated[int, typer.Option(help="Which page.")] = 1,
    limit: Annotated[int, typer.Option(help="Answers a page.")] = 50,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the answers that feedback was given on, newest first."""
    wanted = FeedbackFilter(tuple(model or ()), cast(VoteKind | None, vote), tuple(voter or ()), text, since)
    found = open_studio(data).feedback.list(wanted, page, limit)
    tell_table(
        as_json,
        {"feedback": found.items, "total": found.total, "page": found.page, "pages": found.pages},
        ("ANSWER", "MODEL", "SAID", "QUESTION", "TEXT"),
        [
            (
                item.answer.id,
                item.answer.model,
                _thumbs(item),
                _short(item.answer.question),
                _short(item.answer.answer),
            )
            for item in found.items
        ],
        "There is no such feedback. Give some with: python -m ftdemo feedback add QUESTION ANSWER --vote up",
    )


@app.command()
@command
def counts(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Tell what each model was told, and how far voters agree."""
    library = open_studio(data).feedback
    models, agreement = library.counts(), library.agreement()
    tell_table(as_json, {"models": models, "agreement": agreement},
        ("MODEL", "UP", "DOWN", "LIKED", "CORRECTED", "WON", "LOST", "TIES", "BOTH BAD"),
        [
            (
                m.model, m.up, m.down, f"{m.liked_share:.0%}" if m.liked_share is not None else "",
                m.corrections, m.wins, m.losses, m.ties, m.both_bad,
            )
            for m in models
        ],
        "There is no feedback yet.",
    )  # fmt: skip
    if agreement is not None and not as_json:
        alpha = f", Krippendorff's alpha {agreement.alpha:.2f}" if agreement.alpha is not None else ""
        typer.echo(
            f"{agreement.voters} voters agree in {agreement.share:.0%} of cases on {agreement.answers} "
            f"answers{alpha}."
        )


@app.command()
@command
def summary(
    model: ModelsOption = None,
    voter: VotersOption = None,
    since: SinceOption = "",
    held_out: HeldOutOption = 0.25,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what there is to learn from, and by which method."""
    studio = open_studio(data)
    wanted = FeedbackFilter(models=tuple(model or ()), voters=tuple(voter or ()), since=since)
    found = studio.feedback.training_data(wanted, held_out)[1]
    fit = fitting_method(found, bool(studio.store.reward_models.all()))
    if as_json:
        print_json({"summary": found, "fit": fit})
        return
    sources = ", ".join(f"{count} by {source}" for source, count in found.pairs.items())
    typer.echo(f"Pairs: {found.total_pairs}" + (f" ({sources})" if sources else ""))
    typer.echo(f"Thumbs: {found.up} up, {found.down} down; {found.unpaired} in no pair")
    typer.echo(f"Conflicts: {found.conflicts}, of which {found.dropped} are even and left out")
    typer.echo(f"Ties: {found.ties}; both bad: {found.both_bad}; of no use: {found.unusable}")
    typer.echo(f"Prompts: {found.prompts}, of which {found.held_out_prompts} are held out")
    typer.echo(f"{fit.method.upper()}: {fit.reason}" if fit else "There is nothing to learn from yet.")


@app.command()
@command
def export(
    to: Annotated[Path, typer.Option(help="File to write: .jsonl or .parquet.", show_default=False)],
    form: Annotated[str, typer.Option(help="full, or for TRL: pairs or thumbs.")] = "full",
    model: ModelsOption = None,
    voter: VotersOption = None,
    since: SinceOption = "",
    held_out: HeldOutOption = 0.25,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write feedback to a file."""
    wanted = FeedbackFilter(models=tuple(model or ()), voters=tuple(voter or ()), since=since)
    rows = open_studio(data).feedback.export(to, cast(Form, form), wanted, held_out)
    tell(as_json, {"file": to, "rows": rows}, f"Wrote {rows} rows to {to}.")


@app.command("import")
@command
def import_file(
    file: Annotated[str, typer.Argument(help="A file or folder.", show_default=False)],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add the feedback of an export, or the preferences of another tool's file."""
    report = open_studio(data).feedback.import_file(file)
    problems = [f"{problem.message} {problem.remedy}" for problem in report.problems[:LISTED]]
    more = sum((report.problem_counts | report.warning_counts).values()) - len(problems)
    if more > 0:
        problems.append(f"… and {more:,} more; --json lists the first 100 of each kind.")
    value = {"imported": report.added, "report": report.as_dict()}
    tell(as_json, value, *report.sentences(), *problems)


@app.command()
@command
def remove(
    answer_id: Annotated[
        int, typer.Argument(metavar="ANSWER", help="The answer's number.", show_default=False)
    ],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete an answer with all that was said of it."""
    open_studio(data).feedback.remove(answer_id)
    tell(as_json, {"removed": answer_id}, f"Removed the answer {answer_id} and all that was said of it.")


def _thumbs(item: AnswerFeedback) -> str:
    said: dict[str, Any] = {
        "up": sum(vote.vote == "up" for vote in item.votes),
        "down": sum(vote.vote == "down" for vote in item.votes),
        "corrected": len(item.corrections),
        "compared": len(item.choices),
    }
    return ", ".join(f"{count} {name}" for name, count in said.items() if count)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
