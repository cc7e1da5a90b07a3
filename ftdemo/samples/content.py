"""What a text holds that its owner may not want learned: personal data, odd characters; and its script."""

import re
from bisect import bisect_right
from collections import Counter

_EMAIL = re.compile(r"[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,4}")
_NUMBERS = re.compile(r"(?<![\w.+])\+?\(?\d[\d ().\-]{7,28}\d(?!\w)")
# Dates, grouped thousands, network addresses and book numbers look much like telephone numbers.
_NO_PHONE = re.compile(
    r"\d{4}[-.]\d{2}[-.]\d{2}|\d{2}[-.]\d{2}[-.]\d{4}"
    r"|[1-9]\d{0,2}(?:[ .]\d{3})+$|\d{1,3}(?:\.\d{1,3}){3}$|97[89][ -](?:\d[ -]?){10}$"
)
_CHINESE_MOBILE = re.compile(r"1[3-9]\d{9}")
# Controls, halves of broken characters, private use, directions that hide text, and zero-width characters.
_ODD = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd\ue000-\uf8ff\u202a-\u202e\u2066-\u2069\u200b\ufeff]"
)
_ASCII_LETTER = re.compile("[A-Za-z]")
_GARBLED = re.compile("Ã[\x80-\xbf¡-¿]|â€[\x80-\xbf˜™œ\x9d“”¦]|Â[\xa0-\xbf]|锟斤拷|ï»¿")
# ChatML's and Llama 3's <|…|>, Gemma's turns, Llama 2's and BERT's ends, Mistral's brackets.
_CONTROL = re.compile(
    r"<\|[A-Za-z][\w-]{1,40}\|>|</?s>|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>|\[/?INST\]|<</?SYS>>"
    r"|<｜[^｜\s]{1,40}｜>"
)

_SCRIPTS = (
    (0x00, ""),
    (0x41, "Latin"),
    (0x370, "Greek"),
    (0x400, "Cyrillic"),
    (0x530, "other"),
    (0x590, "Hebrew"),
    (0x600, "Arabic"),
    (0x780, "other"),
    (0x900, "Devanagari"),
    (0x980, "other"),
    (0xE00, "Thai"),
    (0xE80, "other"),
    (0x1100, "Hangul"),
    (0x1200, "other"),
    (0x1E00, "Latin"),
    (0x2000, "other"),
    (0x3040, "Kana"),
    (0x3100, "other"),
    (0x3130, "Hangul"),
    (0x3190, "other"),
    (0x3400, "Han"),
    (0xA000, "other"),
    (0xAC00, "Hangul"),
    (0xD7B0, "other"),
    (0xF900, "Han"),
    (0xFB00, "other"),
    (0x20000, "Han"),
    (0x323B0, "other"),
)
_STARTS = [start for start, _ in _SCRIPTS]
_LOOKED_AT = 400


def personal_data(text: str) -> str | None:
    """What kind of personal data a text seems to hold: 'an e-mail address', 'a card number', or None."""
    if "@" in text and _EMAIL.search(text):
        return "an e-mail address"
    for found in _NUMBERS.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        if 13 <= len(digits) <= 19 and digits[0] in "3456" and passes_luhn(digits):
            return "a card number"
        if _NO_PHONE.match(found[0]):
            continue
        parted = len(digits) != len(found[0].lstrip("+"))
        if (found[0].startswith("+") and 8 <= len(digits) <= 15) or (parted and 10 <= len(digits) <= 13):
            return "a phone number"
        if _CHINESE_MOBILE.fullmatch(digits):
            return "a phone number"
    return None


def passes_luhn(digits: str) -> bool:
    """Whether a row of digits has the check digit of payment cards (ISO/IEC 7812-1, Annex B)."""
    doubled = [int(digit) * (2 if at % 2 else 1) for at, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def odd_characters(text: str) -> str | None:
    """A word about characters that do not belong into text, or None."""
    odd = _ODD.search(text)
    if odd:
        return f"the odd character U+{ord(odd[0]):04X}"
    garbled = None if text.isascii() else _GARBLED.search(text)
    return f"letters garbled by a wrong encoding ({garbled[0]!r})" if garbled else None


def control_token(text: str) -> str | None:
    """The first sequence in a text that models use as a control token, such as '<|im_end|>', or None."""
    if "<" not in text and "[" not in text:
        return None
    found = _CONTROL.search(text)
    return found[0] if found else None


def main_script(text: str) -> str:
    """The script that most of a text's first letters are in, such as 'Latin' or 'Han'; 'none' without any."""
    start = text[:_LOOKED_AT]
    if start.isascii():
        return "Latin" if _ASCII_LETTER.search(start) else "none"
    counts: Counter[str] = Counter()
    for char, times in Counter(start).items():
        if char.isalpha():
            counts[_SCRIPTS[bisect_right(_STARTS, ord(char)) - 1][1]] += times
    if "Kana" in counts:
        # Japanese mixes both; Chinese has no Kana.
        counts["Kana"] += counts.pop("Han", 0)
    return counts.most_common(1)[0][0] if counts else "none"
