"""All forms that are known, and what a record says in the first of them that it has."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ftdemo.feedback.forms.annotators import ANNOTATED, Annotated
from ftdemo.feedback.forms.comparisons import COMPARISONS
from ftdemo.feedback.forms.fields import Fields, Numbers
from ftdemo.feedback.forms.judgements import Form, Judgement, Tie
from ftdemo.feedback.forms.marked import MARKS, ROLES
from ftdemo.feedback.forms.open_webui import OPEN_WEBUI
from ftdemo.feedback.forms.pairs import PAIRS
from ftdemo.feedback.forms.ranked import RANKED
from ftdemo.feedback.forms.thumbs import THUMBS, WEIGHTED
from ftdemo.feedback.preferences import PreferencePair, RatedAnswer, prompt_key
from ftdemo.samples.messages import RecordError

FORMS: tuple[Form, ...] = (
    *OPEN_WEBUI, *PAIRS, *COMPARISONS, *RANKED, *ROLES, *THUMBS, *MARKS, *WEIGHTED,
)  # fmt: skip
"""In the order in which they are tried: those that say most come first."""


@dataclass(frozen=True)
class Said:
    """What a record says.

    Args:
        form: its form in words.
        judgements: what it says, at least one thing.
    """

    form: str
    judgements: tuple[Judgement, ...]


def read_record(fields: Fields, numbers: Numbers | None = None) -> Said:
    """What a record says of answers; the fields that say it are noted as used.

    Args:
        fields: the record.
        numbers: the numbers in a column of the file.

    Raises:
        RecordError: it has no form that is known, or says nothing, or its meaning is unsure.
    """
    packed = _annotated(fields)
    if packed is None:
        form, judgements = _plain(fields)
        return Said(form.title, tuple(judgements))
    opinions: list[Judgement] = []
    title = packed.title
    for record in packed.unpacked(fields):
        form, judgements = _plain(Fields(record, numbers))
        opinions += judgements
        title = f"{packed.title}: {form.title}"
        fields.used |= record.keys() & fields.cells.keys()
    return Said(title, tuple(_agreed(opinions)))


def is_known(cells: Mapping[str, Any]) -> bool:
    """Whether a record has a form that is known, filled or not."""
    fields = Fields(cells, blanks=True)
    return _annotated(fields) is not None or any(form.fits(fields) for form in FORMS)


def plain_records(cells: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A record as the forms read it: those within it, if it is an export of annotators."""
    fields = Fields(cells)
    packed = _annotated(fields)
    try:
        return list(packed.unpacked(fields)) if packed else [cells]
    except RecordError:
        return []


def _annotated(fields: Fields) -> Annotated | None:
    return next((each for each in ANNOTATED if each.fits(fields)), None)


def _plain(fields: Fields) -> tuple[Form, list[Judgement]]:
    form = next((form for form in FORMS if form.fits(fields)), None)
    if form is None:
        # One of its fields may only be empty: then that is what is wrong with it.
        fields.blanks = True
        form = next((form for form in FORMS if form.fits(fields)), None)
    if form is None:
        raise RecordError(
            None,
            "no preference",
            f"does not say which answer is better or was liked; its columns are: {fields.listed()}.",
            "Use the columns prompt, chosen and rejected, or prompt, completion and label.",
        )
    return form, form.read(fields)


def _agreed(opinions: list[Judgement]) -> Iterator[Judgement]:
    """What most of several people say.

    Raises:
        RecordError: as many say one thing as another.
    """
    votes: dict[tuple[str, ...], list[Judgement]] = defaultdict(list)
    for each in opinions:
        votes[_asked(each)].append(each)
    agreed = 0
    for said in votes.values():
        first, *others = Counter(map(_verdict, said)).most_common(2)
        if not others or first[1] > others[0][1]:
            agreed += 1
            yield next(each for each in said if _verdict(each) == first[0])
    if not agreed:
        raise RecordError(
            None, "unsure", "was judged differently by as many people.", "Nothing to do: it tells nothing."
        )


def _asked(judgement: Judgement) -> tuple[str, ...]:
    """The question that people were asked: about which answers to which prompt."""
    prompt = prompt_key(judgement.prompt)
    if isinstance(judgement, RatedAnswer):
        return prompt, judgement.answer
    if isinstance(judgement, Tie):
        return prompt, *sorted((judgement.first, judgement.second))
    return prompt, *sorted((judgement.chosen, judgement.rejected))


def _verdict(judgement: Judgement) -> object:
    if isinstance(judgement, RatedAnswer):
        return judgement.liked
    return judgement.chosen if isinstance(judgement, PreferencePair) else (judgement.bad,)
