"""Pairs: one field has the better answer, another the worse one."""

from ftdemo.feedback.forms.answers import ANSWERS, read_answer, read_pair, split_answer
from ftdemo.feedback.forms.comparisons import names_a_side
from ftdemo.feedback.forms.fields import Fields, folded, number_of
from ftdemo.feedback.forms.judgements import Form, Judgement
from ftdemo.feedback.forms.messages import as_messages, read_messages, read_text
from ftdemo.feedback.forms.prompts import (
    CONVERSATIONS,
    checked_prompt,
    needed_prompt,
    refuse_media,
    with_system,
)
from ftdemo.feedback.forms.ranked import has_answers
from ftdemo.feedback.forms.signs import word_sign
from ftdemo.feedback.preferences import PreferencePair
from ftdemo.files.cells import as_list
from ftdemo.samples.messages import RecordError

_BETTER = (
    "chosen", "chosen_response", "response_chosen", "chosen_answer", "chosen_messages", "chosen_output",
    "preferred_output", "preferred", "preferred_response", "preferred_answer", "accepted",
    "accepted_response", "better", "better_response", "better_answer", "response_j", "winning_response",
    "winner_response", "pos", "positive", "good",
)  # fmt: skip
_WORSE = (
    "rejected", "rejected_response", "response_rejected", "rejected_answer", "rejected_messages",
    "rejected_output", "non_preferred_output", "non_preferred", "non_preferred_response", "dispreferred",
    "dispreferred_response", "nonpreferred_output", "worse", "worse_response", "worse_answer",
    "response_k", "losing_response", "loser_response", "neg", "negative", "bad", "rejected_responses",
)  # fmt: skip
_REJECTED = tuple(name for name in _WORSE if name.startswith(("rejected", "non", "dispreferred")))
_SCORES = (
    ("score_chosen", "score_rejected"),
    ("chosen_score", "rejected_score"),
    ("chosen_rating", "rejected_rating"),
)

_JUDGED_WORDS = (
    "rating ratings score scores rank ranks ranking rankings label labels rewards chosen chosen_index choice "
    "best winner preferred preference"
)
_JUDGES = frozenset(_JUDGED_WORDS.split())


def _fits_pair(fields: Fields) -> bool:
    better, worse = fields.find(*_BETTER), fields.find(*_WORSE)
    if better is None or worse is None:
        return False
    values = fields.cells[better], fields.cells[worse]
    return not (
        any(isinstance(value, bool) for value in values)
        or all(names_a_side(fields, value) for value in values)
        or (all(number_of(value) is not None for value in values) and has_answers(fields))
    )


def _read_pair(fields: Fields) -> list[Judgement]:
    better, worse = fields.find(*_BETTER), fields.find(*_WORSE)
    assert better is not None and worse is not None
    _refuse_contrary_scores(fields)
    return [read_pair(fields, better, worse)]


def _refuse_contrary_scores(fields: Fields) -> None:
    for names in _SCORES:
        first, second = (fields.find(name) for name in names)
        if first is None or second is None:
            continue
        high, low = number_of(fields.use(first)), number_of(fields.use(second))
        if high is not None and low is not None and high < low:
            raise RecordError(
                first,
                "unsure",
                f"scores the chosen answer lower ({high:g}) than the rejected one ({low:g}).",
                "Mend the scores, or leave these columns out.",
            )


def _fits_rejected_beside(fields: Fields) -> bool:
    worse = fields.find(*_REJECTED)
    value = fields.cells[worse] if worse is not None else None
    if worse is None or not isinstance(value, str | list | dict | None):
        return False
    if folded(worse) == "rejected" and word_sign(value) is not None:
        return False
    if any(name in fields.columns for name in _BETTER):
        return False
    return fields.find(*ANSWERS) is not None or fields.find(*CONVERSATIONS) is not None


def _read_rejected_beside(fields: Fields) -> list[Judgement]:
    """The worse answer in a field of its own, the better one where any answer is."""
    worse = fields.find(*_REJECTED)
    assert worse is not None
    better = fields.find(*ANSWERS)
    if better is not None:
        return [read_pair(fields, better, worse)]
    column = fields.find(*CONVERSATIONS)
    assert column is not None
    messages = as_messages(fields.cells[column])
    if messages is None:
        raise RecordError(
            column,
            "no turns",
            f"has no list of messages in the column {column!r}.",
            'Write it as [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}].',
        )
    asked, answer = split_answer(read_messages(messages, column), column)
    refuse_media(fields)
    prompt = checked_prompt(fields, with_system(fields, asked))
    several = fields.use(worse)
    listed = isinstance(several, list) and as_messages(several) is None
    pairs: list[Judgement] = []
    for each in several if listed else [several]:
        _, other = read_answer(each, worse)
        if other == answer:
            raise RecordError(worse, "same answer", "has the same text for both answers.", "Nothing to do.")
        pairs.append(PreferencePair(prompt, answer, other, "imported"))
    fields.use(column)
    return pairs


def _fits_listed(fields: Fields) -> bool:
    found = fields.find("output", "outputs", "response", "responses")
    value = as_list(fields.cells[found]) if found is not None else None
    return (
        found is not None
        and fields.columns.keys() & {"instruction", "prompt", "conversations", "messages"} != set()
        and isinstance(value, list)
        and len(value) == 2
        and all(isinstance(each, str) for each in value)
        and not fields.columns.keys() & _JUDGES
    )


def _read_listed(fields: Fields) -> list[Judgement]:
    found = fields.take("output", "outputs", "response", "responses")
    assert found is not None
    column, value = found
    better, worse = (read_text(each, column) for each in as_list(value))
    if better == worse:
        raise RecordError(column, "same answer", "has the same text for both answers.", "Nothing to do.")
    return [PreferencePair(needed_prompt(fields), better, worse, "imported")]


PAIRS = (
    Form("pairs of a chosen and a rejected answer", _fits_pair, _read_pair),
    Form("answers with a rejected one beside them", _fits_rejected_beside, _read_rejected_beside),
    Form("lists of two answers, the better one first (LLaMA-Factory)", _fits_listed, _read_listed),
)
