"""A chat as HTML: answers with thumbs, a gauge of the reward model, and two blind answers to choose between.

Buttons carry in `data-event` which event of the component a click triggers; see `CLICKS`.
"""

from collections.abc import Sequence
from html import escape

from ftdemo.chat.turns import Turn
from ftdemo.chat.votes import JudgedAnswer, JudgedTurn
from ftdemo.store.feedback import ChoiceKind
from ftdemo.ui import html, turns_html

CLICKS = """
let last = null;
element.addEventListener('click', event => {
  const button = event.target.closest('[data-event]');
  if (!button) return;
  const said = button.dataset;
  last = `[data-event="${said.event}"][data-what="${said.what || ''}"][data-number="${said.number || 0}"]`;
  trigger(said.event, {what: said.what || '', number: Number(said.number || 0)});
});
let turns = 0;
watch('value', () => {
  const questions = element.querySelectorAll('.ft-question');
  if (questions.length !== turns) {
    turns = questions.length;
    let box = element;
    while (box && !/auto|scroll/.test(getComputedStyle(box).overflowY)) box = box.parentElement;
    if (box && box !== document.documentElement) box.scrollTop = box.scrollHeight;
  }
  const button = last && element.querySelector(last);
  if (button && (!document.activeElement || document.activeElement === document.body)) button.focus();
});
"""
"""Turns clicks into events, gives a button that was drawn anew the focus back, and shows the latest turn."""

CHOICES: dict[ChoiceKind, str] = {
    "left": "A is better",
    "right": "B is better",
    "tie": "Both alike",
    "bad": "Both bad",
}
_THUMB = (
    '<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true"{turned}><path fill="currentColor" '
    'd="M2 10h4v11H2zM8 21V10.4L12 2c1.5.2 2.4 1.3 2.1 2.9L13.4 9H20a2 2 0 0 1 2 2.4l-1.5 7.8'
    'A2.2 2.2 0 0 1 18.3 21z"/></svg>'
)
_GAUGE_ENDS = 2.5
"""Scores, in standard deviations, at which the gauge is empty or full."""


def chat(turns: Sequence[JudgedTurn], reward: str | None = None) -> str:
    """A conversation.

    Args:
        turns: its turns, as the voter sees them.
        reward: the reward model whose scores are shown.
    """
    return "".join(_turn(turn, turn is turns[-1], reward) for turn in turns)


def growing(turn: Turn, tries: int = 1) -> str:
    """A turn that is being answered; of two sides nobody is told who is who.

    Args:
        turn: the turn.
        tries: how many answers are sampled of which the best will be shown.
    """
    waiting = turns_html.place_in_line(turn.waiting) if turn.waiting else None
    if tries > 1 and not turn.waiting:
        tokens = sum(answer.tokens for answer in turn.answers)
        note = f"trying {tries} answers, the best will be shown: {tokens} tokens so far"
        return turns_html.question(turn.question) + f'<div class="ft-empty" role="status">{note}</div>'
    sides = "".join(
        turns_html.side(answer, waiting, _letter(number) if len(turn.answers) > 1 else None)
        for number, answer in enumerate(turn.answers)
    )
    return turns_html.question(turn.question) + f'<div class="ft-sides">{sides}</div>'


def about(judged: JudgedAnswer) -> str:
    """What the panel for reasons and corrections is about."""
    text = judged.answer.text
    cut = text if len(text) <= 160 else f"{text[:160]}…"
    given = {"up": "You liked", "down": "You disliked"}.get(judged.vote.vote if judged.vote else "", "About")
    return f'<p class="ft-note" dir="auto">{given}: “{escape(cut)}”</p>'


def _turn(judged: JudgedTurn, last: bool, reward: str | None) -> str:
    number = judged.turn.number or 0
    edit = _button("edit", "Edit", number=number, title="Ask something else in its place")
    asked = (
        f'<div class="ft-question"><div dir="auto">{escape(judged.turn.question)}</div>'
        f'<span class="ft-acts">{edit}</span></div>'
    )
    sides = "".join(_side(judged, place, reward) for place in range(len(judged.answers)))
    acts = ""
    if last:
        acts = _button("retry", "Answer again") + _button("undo", "Take back")
        acts = f'<div class="ft-acts">{acts}</div>'
    return f'{asked}<div class="ft-sides">{sides}</div>{_choices(judged)}{acts}'


def _side(judged: JudgedTurn, place: int, reward: str | None) -> str:
    one = judged.answers[place]
    letter = _letter(place) if len(judged.answers) > 1 else None
    if judged.blind:
        return turns_html.side(one.answer, name=letter)
    name = f"{letter}: {one.answer.model}" if letter else one.answer.model
    beside = one.answer.place == "beside" and len(judged.answers) > 1
    below = f'<div class="ft-votes">{_thumbs(one)}{_gauge(one, reward)}</div>'
    return turns_html.side(one.answer, name=name, below=below, aside=beside)


def _choices(judged: JudgedTurn) -> str:
    if len(judged.answers) != 2:
        return ""
    number = judged.turn.number or 0
    buttons = "".join(
        _button("select", words, kind, number, pressed=judged.choice == kind)
        for kind, words in CHOICES.items()
    )
    ask = "Which answer is better?" if judged.blind else "Your choice:"
    return f'<div class="ft-choices"><span>{ask}</span>{buttons}</div>'


def _thumbs(judged: JudgedAnswer) -> str:
    number = judged.answer.message_id
    if number is None or not judged.answer.text.strip():
        return ""
    vote = judged.vote.vote if judged.vote else None
    up = _button("like", _THUMB.format(turned=""), "up", number, pressed=vote == "up", title="Thumb up")
    down = _button(
        "like", _THUMB.format(turned=' style="rotate: 180deg"'), "down", number, pressed=vote == "down",
        title="Thumb down",
    )  # fmt: skip
    said = bool(judged.correction or (judged.vote and (judged.vote.reasons or judged.vote.comment)))
    why = _button("edit", "Why, or a better answer" + (" ✓" if said else ""), "why", number)
    return up + down + why


def _gauge(judged: JudgedAnswer, reward: str | None) -> str:
    if reward is None:
        return ""
    if judged.score is None:
        return '<span class="ft-gauge ft-note">scoring…</span>'
    share = (max(-_GAUGE_ENDS, min(_GAUGE_ENDS, judged.score)) + _GAUGE_ENDS) / (2 * _GAUGE_ENDS)
    title = (
        f"The reward model {reward} scores this answer {judged.score:+.2f}: so many standard deviations from "
        "the mean of the answers it learned from"
    )
    return (
        f'<span class="ft-gauge" title="{escape(title)}">{html.bar(share)}'
        f"<span>{judged.score:+.1f}</span></span>"
    )


def _button(
    event: str, words: str, what: str = "", number: int = 0, pressed: bool | None = None, title: str = ""
) -> str:
    state = "" if pressed is None else f' aria-pressed="{"true" if pressed else "false"}"'
    named = f' title="{title}"' if title else ""
    if words.startswith("<svg"):
        named += f' aria-label="{title}"'
    return (
        f'<button type="button" class="ft-act" data-event="{event}" data-what="{what}" '
        f'data-number="{number}"{state}{named}>{words}</button>'
    )


def _letter(place: int) -> str:
    return "AB"[place] if place < 2 else str(place + 1)
