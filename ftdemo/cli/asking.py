"""`ask`."""

from typing import Annotated, Any

import typer

from ftdemo.chat.dialogue import ChatSettings
from ftdemo.cli.knobs import with_knobs
from ftdemo.cli.output import DataOption, JsonOption, command, open_studio, print_json
from ftdemo.engines import GenerationSettings
from ftdemo.knobs import known
from ftdemo.names import BASE


@with_knobs(GenerationSettings)
@command
def ask(
    question: Annotated[str, typer.Argument(help="What to ask.", show_default=False)],
    model: Annotated[
        list[str] | None,
        typer.Option(help="'base' or a tuned model; several are asked side by side.", show_default=BASE),
    ] = None,
    system: Annotated[str, typer.Option(help="What the models are told before the question.")] = "",
    tries: Annotated[
        int,
        typer.Option(help="Answers a model tries; the one that scores highest is given."),
    ] = 1,
    reward: Annotated[
        str | None, typer.Option(help="The reward model that scores.", show_default=False)
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
    **knobs: Any,
) -> None:
    """Ask one or several models a question."""
    studio = open_studio(data)
    generation = GenerationSettings(**known(knobs, GenerationSettings))
    if system or reward or tries > 1:
        answers = [
            studio.chat.answer(question, ChatSettings(name, generation, system, None, tries, reward))
            for name in model or [BASE]
        ]
    else:
        answers = studio.ask(question, model or [BASE], generation)
    if as_json:
        print_json({"answers": answers, "engine": studio.engine.status.engine})
        return
    for answer in answers:
        typer.echo(f"{answer.model}: {answer.text}")
        if answer.score is not None:
            typer.echo(f"    score {answer.score:+.2f} by {reward}")
        typer.echo(
            f"    {answer.tokens} tokens, {answer.tokens_per_second:.1f} tokens/s, "
            f"first after {answer.time_to_first_token_s:.2f} s"
        )
