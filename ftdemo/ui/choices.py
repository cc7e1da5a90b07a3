"""What a drop-down offers, drawn anew when a list has changed: what was chosen stays, while it is there."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

NONE = [("none", "")]
"""What comes first where nothing need be chosen."""
NEWEST = object()
"""In place of what to choose where the present choice is gone: the last of the list."""


def offer(
    names: Sequence[str], present: str | None, otherwise: Any = NEWEST, first: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """The update of a drop-down that offers names.

    Args:
        names: the names, oldest first.
        present: what is chosen now.
        otherwise: what to choose if that is not among them; the newest if it is not given.
        first: other choices that come before the names, each with its title.
    """
    newest = names[-1] if names else first[0][1] if first else None
    value = present if present in names else newest if otherwise is NEWEST else otherwise
    return gr.update(
        choices=[*first, *((name, name) for name in names)] if first else list(names), value=value
    )


def offer_anew(
    names: Sequence[str], present: str | None, otherwise: Any = NEWEST, first: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """The same where a list has changed and nobody chose; arguments as for `offer`.

    A choice that stays is left out of the update: what is chosen meanwhile, by hand or by another event, is
    not overwritten with what was before.
    """
    update = offer(names, present, otherwise, first)
    if update["value"] == present:
        del update["value"]
    return update
