"""What event handlers share: how a function becomes one, and what the page makes of errors.

An action of a tab is a function whose first argument is the app; `handler` makes of it what gradio calls.
An error on the page is a sentence and what to do, or an id to look up.
"""

import functools
import inspect
import logging
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any, NoReturn

import gradio as gr

from ftdemo.errors import UserError
from ftdemo.files.rows import Progress
from ftdemo.store.failures import data_file_error
from ftdemo.studio import Studio
from ftdemo.ui import knobs

QUIET: Any = {"show_progress": "hidden", "api_visibility": "private"}
"""For events that no client calls and that show their own progress."""

log = logging.getLogger("ftdemo.page")


def handler(
    action: Callable[..., Any],
    *given: object,
    inputs: Sequence[knobs.Inputs] = (),
    outputs: Sequence[knobs.Outputs] = (),
) -> Callable[..., Any]:
    """Make an event handler of an action; what it raises becomes what the page shows.

    Args:
        action: takes `given`, then the values of the event's inputs. A generator yields what to show.
        *given: its first arguments, such as the app.
        inputs: if the event's inputs are a set: groups of them, of each of which the action takes the values
            by name.
        outputs: groups of outputs, for each of which the action returns updates of some of them by name.
    """

    @functools.wraps(action)
    def handle(*values: Any, **special: Any) -> Any:
        if inputs:
            values = (*(knobs.given(group, values[0]) for group in inputs), *values[1:])
        result = action(*given, *values, **special)
        if not outputs:
            return result
        updates = zip(outputs, result if len(outputs) > 1 else [result], strict=True)
        return {
            field: named.get(name, gr.skip()) for group, named in updates for name, field in group.items()
        }

    @functools.wraps(action)
    def handle_growing(*values: Any, **special: Any) -> Iterator[Any]:
        yield from handle(*values, **special)

    made = shown(handle_growing if inspect.isgeneratorfunction(action) else handle)
    # However many groups there are, the event has one value for them.
    return _without_first(made, len(given) + max(0, len(inputs) - 1))


def bound(action: Callable[..., Any], *given: object) -> Callable[..., Any]:
    """A function with its first arguments given, and the signature of the rest."""
    return _without_first(functools.update_wrapper(functools.partial(action, *given), action), len(given))


def shown(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what an event handler raises into what the page shows; works for generators too.

    The page renders it as HTML, and it may quote a file's cell.
    """
    return _wrapped(function, escape)


def told(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what an endpoint raises into a sentence for the program that called it."""
    return _wrapped(function, str)


def at_last(event: Any, function: Callable[..., Any], outputs: Any) -> None:
    """Call a function when an event has ended, well or badly.

    Of gradio's own `then` the browser makes nothing when the event fails, whatever its description says.
    """
    event.then(function, None, outputs, **QUIET)
    event.failure(function, None, outputs, **QUIET)


def voter_of(studio: Studio, request: gr.Request | None, known_by: str = "") -> str:
    """Who votes, as a pseudonym: by login, else by what the browser keeps, by session, or by address.

    Args:
        studio: the app.
        request: the request that brings the vote.
        known_by: a random text that the browser keeps, if it is a page of ours.
    """
    session = known_by or str(getattr(request, "session_hash", None) or "")
    client = getattr(request, "client", None)
    return studio.feedback.voter(
        session or f"address:{client.host if client else ''}", getattr(request, "username", None)
    )


def known_voter(studio: Studio, known: Mapping[str, object], request: gr.Request) -> str:
    """Who votes on the page: by login, else by what the browser keeps under 'voter'."""
    return voter_of(studio, request, str(known.get("voter") or ""))


@contextmanager
def reading(
    studio: Studio, request: gr.Request, task: str, bar: gr.Progress | None = None
) -> Iterator[Progress]:
    """While a file is read for a page: gives what the reading calls, which ends it if that was asked.

    Args:
        studio: the app.
        request: tells whose page it is.
        task: what is read, by which it can be cancelled.
        bar: the page's bar, if it has one.
    """
    with studio.cancellable(str(request.session_hash), task) as cancelled:

        def report(rows: int, share: float | None) -> None:
            if cancelled.is_set():
                raise UserError("The import was cancelled.", "Nothing was saved.")
            if bar is not None:
                bar(share or 0.0, desc=f"{rows:,} rows read")

        yield report


def _without_first(function: Callable[..., Any], count: int) -> Callable[..., Any]:
    """Hide a function's first arguments: gradio reads in its signature what to pass."""
    signature = inspect.signature(function)
    rest = list(signature.parameters.values())[count:]
    function.__signature__ = signature.replace(parameters=rest)  # type: ignore[attr-defined]
    return function


def _wrapped(function: Callable[..., Any], render: Callable[[str], str]) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generator(*args: Any, **kwargs: Any) -> Iterator[Any]:
            try:
                yield from function(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - the outermost frame of an event
                _raise(error, render)

        return generator

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the outermost frame of an event
            _raise(error, render)

    return wrapped


def _raise(error: Exception, render: Callable[[str], str]) -> NoReturn:
    """Raise gradio's own error instead; on the page it stays until it is closed."""
    if isinstance(error, gr.Error):
        raise error
    mendable = error if isinstance(error, UserError) else data_file_error(error)
    if mendable is not None:
        sentences = str(mendable)
    else:
        error_id = secrets.token_hex(4)
        log.error("page error %s", error_id, exc_info=error)
        sentences = (
            f"This failed by a fault in the program ({type(error).__name__}). "
            f"Look up the id {error_id} in its log, and report it."
        )
    raise gr.Error(render(sentences), duration=None, print_exception=False) from None
