"""Knobs as command line options, made from the classes of settings that declare them."""

import functools
import inspect
from collections.abc import Callable, Collection, Sequence
from typing import Annotated, Any

import typer

from ftdemo.knobs import Kind, Option, options


def with_knobs(
    *kinds: Kind, default: str = "", leave_out: Collection[str] = ()
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command an option for each knob; it gets them as keyword arguments, None if not given.

    A knob that takes a list has an option in the singular, which may be repeated.

    Args:
        *kinds: the classes of settings. What two of them share is one option.
        default: in words, what holds where an option is not given; the knobs' own defaults if empty.
        leave_out: knobs that the command has no option for, beside those that its own arguments name.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(function)
        own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
        taken = {parameter.name for parameter in own} | set(leave_out)
        named: dict[str, list[Option]] = {}
        for option in options(*kinds):
            if option.name not in taken:
                named.setdefault(option.name, []).append(option)
        methods = tuple(dict.fromkeys(method for option in options(*kinds) for method in option.methods))
        added = [_parameter(same, methods, default) for same in named.values()]

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> None:
            function(*args, **kwargs)

        wrapped.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]
        wrapped.__annotations__ = {p.name: p.annotation for p in (*own, *added)}
        return wrapped

    return decorate


def _parameter(same: Sequence[Option], methods: tuple[str, ...], default: str) -> inspect.Parameter:
    """The option for a knob, which several classes may have, each for its own methods."""
    knob = same[0]
    several = knob.type is tuple
    kind: Any = list[str] if several else knob.type
    flag = knob.name.replace("_", "-")
    single = f"--{flag.removesuffix('s') if several else flag}"
    has_default = not several and knob.type is not bool and knob.default not in (None, "")
    told = typer.Option(
        f"{single}/--no-{flag}" if knob.type is bool else single,
        help=_help(same, methods),
        show_default=default or (str(knob.default) if has_default else False),
        rich_help_panel="Knobs",
    )
    return inspect.Parameter(
        knob.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, told]
    )


def _help(same: Sequence[Option], methods: tuple[str, ...]) -> str:
    """What a knob does, for each method it matters to if it does not do the same for all."""
    for_all = [knob for knob in same if not knob.methods]
    told: dict[str, tuple[str, ...]] = {}
    for knob in for_all or same:
        told[knob.help] = (*told.get(knob.help, ()), *knob.methods)
    parts = [
        f"{', '.join(of)}: {text}" if of and set(of) != set(methods) else text for text, of in told.items()
    ]
    if same[0].choices:
        parts.append(f"One of: {', '.join(same[0].choices)}.")
    if same[0].type is tuple:
        parts.append("May be repeated.")
    return " ".join(parts)
