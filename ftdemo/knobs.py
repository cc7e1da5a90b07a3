"""A knob is declared once, in a field of its settings' class; all who offer it read it from there.

@dataclass(frozen=True)
class TuneSettings(Knobs):
    epochs: int = knob(10, "number of epochs", "Passes over the samples.", 1, 1000)

`Knobs` checks type, bounds and choices when settings are made. The command line, the page, the endpoints and
the documentation are made from `options(TuneSettings)`: a tuple of `Option`, each with name, type, default,
choices, low, high, what, help, label, step, group, only, optional and kind.
"""

import logging
import math
from collections.abc import Collection, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from inspect import get_annotations
from numbers import Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Self, TypeAlias, Union, get_args, get_origin, get_type_hints

from ftdemo.errors import UserError

_KNOB = "knob"
log = logging.getLogger("ftdemo.knobs")


Kind: TypeAlias = "type[Knobs]"
"""A class of settings."""


@dataclass(frozen=True)
class Option:
    """A knob, as those see it who offer it.

    Args:
        name: the field's name: the setting's name everywhere.
        type: bool, int, float, str, Path, or tuple for any number of texts.
        default: the class's default; None if there is none.
        what: what it is called in a sentence: 'number of epochs'.
        help: a sentence or two on what it does.
        low: the least number it may be; None if there is none.
        high: the greatest.
        label: what it is called on the page: 'Epochs'.
        step: how far one click on the page goes; None leaves it to the page.
        choices: the words it may be; any if empty.
        only: the methods among those of the same class that it matters to; all if empty.
        group: heading over it and its like on the page and in the documentation; none if empty.
        optional: whether None means something: that it is off.
        kind: the settings' class.
    """

    name: str
    type: type
    default: Any
    what: str
    help: str
    low: float | None
    high: float | None
    label: str
    step: float | None
    choices: tuple[str, ...]
    only: tuple[str, ...]
    group: str
    optional: bool
    kind: Kind

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that it matters to; empty if its class has none to choose from."""
        of_kind = (option.choices for option in options(self.kind) if option.name == "method")
        return self.only or next(of_kind, ())

    @property
    def takes(self) -> str:
        """What may be given, in words: 'a number from 1 to 1024'."""
        if self.choices:
            return f"one of: {', '.join(self.choices)}"
        words = {bool: "true or false", str: "a text", Path: "a path", tuple: "a list of texts"}
        return words.get(self.type) or self._range("a number")

    def checked(self, value: Any, called: str = "", shown: str = "") -> Any:
        """A value as settings keep it: 3.0 becomes 3 where a whole number is wanted, a list a tuple.

        Args:
            value: what was given. Numbers are taken from no text, and True is no number.
            called: what to call the knob in an error, instead of `what`.
            shown: how to show the value in an error.

        Raises:
            UserError: it is of another type, out of bounds, or no choice.
        """
        if value is None and self.optional:
            return None
        right, kept, takes = self._read(value)
        if right:
            return kept
        shown = shown or _shown(value)
        raise UserError(f"The {called or self.what} is {shown}.", f"Set it to {takes}.")

    def _read(self, value: Any) -> tuple[bool, Any, str]:
        """Whether a value can be used, the value as it is kept, and what can be used."""
        if self.type in (int, float):
            return self._read_number(value)
        if self.type is tuple:
            right = isinstance(value, list | tuple) and all(_is_text(text) for text in value)
            return right, tuple(value) if right else value, self.takes
        if self.type is Path and isinstance(value, str):
            value = Path(value)
        right = isinstance(value, self.type) and (not self.choices or value in self.choices)
        right = right and (self.type is not str or _is_text(value))
        return right, value, self.takes

    def _read_number(self, value: Any) -> tuple[bool, Any, str]:
        if self.type is int and not (_is_number(value) and (not _is_finite(value) or value == int(value))):
            return False, value, self._range("a whole number")
        inside = _is_number(value) and _is_finite(value) and self._least <= value <= self._most
        return inside, self.type(value) if inside else value, self.takes

    @property
    def _least(self) -> float:
        return -math.inf if self.low is None else self.low

    @property
    def _most(self) -> float:
        return math.inf if self.high is None else self.high

    def _range(self, number: str) -> str:
        if self.low is not None and self.high is not None:
            return f"{number} from {self.low} to {self.high}"
        return f"{number} of at least {self.low}" if self.low is not None else number


@dataclass(frozen=True)
class Knobs:
    """What classes of settings inherit: their knobs are checked when settings are made.

    Raises:
        UserError: a value cannot be used.
    """

    def __post_init__(self) -> None:
        for option in options(type(self)):
            object.__setattr__(self, option.name, option.checked(getattr(self, option.name)))

    def as_dict(self) -> dict[str, Any]:
        """The knobs by name, as they are stored with a job."""
        return {option.name: getattr(self, option.name) for option in options(type(self))}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """The settings that were stored with a job, maybe by an older or newer version.

        A knob that was not there then has its default, and one that is there no more is left out: the default
        of a new knob must do what was done without it.

        Raises:
            UserError: a value cannot be used.
        """
        return cls(**of_stored(stored, cls))


def knob(
    default: Any,
    what: str,
    help: str,  # noqa: A002 - the word that commands and pages use too
    low: float | None = None,
    high: float | None = None,
    *,
    label: str = "",
    step: float | None = None,
    choices: Collection[str] = (),
    only: Collection[str] = (),
    group: str = "",
) -> Any:
    """Declare a field of a settings' class as a knob; the meaning of the arguments is that of `Option`.

    Args:
        default: `dataclasses.MISSING` if there is none.
        what: in a sentence, after 'the'.
        help: whole sentences.
        low: included.
        high: included.
        label: made of the field's name if empty.
        step: of a number field.
        choices: those of the field's type if it is a `Literal`.
        only: methods of the same class.
        group: a heading.
    """
    told = {
        "what": what,
        "help": help,
        "low": low,
        "high": high,
        "label": label,
        "step": step,
        "choices": tuple(choices),
        "only": tuple(only),
        "group": group,
    }
    return field(default=default, metadata={_KNOB: told})


def again(kind: Kind, name: str, default: Any = None, **changes: Any) -> Any:
    """Declare a knob that a class inherits once more, with something of it changed.

    Args:
        kind: the class that has it.
        name: the knob.
        default: another default; the same if None.
        **changes: arguments of `knob`.
    """
    inherited = next(own for own in fields(kind) if own.name == name)
    told = {**inherited.metadata[_KNOB], **changes}
    return knob(inherited.default if default is None else default, **told)


def options(*kinds: Kind) -> tuple[Option, ...]:
    """The knobs of classes of settings, in the order of the classes.

    Of each class its own come first, as they are written, then those it inherits. A name that two of the
    classes have comes twice.
    """
    # mypy takes the __hash__ of a dataclass's objects for that of the class.
    return tuple(option for kind in kinds for option in _options(kind))  # type: ignore[arg-type]


def names(*kinds: Kind) -> frozenset[str]:
    """The names of the knobs of classes of settings."""
    return frozenset(option.name for option in options(*kinds))


def known(
    given: Mapping[str, Any] | None, *kinds: Kind, also: Collection[str] = (), of: str = ""
) -> dict[str, Any]:
    """Settings as a caller names them, without those that are None: they leave the default.

    Args:
        given: values by name.
        *kinds: the classes whose knobs may be named.
        also: other names that may be.
        of: what the settings are of, for the error.

    Raises:
        UserError: a name is not known, or they are no settings by name.
    """
    if given is not None and not isinstance(given, Mapping):
        raise UserError(f"The settings are {given!r}.", 'Give them by name, such as {"seed": 7}.')
    allowed = names(*kinds) | set(also)
    for name in given or {}:
        if name not in allowed:
            whose = f" of {of}" if of else ""
            raise UserError(f"There is no setting {name!r}{whose}.", f"Use: {', '.join(sorted(allowed))}.")
    return {name: value for name, value in (given or {}).items() if value is not None}


def of_stored(stored: Mapping[str, Any], *kinds: Kind) -> dict[str, Any]:
    """What of a job's stored settings these classes know; what they do not is left out, and logged."""
    understood = names(*kinds)
    strange = sorted(set(stored) - understood)
    if strange:
        log.warning("stored settings that are not known here are left out: %s", ", ".join(strange))
    return {name: value for name, value in stored.items() if name in understood}


@cache
def _options(kind: Kind) -> tuple[Option, ...]:
    hints = get_type_hints(kind)
    declared = {own.name: own for own in fields(kind) if _KNOB in own.metadata}
    own_first = dict.fromkeys(name for above in kind.__mro__ for name in get_annotations(above))
    return tuple(_option(kind, declared[name], hints[name]) for name in own_first if name in declared)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    """Whether a value is a text that can be written down: half a character cannot."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def _is_finite(value: Any) -> bool:
    """Whether a number is one that a float can be, about."""
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of over three hundred digits
        return False


def _shown(value: Any) -> str:
    """A value that cannot be used, for an error; Python itself writes no number of so many digits."""
    if not _is_number(value):
        return repr(value)
    return f"{value}" if not isinstance(value, int) or _is_finite(value) else "a number too large to be told"


def _option(kind: Kind, declared: "Field[Any]", hint: Any) -> Option:
    told = dict(declared.metadata[_KNOB])
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    (single,) = (part for part in parts if part is not NoneType)
    origin = get_origin(single)
    if origin is Literal:
        told["choices"] = told["choices"] or get_args(single)
    told["label"] = told["label"] or declared.name.replace("_", " ").capitalize()
    return Option(
        name=declared.name,
        type=str if origin is Literal else (origin or single),
        default=None if declared.default is MISSING else declared.default,
        optional=NoneType in parts,
        kind=kind,
        **told,
    )
