"""What the tab Chat & vote does: asks, votes, and shows the conversation as the voter sees it."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import gradio as gr

from ftdemo.chat.dialogue import ChatSettings
from ftdemo.chat.room import CHAT
from ftdemo.chat.turns import Turn
from ftdemo.chat.votes import FROM_CHAT, JudgedTurn
from ftdemo.engines import GenerationSettings
from ftdemo.feedback.voters import PRAISE, REASONS
from ftdemo.knobs import known as known_knobs
from ftdemo.names import BASE
from ftdemo.studio import Studio
from ftdemo.ui import html
from ftdemo.ui.chat import html as chat_html
from ftdemo.ui.chat.look import EMPTY, SAME, TWO
from ftdemo.ui.choices import NONE, offer_anew
from ftdemo.ui.events import known_voter
from ftdemo.ui.polling import paced

Values = Mapping[str, Any]
"""What stands in a group of inputs, by name."""
Known = Mapping[str, object]
"""What the browser keeps: the number of the conversation, and by what the voter is known."""
Drawn = tuple[object, object, object, object, object]
"""The conversation, the growing turn below it, what the browser keeps, the question, and what is edited."""


def settings_of(asked: Values, generation: Values) -> ChatSettings:
    """The settings that the inputs' values make.

    Raises:
        UserError: one cannot be used, or they contradict each other.
    """
    return ChatSettings(
        asked["model"],
        GenerationSettings(**known_knobs(generation, GenerationSettings)),
        asked["system"] or "",
        (asked["against"] or asked["model"]) if asked["count"] == TWO else None,
        int(asked["tries"]),
        asked["reward"] or None,
    )


def duel(model: str, other: str) -> dict[str, Any]:
    """What the inputs show, by name, that let one choose between two models, blind."""
    return {"model": model, "count": TWO, "against": gr.update(value=other, visible=True)}


def choices(
    studio: Studio, model: str, against: str, reward: str
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The models that can answer, those that can answer beside them, and the reward models."""
    models = studio.models.names()
    return (
        offer_anew(models, model, BASE),
        offer_anew(models, against, "", first=SAME),
        offer_anew(studio.reward_models.names(), reward, "", first=NONE),
    )


def answer(
    studio: Studio, own: Values, asked: Values, generation: Values, request: gr.Request
) -> Iterator[Drawn]:
    """Ask the question, or ask it in place of the one that is edited."""
    settings, known, edited = settings_of(asked, generation), own["memory"], own["editing"]
    turns = studio.chat.go_on(
        own["question"], settings, _conversation(known), edited, str(request.session_hash)
    )
    yield from _draw(studio, turns, settings, known, request, edited)


def again(
    studio: Studio, own: Values, asked: Values, generation: Values, request: gr.Request
) -> Iterator[Drawn]:
    """Answer the last question again."""
    settings, known = settings_of(asked, generation), own["memory"]
    conversation = _conversation(known) or 0
    last = studio.chat.turns(conversation)
    turns = studio.chat.again(conversation, settings, str(request.session_hash))
    for drawn in _draw(studio, turns, settings, known, request, last[-1].number if last else None):
        # What is being typed meanwhile stays.
        yield (*drawn[:3], gr.skip(), gr.skip())


def cancel(studio: Studio, request: gr.Request) -> None:
    """End the answer that is being written."""
    studio.cancel(str(request.session_hash), CHAT)


def take_back(studio: Studio, known: Known, reward: str | None, request: gr.Request) -> tuple[str, str]:
    """Take back the last question, to be asked in other words."""
    question = studio.chat.undo(_conversation(known) or 0)
    return redraw(studio, known, reward, request), question


def new(known: Known) -> tuple[object, ...]:
    """Begin a new conversation."""
    return {**known, "conversation": None}, html.empty(EMPTY), "", "", None, None


def choose(studio: Studio, known: Known, reward: str | None, request: gr.Request, event: gr.EventData) -> str:
    """Say which of two answers is better."""
    voter = known_voter(studio, known, request)
    studio.ballot.choose(_conversation(known) or 0, event.number, event.what, voter)
    return redraw(studio, known, reward, request)


def vote(
    studio: Studio, known: Known, reward: str | None, request: gr.Request, event: gr.EventData
) -> tuple[str, int | None]:
    """Give an answer a thumb, or take it back; the panel opens for one that has a thumb now."""
    given = studio.ballot.thumb(event.number, event.what, known_voter(studio, known, request))
    return redraw(studio, known, reward, request), event.number if given else None


def edit(studio: Studio, known: Known, event: gr.EventData) -> tuple[object, object, object]:
    """Open a question to be edited, or the panel about an answer."""
    if event.what == "why":
        return gr.skip(), gr.skip(), event.number
    turns = studio.chat.turns(_conversation(known))
    asked = next((turn.question for turn in turns if turn.number == event.number), "")
    return asked, event.number, None


def fill(studio: Studio, number: int | None, known: Known, request: gr.Request) -> tuple[object, ...]:
    """Open the panel about an answer with what the voter said of it, or close it."""
    if number is None:
        return (gr.update(visible=False), *[gr.skip()] * 5)
    judged = studio.ballot.judged_answer(number, known_voter(studio, known, request))
    vote = judged.vote
    fitting = [
        (words, reason)
        for reason, words in REASONS.items()
        if vote is not None and (reason in PRAISE) == (vote.vote == "up")
    ]
    return (
        gr.update(visible=True),
        chat_html.about(judged),
        gr.update(choices=fitting, visible=bool(fitting), value=list(vote.reasons if vote else ())),
        gr.update(value=vote.comment if vote else "", visible=vote is not None),
        judged.correction or "",
        False,
    )


def explain(
    studio: Studio, number: int, reasons: list[str], comment: str, better: str, as_sample: bool,
    known: Known, request: gr.Request,
) -> None:  # fmt: skip
    """Keep why the voter voted so, and what would have been a better answer; the panel closes."""
    studio.ballot.explain(
        number,
        known_voter(studio, known, request),
        reasons,
        comment or "",
        better or "",
        FROM_CHAT if as_sample else "",
    )


def show(studio: Studio, known: Known, reward: str | None, request: gr.Request) -> tuple[Known, str]:
    """The conversation when the page is opened; a browser that is not known yet is given a voter."""
    known = {**known, "voter": known.get("voter") or secrets.token_hex(12)}
    return known, redraw(studio, known, reward, request)


def redraw(studio: Studio, known: Known, reward: str | None, request: gr.Request) -> str:
    """The conversation as it is now, with the scores that are known."""
    return _view(_judged(studio, known, request, reward), reward)


def score(studio: Studio, known: Known, reward: str | None, request: gr.Request) -> Iterator[str]:
    """The conversation at once, and again when its scores are computed."""
    voter = known_voter(studio, known, request)
    for judged in studio.ballot.scored(_conversation(known), voter, reward or None):
        yield _view(judged, reward)


def buttons(answering: bool) -> tuple[dict[str, object], dict[str, object]]:
    """Either one can ask, or stop the answer."""
    return gr.update(value="Ask", interactive=not answering), gr.update(interactive=answering)


def label(edited: int | None) -> str:
    """What stands on the button that asks."""
    return "Ask in its place" if edited is not None else "Ask"


def _draw(
    studio: Studio, turns: Iterator[Turn], settings: ChatSettings, known: Known, request: gr.Request,
    upto: int | None,
) -> Iterator[Drawn]:  # fmt: skip
    """Draw a growing turn below the others, or those before `upto`; then among them, then with its score."""
    before: object = gr.skip()
    if upto is not None:
        others = _judged(studio, known, request, settings.reward)
        before = chat_html.chat([one for one in others if (one.turn.number or 0) < upto], settings.reward)
    for turn in paced(turns):
        known = {**known, "conversation": turn.conversation_id}
        yield before, chat_html.growing(turn, settings.tries), known, "", None
        before = gr.skip()
    typed: tuple[object, object] = ("", None)
    for judged in studio.ballot.scored(
        _conversation(known), known_voter(studio, known, request), settings.reward
    ):
        yield _view(judged, settings.reward), "", known, *typed
        typed = (gr.skip(), gr.skip())


def _judged(studio: Studio, known: Known, request: gr.Request, reward: str | None) -> Sequence[JudgedTurn]:
    return studio.ballot.judged(_conversation(known), known_voter(studio, known, request), reward or None)


def _view(judged: Sequence[JudgedTurn], reward: str | None) -> str:
    return chat_html.chat(judged, reward or None) if judged else html.empty(EMPTY)


def _conversation(known: Known) -> int | None:
    number = known.get("conversation")
    return number if isinstance(number, int) else None
