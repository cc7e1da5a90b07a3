"""`samples add | list | show | check | export | remove`."""

from pathlib import Path
from typing import Annotated

import typer

from ftdemo.cli.output import DataOption, JsonOption, command, open_studio, print_json, print_table
from ftdemo.samples import SampleReport, as_record

app = typer.Typer(no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(help="A CSV, JSON or JSONL file.", show_default=False)]
NameArgument = Annotated[str, typer.Argument(help="The sample set's name.", show_default=False)]
FormatOption = Annotated[str, typer.Option("--format", help="auto, csv, json or jsonl.")]
QuestionOption = Annotated[
    str | None, typer.Option("--question-column", help="Column of questions.", show_default=False)
]
AnswerOption = Annotated[
    str | None, typer.Option("--answer-column", help="Column of answers.", show_default=False)
]


@app.command()
@command
def add(
    file: FileArgument,
    name: Annotated[
        str | None, typer.Option(help="Name of the set; the file's name if not given.", show_default=False)
    ] = None,
    file_format: FormatOption = "auto",
    question_column: QuestionOption = None,
    answer_column: AnswerOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a file, check it, and save its samples under a name."""
    studio = open_studio(data)
    saved, report = studio.samples.add(file, name, file_format, question_column, answer_column)
    if as_json:
        print_json({"sample_set": saved, "report": report.as_dict()})
        return
    _print_report(report)
    typer.echo(f"Saved as {saved.name!r}: {saved.train} to learn from, {saved.held_out} held out.")


@app.command()
@command
def check(
    file: FileArgument,
    file_format: FormatOption = "auto",
    question_column: QuestionOption = None,
    answer_column: AnswerOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Report on a file without saving anything."""
    report = open_studio(data).samples.check(file, file_format, question_column, answer_column)
    if as_json:
        print_json(report.as_dict())
    else:
        _print_report(report)


@app.command("list")
@command
def list_sets(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the sample sets."""
    sets = open_studio(data).samples.all()
    if as_json:
        print_json({"samples": sets})
        return
    print_table(
        ("NAME", "TRAIN", "HELD OUT", "FILE", "ADDED"),
        [(s.name, s.train, s.held_out, s.file_name, s.created_at[:16]) for s in sets],
        "There are no sample sets yet. Add one with: python -m ftdemo samples add FILE",
    )


@app.command()
@command
def show(name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Print the samples of a set."""
    studio = open_studio(data)
    samples = studio.samples.samples(name)
    if as_json:
        print_json(
            {"sample_set": studio.samples.get(name), "samples": [as_record(sample) for sample in samples]}
        )
        return
    for sample in samples:
        typer.echo(f"[{sample.split}] {sample.question}\n    {sample.answer}")


@app.command()
@command
def export(
    name: NameArgument,
    to: Annotated[Path, typer.Option(help="File to write: .jsonl, .json or .csv.", show_default=False)],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a set to a file."""
    count = open_studio(data).samples.export(name, to)
    if as_json:
        print_json({"file": to, "samples": count})
    else:
        typer.echo(f"Wrote {count} samples to {to}.")


@app.command()
@command
def remove(name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Delete a set."""
    open_studio(data).samples.remove(name)
    if as_json:
        print_json({"removed": name})
    else:
        typer.echo(f"Removed {name!r}.")


def _print_report(report: SampleReport) -> None:
    typer.echo(
        f"{report.file_name}: {report.format}, {report.rows_read} rows read, {report.rows_kept} kept "
        f"(question: {report.question_column!r}, answer: {report.answer_column!r})."
    )
    for problem in report.problems:
        typer.echo(f"  {problem.message} {problem.remedy}")
