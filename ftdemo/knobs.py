"""Refusing values that settings cannot have, in a sentence that names the value and what is allowed."""

from ftdemo.errors import UserError


def between(what: str, value: float, low: float, high: float) -> None:
    """Raise UserError unless a number lies in a range, both ends included."""
    if not low <= value <= high:
        raise UserError(f"The {what} is {value}.", f"Set it to a number from {low} to {high}.")


def one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise UserError unless a word is one of those allowed."""
    if value not in allowed:
        raise UserError(f"The {what} is {value!r}.", f"Set it to one of: {', '.join(allowed)}.")
