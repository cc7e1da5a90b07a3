"""`samples add | check | list | show | keep | undo | split | versions | restore | export | remove`."""

from pathlib import Path
from typing import Annotated

import typer

from ftdemo.cli.output import DataOption, JsonOption, command, open_studio, print_json, tell, tell_table
from ftdemo.errors import UserError
from ftdemo.samples import HoldOut, SampleReport, as_record
from ftdemo.samples.columns import ROLES
from ftdemo.samples.formats import FORMATS
from ftdemo.samples.shapes import SHAPES

app = typer.Typer(no_args_is_help=True)

FileArgument = Annotated[
    str,
    typer.Argument(help="A file, a folder, or a Hub data set ('owner/name').", show_default=False),
]
NameArgument = Annotated[str, typer.Argument(help="The sample set's name.", show_default=False)]
FormatOption = Annotated[str, typer.Option("--format", help=f"auto, {', '.join(FORMATS)}.")]
ShapeOption = Annotated[str, typer.Option("--shape", help=f"auto, {', '.join(SHAPES)}.")]
EncodingOption = Annotated[
    str | None, typer.Option("--encoding", help="A text file's encoding.", show_default="recognised")
]
QuestionOption = Annotated[
    str | None, typer.Option("--question-column", help="Column of questions.", show_default="by name")
]
AnswerOption = Annotated[
    str | None, typer.Option("--answer-column", help="Column of answers.", show_default="by name")
]
ColumnOption = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        help=f"What a column holds, as NAME=ROLE; a role is {', '.join(ROLES)}.",
        show_default=False,
    ),
]
SheetOption = Annotated[
    str | None,
    typer.Option("--sheet", help="Sheet of a workbook.", show_default="those with fitting headers"),
]
SplitOption = Annotated[
    str | None,
    typer.Option("--split-column", help="Column that says what is held out.", show_default="split"),
]
HoldOutOption = Annotated[
    float | None,
    typer.Option(
        "--held-out-share",
        "--hold-out",
        help="Share to hold out instead, from 0 to 0.9.",
        show_default=False,
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Which share: start of random numbers.")]
VersionOption = Annotated[
    int | None, typer.Option("--version", help="A version of the set.", show_default="the newest")
]


@app.command()
@command
def add(
    file: FileArgument,
    name: Annotated[
        str | None, typer.Option(help="Name of the set; the file's name if not given.", show_default=False)
    ] = None,
    file_format: FormatOption = "auto",
    shape: ShapeOption = "auto",
    encoding: EncodingOption = None,
    question_column: QuestionOption = None,
    answer_column: AnswerOption = None,
    split_column: SplitOption = None,
    column: ColumnOption = None,
    sheet: SheetOption = None,
    hold_out: HoldOutOption = None,
    seed: SeedOption = 0,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a file, check it, and save its samples under a name."""
    saved, report = open_studio(data).samples.add(
        file,
        name,
        file_format=file_format,
        question_column=question_column,
        answer_column=answer_column,
        encoding=encoding,
        shape=shape,
        split_column=split_column,
        columns=_roles(column),
        sheet=sheet,
        hold_out=HoldOut(hold_out, seed) if hold_out is not None else None,
    )
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
    shape: ShapeOption = "auto",
    encoding: EncodingOption = None,
    question_column: QuestionOption = None,
    answer_column: AnswerOption = None,
    split_column: SplitOption = None,
    column: ColumnOption = None,
    sheet: SheetOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Report on a file without saving anything."""
    report = open_studio(data).samples.check(
        file,
        file_format=file_format,
        question_column=question_column,
        answer_column=answer_column,
        encoding=encoding,
        shape=shape,
        split_column=split_column,
        columns=_roles(column),
        sheet=sheet,
    )
    if as_json:
        print_json(report.as_dict())
    else:
        _print_report(report)


@app.command()
@command
def split(
    name: NameArgument,
    hold_out: Annotated[
        float, typer.Option("--held-out-share", "--hold-out", help="Share to hold out, from 0 to 0.9.")
    ] = 0.2,
    seed: SeedOption = 0,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Choose anew which samples of a set are held out, as a new version."""
    saved = open_studio(data).samples.split(name, HoldOut(hold_out, seed))
    tell(
        as_json,
        {"sample_set": saved},
        f"Version {saved.version}: {saved.train} to learn from, {saved.held_out} held out.",
    )


@app.command()
@command
def versions(name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the versions of a set."""
    found = open_studio(data).samples.versions(name)
    tell_table(
        as_json,
        {"versions": found},
        ("VERSION", "TRAIN", "HELD OUT", "WHAT", "MADE"),
        [(v.version, v.train, v.held_out, v.note, v.created_at[:16]) for v in found],
    )


@app.command()
@command
def restore(
    name: NameArgument,
    version: Annotated[int, typer.Option(help="The version to go back to.", show_default=False)],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new version of a set that is like an earlier one."""
    saved = open_studio(data).samples.restore(name, version)
    tell(
        as_json,
        {"sample_set": saved},
        f"{saved.name!r} is now version {saved.version}, like version {version}.",
    )


@app.command("list")
@command
def list_sets(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the sample sets."""
    sets = open_studio(data).samples.all()
    tell_table(
        as_json,
        {"samples": sets},
        ("NAME", "TRAIN", "HELD OUT", "FILE", "ADDED"),
        [(s.name, s.train, s.held_out, s.file_name, s.created_at[:16]) for s in sets],
        "There are no sample sets yet. Add one with: python -m ftdemo samples add FILE",
    )


@app.command()
@command
def show(
    name: NameArgument,
    version: VersionOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the samples of a set."""
    studio = open_studio(data)
    samples = studio.samples.samples(name, version=version)
    if as_json:
        print_json(
            {"sample_set": studio.samples.get(name), "samples": [as_record(sample) for sample in samples]}
        )
        return
    for sample in samples:
        typer.echo(f"[{sample.split}] {sample.question}\n    {sample.answer}")


@app.command()
@command
def keep(
    name: NameArgument,
    question: Annotated[str, typer.Option(help="What is asked.", show_default=False)],
    answer: Annotated[str, typer.Option(help="What should be answered.", show_default=False)],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put one sample into a set; makes the set if there is none."""
    saved = open_studio(data).samples.keep(name, question, answer)
    tell(as_json, {"sample_set": saved}, f"Saved in {saved.name!r}, version {saved.version}.")


@app.command()
@command
def undo(name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Take back the last change of a set, as a new version."""
    saved = open_studio(data).samples.undo(name)
    tell(as_json, {"sample_set": saved}, f"{saved.name!r} is now version {saved.version}.")


@app.command()
@command
def export(
    name: NameArgument,
    to: Annotated[
        Path, typer.Option(help="File to write: .jsonl, .json, .csv or .parquet.", show_default=False)
    ],
    version: VersionOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a set to a file."""
    count = open_studio(data).samples.export(name, to, version)
    tell(as_json, {"file": to, "samples": count}, f"Wrote {count} samples to {to}.")


@app.command()
@command
def remove(name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Delete a set."""
    open_studio(data).samples.remove(name)
    tell(as_json, {"removed": name}, f"Removed {name!r}.")


def _roles(columns: list[str] | None) -> dict[str, str]:
    """What columns hold, of options such as 'Notiz=context'."""
    roles: dict[str, str] = {}
    for said in columns or ():
        name, equals, role = said.rpartition("=")
        if not equals or not name.strip():
            raise UserError(
                f"The option --column {said!r} has no NAME=ROLE.", "Write it as: --column Note=context."
            )
        roles[name] = role.strip().lower()
    return roles


def _print_report(report: SampleReport) -> None:
    left_out = report.rows_read - report.rows_kept
    typer.echo(
        f"{report.file_name}: {report.format}, {report.shape}, {report.rows_read} rows read, "
        f"{report.rows_kept} kept, {left_out} left out "
        f"(question: {report.question_column!r}, answer: {report.answer_column!r})."
    )
    if report.replies:
        typer.echo(f"  {len(report.samples)} samples: every reply of a conversation is one.")
    if report.unused_columns:
        typer.echo(f"  columns not used: {', '.join(report.unused_columns)}")
    for note in report.notes:
        typer.echo(f"  {note}")
    for problem in report.problems:
        said = "left out" if problem.severity == "error" else "kept"
        typer.echo(f"  {said}: {problem.message} {problem.remedy}")
    more = sum(report.problem_counts.values()) - sum(each.severity == "error" for each in report.problems)
    if more > 0:
        typer.echo(f"  and {more} more rows left out: {_counted(report.problem_counts)} in all")
    if report.token_lengths:
        lengths = report.token_lengths
        typer.echo(f"  tokens a sample: {lengths.minimum} to {lengths.maximum}, median {lengths.median}")


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in counts.items())
