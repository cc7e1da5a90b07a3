"""Questions and answers as HTML, one model's or several side by side."""

from collections.abc import Iterable
from html import escape

from ftdemo.chat.turns import Answer, Turn
from ftdemo.names import BASE

_FINISHED = {"length": " · cut off at the token limit", "cancelled": " · stopped"}


def turns(history: Iterable[Turn]) -> str:
    """A conversation, each side's answers under each other in its own column."""
    return "".join(question(turn.question) + answers(turn) for turn in history)


def answers(turn: Turn) -> str:
    """A turn's answers beside each other, or its place in line before they begin."""
    return sides(turn.answers, place_in_line(turn.waiting) if turn.waiting else None)


def place_in_line(position: int) -> str:
    """A place in line in words: 'waiting, next in line', 'waiting, 2nd in line'."""
    if position == 1:
        return "waiting, next in line"
    teens = position % 100 in {11, 12, 13}
    ending = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(position % 10, "th")
    return f"waiting, {position}{ending} in line"


def question(text: str) -> str:
    """What was asked."""
    return f'<div class="ft-question"><div dir="auto">{escape(text)}</div></div>'


def sides(answers: Iterable[Answer], waiting: str | None = None) -> str:
    """Answers beside each other; `waiting` tells for what while there is no token."""
    columns = "".join(side(answer, waiting) for answer in answers)
    return f'<div class="ft-sides">{columns}</div>'


def side(
    answer: Answer, waiting: str | None = None, name: str | None = None, below: str = "", aside: bool = False
) -> str:
    """One answer with its figures.

    Args:
        answer: the answer.
        waiting: tells for what it waits while there is no token.
        name: what stands above it; the model's name if None. Where another name stands, who answered is not
            to be told, by its speed neither.
        below: HTML that follows it.
        aside: whether the conversation does not go on from it.
    """
    writing = answer.finish_reason is None
    blind = name is not None and not name.endswith(answer.model)
    kind = "" if blind else "base" if answer.model == BASE else "tuned"
    figures = (
        f"{answer.tokens} tokens · {answer.tokens_per_second:.1f} tokens/s · "
        f"first token after {answer.time_to_first_token_s:.2f} s"
        if answer.tokens
        else waiting or "waiting for the first token"
    )
    if blind:
        figures = "in the making" if writing and answer.tokens else f"{answer.tokens} tokens"
    figures += _FINISHED.get(answer.finish_reason or "", "")
    marked = "" if blind else f' data-model="{escape(answer.model)}"'
    return (
        f'<div class="ft-side {kind}{" aside" if aside else ""}"{marked}>'
        f'<div class="ft-name">{escape(name or answer.model)}</div>'
        f'<div class="ft-text{" ft-cursor" if writing else ""}" dir="auto">{escape(answer.text)}</div>'
        f'<div class="ft-figures">{figures}</div>{below}</div>'
    )
