"""What sample sets and tuned models may be called."""

import re
import unicodedata

from ftdemo.errors import InvalidNameError

BASE = "base"
"""The name of the untouched base model wherever a model name is asked for."""

MAX_LENGTH = 64


def check_name(kind: str, name: str) -> str:
    """Return `name` without surrounding white space, if it can be used.

    Args:
        kind: what is named, for the message: 'sample set' or 'tuned model'.
        name: letters of any script, digits, spaces, dots, hyphens and underscores; 64 characters at most.

    Raises:
        InvalidNameError: it is no text, empty, too long or reserved, or holds another character such as a
            slash.
    """
    remedy = f"Use up to {MAX_LENGTH} letters, digits, spaces, dots, hyphens or underscores."
    if not isinstance(name, str):
        raise InvalidNameError(f"The name of the {kind} is {name!r}, which is no text.", remedy)
    name = name.strip()
    if not name:
        raise InvalidNameError(f"The {kind} has no name.", remedy)
    if len(name) > MAX_LENGTH:
        raise InvalidNameError(f"The name of the {kind} has {len(name)} characters.", remedy)
    wrong = next((character for character in name if not _is_allowed(character)), None)
    if wrong is not None:
        raise InvalidNameError(f"The name {name!r} of the {kind} has the character {wrong!r}.", remedy)
    if name[0] in ".-":
        raise InvalidNameError(
            f"The name {name!r} of the {kind} begins with {name[0]!r}.", "Begin it with a letter or a digit."
        )
    if name.lower() == BASE:
        raise InvalidNameError(
            f"The name {name!r} is kept for the untouched base model.", f"Choose another name for the {kind}."
        )
    return name


def name_from_file(file_name: str) -> str:
    """Make a usable name out of a file's name, less folder and ending: 'My data (1).csv' → 'My data 1'."""
    stem = re.split(r"[/\\]", file_name)[-1].rsplit(".", 1)[0]
    cleaned = "".join(character if _is_allowed(character) else " " for character in stem)
    return re.sub(r" +", " ", cleaned).strip(" .-")[:MAX_LENGTH].strip() or "samples"


def first_free_name(wanted: str, taken: set[str]) -> str:
    """Return `wanted`, or `wanted-2`, `wanted-3`, … if it is taken (regardless of case)."""
    lowered = {name.lower() for name in taken} | {BASE}
    if wanted.lower() not in lowered:
        return wanted
    return next(
        candidate
        for number in range(2, len(lowered) + 3)
        if (candidate := f"{wanted[: MAX_LENGTH - 6]}-{number}").lower() not in lowered
    )


def _is_allowed(character: str) -> bool:
    """Letters and digits, with the marks that belong to letters in many scripts, and some punctuation."""
    return character in " .-_" or unicodedata.category(character)[0] in "LMN"
