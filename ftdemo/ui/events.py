"""What event handlers share. Errors on the page are a sentence and what to do, or an id to look up."""

import functools
import inspect
import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any, NoReturn

import gradio as gr

from ftdemo.errors import UserError
from ftdemo.samples.rows import Progress
from ftdemo.store.failures import data_file_error
from ftdemo.studio import Studio

QUIET: Any = {"show_progress": "hidden", "api_visibility": "private"}
"""For events that no client calls and that show their own progress."""

log = logging.getLogger("ftdemo.page")


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


def reading(cancelled: threading.Event, bar: gr.Progress | None = None) -> Progress:
    """What the reading of a file calls as it goes on: it moves the page's bar, and ends if that was asked.

    Args:
        cancelled: set to end it.
        bar: the page's bar, if it has one.
    """

    def report(rows: int, share: float | None) -> None:
        if cancelled.is_set():
            raise UserError("The import was cancelled.", "Nothing was saved.")
        if bar is not None:
            bar(share or 0.0, desc=f"{rows:,} rows read")

    return report


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
