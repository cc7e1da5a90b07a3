"""Numbers and dates as a spreadsheet shows them, for the number formats that are usual."""

import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite
from typing import Any

from ftdemo.files.cells import hours, text_of

_LITERAL = re.compile(r'"([^"]*)"|\\(.)|_.|\*.')
_SECTION = re.compile(r";(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")
_BRACKET = re.compile(r"\[(?:\$([^\]-]*)(?:-[^\]]*)?|[^\]]*)\]")
_DIGITS = re.compile(r"[0#?][0#?,]*(?:\.[0#?]+)?")
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_DATE_PART = re.compile(r"yyyy|yy|y|mmmm|mmm|mm|m|dddd|ddd|dd|d|hh|h|ss|s|am/pm|a/p", re.IGNORECASE)
_KEPT = "\ue000"
_LARGEST, _MOST_DECIMALS = 10**15, 10
_GENERAL = ("general", "@", "", "mm-dd-yy")
"""Formats that say nothing; the last one stands for the date as it is usual where the program runs."""


def shown(value: Any, number_format: str | None) -> str:
    """A cell of a workbook as its program shows it.

    Args:
        value: a number, a date, a time, a duration, a truth value or text.
        number_format: the cell's, such as '0.00%' or 'DD.MM.YYYY'; one that is not understood is passed over.
    """
    form = number_format or ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, timedelta):
        return hours(value)
    if isinstance(value, datetime | date | time):
        return _moment(value, form)
    if not isinstance(value, int | float) or form.lower() in _GENERAL or not isfinite(value):
        return text_of(value)
    return _number(value, form)


def _number(value: float, form: str) -> str:
    sections = _SECTION.split(form)
    negative = value < 0 and len(sections) > 1
    section = sections[1] if negative else sections[2] if value == 0 and len(sections) > 2 else sections[0]
    section, literals = _without_literals(section)
    digits = _DIGITS.search(section)
    if digits is None and literals and not section.strip(_KEPT):
        return _restored(section, literals)
    if digits is None or "E+" in section or "/" in section or _DIGITS.search(section, digits.end()):
        return text_of(value)
    before, after = section[: digits.start()], section[digits.end() :]
    percent = (before + after).count("%")
    pattern = digits[0]
    whole, _, part = pattern.partition(".")
    # Commas at the end of the digits divide by a thousand each.
    thousands = len(whole) - len(whole.rstrip(","))
    number = Decimal(repr(value)) * 100**percent / 1000**thousands
    if abs(number) > _LARGEST or len(part) > _MOST_DECIMALS:
        return text_of(value)
    number = number.quantize(Decimal(1).scaleb(-len(part)), ROUND_HALF_UP)
    grouped = "," in whole.rstrip(",")
    text = f"{abs(number):,f}" if grouped else f"{abs(number):f}"
    integer, _, decimals = text.partition(".")
    integer = integer.rjust(whole.count("0"), "0") if not grouped else integer
    optional = len(part) - len(part.rstrip("#"))
    while optional and decimals.endswith("0"):
        decimals, optional = decimals[:-1], optional - 1
    sign = "-" if number < 0 and not negative else ""
    said = sign + _restored(before, literals)
    said += integer + (f".{decimals}" if decimals else "")
    return (said + _restored(after, literals[before.count(_KEPT) :])).strip()


def _without_literals(section: str) -> tuple[str, list[str]]:
    """A format's section with its literal texts replaced by a mark, and those texts."""
    literals: list[str] = []

    def keep(found: re.Match[str]) -> str:
        literals.append(found[1] or found[2] or ("" if found[0][0] in '"*\\' else " "))
        return _KEPT

    currency = _BRACKET.sub(lambda found: f'"{found[1] or ""}"', section)
    return _LITERAL.sub(keep, currency), literals


def _restored(text: str, literals: list[str]) -> str:
    left = iter(literals)
    return "".join(next(left, "") if char == _KEPT else char for char in text)


def _moment(value: datetime | date | time, form: str) -> str:
    section, literals = _without_literals(_ELAPSED.sub(lambda found: found[1], _SECTION.split(form)[0]))
    parts = list(_DATE_PART.finditer(section))
    if form.lower() in _GENERAL or not parts:
        return text_of(value)
    half_day = any(part[0].lower() in ("am/pm", "a/p") for part in parts)
    said, at = "", 0
    for place, part in enumerate(parts):
        said += section[at : part.start()]
        word = part[0].lower()
        minutes = word in ("m", "mm") and (
            (place and parts[place - 1][0].lower() in ("h", "hh"))
            or (place + 1 < len(parts) and parts[place + 1][0].lower() in ("s", "ss"))
        )
        said += _part(value, "minutes" + word if minutes else word, half_day)
        at = part.end()
    return _restored(said + section[at:], literals).strip()


def _part(value: datetime | date | time, word: str, half_day: bool) -> str:
    hour = getattr(value, "hour", 0)
    if word in ("am/pm", "a/p"):
        return "AM" if hour < 12 else "PM"
    if half_day and word in ("h", "hh"):
        hour = hour % 12 or 12
    numbers = {"h": hour, "s": getattr(value, "second", 0), "minutesm": getattr(value, "minute", 0)}
    if isinstance(value, date):
        names = {
            "yyyy": f"{value.year:04}", "yy": f"{value.year % 100:02}", "y": f"{value.year % 100:02}",
            "mmmm": f"{value:%B}", "mmm": f"{value:%b}", "dddd": f"{value:%A}", "ddd": f"{value:%a}",
        }  # fmt: skip
        if word in names:
            return names[word]
        numbers |= {"m": value.month, "d": value.day}
    single = "minutesm" if word.startswith("minutes") else word[0]
    number = numbers.get(single)
    if number is None:
        return ""
    return f"{number:02}" if word in ("hh", "ss", "mm", "dd", "minutesmm") else str(number)
