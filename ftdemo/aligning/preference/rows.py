"""Votes as rows of token ids, in the form that TRL's collators take."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftdemo.errors import UserError
from ftdemo.feedback.preferences import PreferencePair, RatedAnswer, prompt_key
from ftdemo.store.conversations import ChatMessage
from ftdemo.tokens.sequences import TokenisedSample
from ftdemo.tokens.template import with_answer
from ftdemo.tokens.tokeniser import ChatTokeniser

VoteRow = dict[str, Any]
ANSWERS = ("chosen_ids", "rejected_ids", "completion_ids")


@dataclass(frozen=True)
class Rows:
    """What a run learns from, or is measured with.

    Args:
        rows: those whose answers begin within the longest length.
        cut_off: how many of them lose an answer's end.
        dropped: how many lose a whole answer and are not among the rows.
    """

    rows: list[VoteRow]
    cut_off: int
    dropped: int


class RowMaker:
    """Turns votes into rows; answers end with the end token, in the chat's own template.

    Args:
        base_folder: the base model's folder.
        max_length: longest prompt with answer in tokens.
    """

    def __init__(self, base_folder: Path, max_length: int) -> None:
        self._tokeniser = ChatTokeniser.of_folder(base_folder)
        self._max_length = max_length

    def pairs(self, pairs: Sequence[PreferencePair]) -> Rows:
        """Rows for DPO."""
        made = []
        better = self._answered([(pair.prompt, pair.chosen) for pair in pairs])
        worse = self._answered([(pair.prompt, pair.rejected) for pair in pairs])
        for chosen, rejected in zip(better, worse, strict=True):
            # A token may reach across the end of the prompt in one of them.
            prompt = min(chosen.prompt_length, rejected.prompt_length)
            answers = {"chosen_ids": chosen.ids[prompt:], "rejected_ids": rejected.ids[prompt:]}
            made.append({"prompt_ids": chosen.ids[:prompt], **answers})
        return self._fitting(made)

    def thumbs(self, rated: Sequence[RatedAnswer]) -> Rows:
        """Rows for KTO."""
        made = []
        answered = self._answered([(one.prompt, one.answer) for one in rated])
        for one, whole in zip(rated, answered, strict=True):
            prompt = whole.prompt_length
            made.append(
                {"prompt_ids": whole.ids[:prompt], "completion_ids": whole.ids[prompt:], "label": one.liked}
            )
        return self._fitting(made)

    def _answered(self, said: Sequence[tuple[Sequence[ChatMessage], str]]) -> list[TokenisedSample]:
        """Prompts with their answers, to the end token."""
        return self._tokeniser.answered((with_answer(prompt, text) for prompt, text in said), closed=False)

    def _fitting(self, rows: list[VoteRow]) -> Rows:
        kept: list[VoteRow] = []
        cut_off = dropped = 0
        for row in rows:
            room = self._max_length - len(row["prompt_ids"])
            if room <= 0:
                dropped += 1
                continue
            answers = {name: row[name][:room] for name in ANSWERS if name in row}
            cut_off += any(len(row[name]) > room for name in answers)
            kept.append({**row, **answers})
        return Rows(kept, cut_off, dropped)


def as_thumbs(pairs: Sequence[PreferencePair], rated: Sequence[RatedAnswer]) -> list[RatedAnswer]:
    """All that KTO can learn from: each answer once, as liked or disliked.

    A thumb says it. An answer without one is liked if it won more pairs than it lost, and disliked if it lost
    more, as pairs are taken in arXiv:2402.01306; one that won as many as it lost is left out.
    """
    known = {(prompt_key(one.prompt), one.answer) for one in rated}
    balance: Counter[tuple[str, str]] = Counter()
    prompts = {}
    for pair in pairs:
        key = prompt_key(pair.prompt)
        prompts[key] = pair.prompt
        balance[key, pair.chosen] += 1
        balance[key, pair.rejected] -= 1
    won = [
        RatedAnswer(prompts[key], text, lead > 0)
        for (key, text), lead in balance.items()
        if lead and (key, text) not in known
    ]
    return [*rated, *won]


def with_mismatched(rows: Sequence[VoteRow], beside: Sequence[VoteRow] = ()) -> list[VoteRow]:
    """Give each row an answer that is not its own, from which KTO estimates its reference point.

    That is the divergence from the parent, over prompts with answers to other prompts (section 4.1 of
    arXiv:2402.01306). The nearest row before, the last coming before the first, gives its answer; rows with
    the same prompt are passed over unless there are no others.

    Args:
        rows: in the order in which they are learned from.
        beside: other rows, which give their answers too.

    Raises:
        UserError: all answers are one.
    """
    pool = [*beside, *rows]
    return [
        {**row, "KL_completion_ids": _mismatch(pool, place)["completion_ids"]}
        for place, row in enumerate(rows, len(beside))
    ]


def _mismatch(pool: Sequence[VoteRow], place: int) -> VoteRow:
    """The row whose answer the one at a place gets."""
    row = pool[place]
    same_prompt: VoteRow | None = None
    for distance in range(1, len(pool)):
        other = pool[place - distance]
        if other["completion_ids"] == row["completion_ids"]:
            continue
        if other["prompt_ids"] != row["prompt_ids"]:
            return other
        same_prompt = same_prompt or other
    if same_prompt is None:
        raise UserError(
            "All votes are about one answer, and 'kto' compares each answer with others.",
            "Vote on more answers, or use 'dpo' with a pair.",
        )
    return same_prompt


def weights(rows: Sequence[VoteRow]) -> tuple[float, float]:
    """KTO's λ of liked and of disliked answers: such that both kinds count as much in all.

    Equation 8 of arXiv:2402.01306 allows the liked ones to count up to 4/3 of the others.
    """
    liked = sum(row["label"] for row in rows)
    disliked = len(rows) - liked
    if not liked or not disliked:
        return 1.0, 1.0
    return max(1.0, disliked / liked), max(1.0, liked / disliked)
