"""Chat & vote: a chat with one model, thumbs under each answer, or two answers to choose between."""

import secrets
from collections.abc import Iterator
from typing import Any

import gradio as gr

from ftdemo.chat.dialogue import ChatSettings
from ftdemo.chat.room import CHAT
from ftdemo.chat.turns import Turn
from ftdemo.studio import Studio
from ftdemo.ui import html
from ftdemo.ui.chat import html as chat_html
from ftdemo.ui.chat import settings as chat_settings
from ftdemo.ui.chat import votes as chat_votes
from ftdemo.ui.events import QUIET, at_last, known_voter, shown
from ftdemo.ui.polling import Changes, paced

EMPTY = "Choose a model and ask it something. One click on a thumb under an answer is a vote."
AT_ONCE: Any = {**QUIET, "queue": False}
"""For what does not wait for anything that is being generated, such as a vote."""
Drawn = tuple[object, object, object, object, object]


def build(studio: Studio, demo: gr.Blocks, changes: Changes, memory: gr.BrowserState) -> chat_settings.Wanted:
    """Add the tab's components and events; `memory` keeps the conversation and the voter in the browser.

    Returns:
        The inputs that say who answers, for other tabs to set.
    """
    editing = gr.State(None)
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            view = gr.HTML(
                html.empty(EMPTY), elem_id="chat-view", js_on_load=chat_html.CLICKS, max_height=560,
                autoscroll=True,
            )  # fmt: skip
            now = gr.HTML("", elem_id="chat-now", autoscroll=True, max_height=420)
            panel = chat_votes.build(studio, memory)
            with gr.Row(elem_classes="ft-line"):
                question = gr.Textbox(
                    show_label=False, placeholder="Ask something", lines=1, max_lines=6, scale=6,
                    min_width=260, elem_id="chat-question",
                )  # fmt: skip
                ask = gr.Button("Ask", variant="primary", scale=1, min_width=90, elem_id="chat-ask")
                stop = gr.Button("Stop", interactive=False, scale=1, min_width=90, elem_id="chat-stop")
                clear = gr.Button("New chat", scale=1, min_width=120, elem_id="chat-clear")
        with gr.Column(scale=1, min_width=280):
            wanted = chat_settings.build(studio, changes)

    def settings_of(values: tuple[object, ...]) -> ChatSettings:
        return wanted.read(values)

    def view_of(known: dict[str, object], request: gr.Request, reward: str | None, upto: int | None) -> str:
        reward = reward or None
        turns = studio.ballot.judged(_conversation(known), known_voter(studio, known, request), reward)
        if upto is not None:
            turns = [turn for turn in turns if (turn.turn.number or 0) < upto]
        return chat_html.chat(turns, reward) if turns or upto is not None else html.empty(EMPTY)

    def draw(
        turns: Iterator[Turn], settings: ChatSettings, known: dict[str, object], request: gr.Request,
        upto: int | None,
    ) -> Iterator[Drawn]:  # fmt: skip
        """Draw a growing turn below the others, then among them; then with its score."""
        before: object = view_of(known, request, settings.reward, upto) if upto is not None else gr.skip()
        for turn in paced(turns):
            known = {**known, "conversation": turn.conversation_id}
            yield before, chat_html.growing(turn, settings.tries), known, "", None
            before = gr.skip()
        yield view_of(known, request, settings.reward, None), "", known, "", None
        conversation = _conversation(known)
        if settings.reward and conversation:
            studio.scores.compute(conversation, settings.reward)
            yield view_of(known, request, settings.reward, None), "", known, gr.skip(), gr.skip()

    @shown
    def answer(
        text: str, edited: int | None, known: dict[str, object], request: gr.Request, *values: object
    ) -> Iterator[Drawn]:
        settings = settings_of(values)
        conversation = _conversation(known) if studio.chat.turns(_conversation(known)) else None
        session = str(request.session_hash)
        if edited is not None and conversation is not None:
            turns = studio.chat.edit(conversation, edited, text, settings, session)
        else:
            edited = None
            turns = studio.chat.ask(text, settings, conversation, session)
        yield from draw(turns, settings, {**known, "conversation": conversation}, request, edited)

    @shown
    def again(known: dict[str, object], request: gr.Request, *values: object) -> Iterator[Drawn]:
        settings, conversation = settings_of(values), _conversation(known) or 0
        last = studio.chat.turns(conversation)
        turns = studio.chat.again(conversation, settings, str(request.session_hash))
        for drawn in draw(turns, settings, known, request, last[-1].number if last else None):
            # What is being typed meanwhile stays.
            yield (*drawn[:3], gr.skip(), gr.skip())

    @shown
    def take_back(known: dict[str, object], reward: str | None, request: gr.Request) -> tuple[str, str]:
        asked = studio.chat.undo(_conversation(known) or 0)
        return view_of(known, request, reward, None), asked

    @shown
    def choose(known: dict[str, object], reward: str | None, request: gr.Request, event: gr.EventData) -> str:
        voter = known_voter(studio, known, request)
        studio.ballot.choose(_conversation(known) or 0, event.number, event.what, voter)
        return view_of(known, request, reward, None)

    @shown
    def vote(
        known: dict[str, object], reward: str | None, request: gr.Request, event: gr.EventData
    ) -> tuple[str, int | None]:
        given = studio.ballot.thumb(event.number, event.what, known_voter(studio, known, request))
        return view_of(known, request, reward, None), event.number if given else None

    @shown
    def open_for_edit(known: dict[str, object], event: gr.EventData) -> tuple[object, object, object]:
        if event.what == "why":
            return gr.skip(), gr.skip(), event.number
        turns = studio.chat.turns(_conversation(known))
        asked = next((turn.question for turn in turns if turn.number == event.number), "")
        return asked, event.number, None

    @shown
    def show(known: dict[str, object], reward: str | None, request: gr.Request) -> tuple[object, object]:
        known = {**known, "voter": known.get("voter") or secrets.token_hex(12)}
        return known, view_of(known, request, reward, None)

    @shown
    def redraw(known: dict[str, object], reward: str | None, request: gr.Request) -> str:
        return view_of(known, request, reward, None)

    @shown
    def score(known: dict[str, object], reward: str | None, request: gr.Request) -> Iterator[str]:
        yield view_of(known, request, reward, None)
        conversation = _conversation(known)
        if reward and conversation:
            studio.scores.compute(conversation, reward)
            yield view_of(known, request, reward, None)

    @shown
    def cancel(request: gr.Request) -> None:
        studio.cancel(str(request.session_hash), CHAT)

    def buttons(answering: bool) -> tuple[dict[str, object], dict[str, object]]:
        return gr.update(value="Ask", interactive=not answering), gr.update(interactive=answering)

    def label(edited: int | None) -> str:
        return "Ask in its place" if edited is not None else "Ask"

    outputs = [view, now, memory, question, editing]
    for triggers, run, inputs in (
        ([ask.click, question.submit], answer, [question, editing, memory, *wanted.components]),
        ([view.retry], again, [memory, *wanted.components]),
    ):
        asking = gr.on(triggers, lambda: buttons(True), None, [ask, stop], **QUIET)
        at_last(asking.then(run, inputs, outputs, **QUIET), lambda: buttons(False), [ask, stop])
    of_panel = ([panel.message, memory], panel.parts)
    stop.click(cancel, None, None, queue=False, api_visibility="private")
    clear.click(
        lambda known: ({**known, "conversation": None}, html.empty(EMPTY), "", "", None, None),
        memory, [memory, view, now, question, editing, panel.message], **QUIET,
    ).then(label, editing, ask, **AT_ONCE).then(panel.fill, *of_panel, **AT_ONCE)  # fmt: skip
    view.undo(take_back, [memory, wanted.reward], [view, question], **AT_ONCE)
    view.select(choose, [memory, wanted.reward], view, **AT_ONCE)
    view.like(vote, [memory, wanted.reward], [view, panel.message], **AT_ONCE).then(
        panel.fill, *of_panel, **AT_ONCE
    )
    view.edit(open_for_edit, memory, [question, editing, panel.message], **AT_ONCE).then(
        panel.fill, *of_panel, **AT_ONCE
    ).then(label, editing, ask, **AT_ONCE)
    panel.kept.then(panel.fill, *of_panel, **AT_ONCE).then(redraw, [memory, wanted.reward], view, **AT_ONCE)
    wanted.reward.change(score, [memory, wanted.reward], view, **QUIET)
    demo.load(show, [memory, wanted.reward], [memory, view], **QUIET)
    return wanted


def _conversation(known: dict[str, object]) -> int | None:
    number = known.get("conversation")
    return number if isinstance(number, int) else None
