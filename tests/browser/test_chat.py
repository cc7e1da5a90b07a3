"""Chat & vote: thumbs that are changed and taken back, corrections, two blind answers, a chat taken back."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from ftdemo.store.feedback import Choice, Correction, Vote
from ftdemo.studio import Studio

from .conftest import App, expect_error, open_tab

pytestmark = [pytest.mark.browser, pytest.mark.model]

ANSWER_MS = 90_000


@pytest.fixture
def chat_page(page: Page) -> Page:
    open_tab(page, "Chat & vote")
    page.get_by_text("Generation settings").last.click()
    page.locator("#chat-max-new-tokens input[type=number]").fill("24")
    return page


@pytest.fixture
def studio(app: App) -> Iterator[Studio]:
    yield Studio(app.settings)


def ask(page: Page, question: str, turns: int) -> None:
    page.locator("#chat-question textarea").fill(question)
    page.click("#chat-ask")
    expect(page.locator("#chat-view .ft-question")).to_have_count(turns, timeout=ANSWER_MS)
    expect(page.locator("#chat-ask")).to_be_enabled(timeout=ANSWER_MS)


def pressed(page: Page, what: str) -> str | None:
    return page.locator(f'#chat-view [data-what="{what}"]').last.get_attribute("aria-pressed")


def test_asking_and_stopping_here_leave_an_answer_in_compare_alone(page: Page) -> None:
    open_tab(page, "Compare")
    page.locator("#compare-question textarea").fill("Tell me a very long story about the sea.")
    page.click("#compare-ask")
    figures = page.locator("#compare-view .ft-figures")
    expect(figures).to_contain_text("tokens/s", timeout=ANSWER_MS)
    open_tab(page, "Chat & vote")
    page.get_by_text("Generation settings").last.click()
    page.locator("#chat-max-new-tokens input[type=number]").fill("1000")
    page.locator("#chat-question textarea").fill("Tell me a very long story about ships.")
    page.click("#chat-ask")
    expect(page.locator("#chat-now .ft-figures")).to_contain_text("tokens/s", timeout=ANSWER_MS)
    page.click("#chat-stop")
    expect(page.locator("#chat-view .ft-figures")).to_contain_text("stopped", timeout=ANSWER_MS)
    open_tab(page, "Compare")
    expect(page.locator("#compare-ask")).to_be_enabled(timeout=ANSWER_MS)
    expect(figures).not_to_contain_text("stopped")


def test_a_thumb_is_given_explained_changed_and_taken_back(
    chat_page: Page, studio: Studio, screenshot: Callable[[Page, str], None]
) -> None:
    page, feedback = chat_page, studio.store.feedback
    ask(page, "What is the capital of France?", 1)
    page.locator('#chat-view [data-what="down"]').click()
    expect(page.locator('#chat-view [data-what="down"]')).to_have_attribute("aria-pressed", "true")
    assert [vote.vote for vote in feedback.standing(Vote)] == ["down"]

    # A better answer, with a reason and a comment, and as a sample.
    page.locator("#chat-reasons").get_by_label("too long").check()
    page.locator("#chat-comment textarea").fill("<b>Shorter</b> ![x](https://example.org/x.png)")
    page.locator("#chat-better textarea").fill("Paris.")
    page.locator("#chat-sample input").check()
    screenshot(page, "chat")
    page.click("#chat-why-save")
    expect(page.locator('#chat-view [data-what="why"]')).to_contain_text("✓")
    (vote,) = feedback.standing(Vote)
    assert (vote.vote, vote.reasons) == ("down", ("too_long",))
    assert vote.comment == "<b>Shorter</b> ![x](https://example.org/x.png)"
    assert [correction.text for correction in feedback.standing(Correction)] == ["Paris."]
    (sample,) = studio.samples.samples("from-chat")
    assert (sample.question, sample.answer) == ("What is the capital of France?", "Paris.")

    # Another thumb, known after a reload, and taken back by the same voter.
    page.locator('#chat-view [data-what="up"]').click()
    expect(page.locator('#chat-view [data-what="up"]')).to_have_attribute("aria-pressed", "true")
    page.reload()
    open_tab(page, "Chat & vote")
    expect(page.locator('#chat-view [data-what="up"]')).to_have_attribute("aria-pressed", "true")
    assert pressed(page, "down") == "false"
    page.locator('#chat-view [data-what="up"]').click()
    expect(page.locator('#chat-view [data-what="up"]')).to_have_attribute("aria-pressed", "false")
    assert feedback.standing(Vote) == []
    assert [vote.vote for vote in feedback.events(Vote)][-1] == "withdrawn"


def test_of_two_blind_answers_one_is_chosen_and_the_chat_goes_on_from_it(
    chat_page: Page, studio: Studio, screenshot: Callable[[Page, str], None]
) -> None:
    page = chat_page
    page.get_by_label("Two, to choose between").check()
    ask(page, "Name three fruits.", 1)
    sides = page.locator("#chat-view .ft-side")
    expect(sides).to_have_count(2)
    assert page.locator("#chat-view [data-model]").count() == 0  # nobody is told who is who
    assert page.locator('#chat-view [data-event="like"]').count() == 0
    right = sides.nth(1).locator(".ft-text").inner_text()
    screenshot(page, "chat-blind")
    page.locator('#chat-view [data-what="right"]').click()
    expect(page.locator('#chat-view [data-what="right"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#chat-view [data-model]")).to_have_count(2)
    (choice,) = studio.store.feedback.standing(Choice)
    assert choice.choice == "right"
    assert studio.store.feedback.get(choice.right_id).answer == right

    page.get_by_label("One answer").check()
    ask(page, "Which of them is red?", 2)
    conversation = studio.store.conversations.message(
        studio.store.feedback.get(choice.right_id).message_id or 0
    ).conversation_id
    last = studio.store.conversations.get(conversation or 0).messages[-1]
    assert last.prompt is not None
    assert [message["content"] for message in last.prompt][:2] == ["Name three fruits.", right]


def test_answers_are_given_again_questions_edited_and_taken_back(chat_page: Page) -> None:
    page = chat_page
    texts = page.locator("#chat-view .ft-text")
    ask(page, "Tell me about the sea.", 1)
    first = texts.inner_text()
    page.get_by_role("button", name="Answer again").click()
    expect(texts).not_to_have_text(first, timeout=ANSWER_MS)
    expect(page.locator("#chat-ask")).to_be_enabled(timeout=ANSWER_MS)
    expect(texts).to_have_count(1)

    page.get_by_role("button", name="Edit").click()
    expect(page.locator("#chat-question textarea")).to_have_value("Tell me about the sea.")
    expect(page.locator("#chat-ask")).to_have_text("Ask in its place")
    ask(page, "Tell me about {{value}} and ${value} <img src=x onerror=\"document.title='hacked'\">.", 1)
    question = page.locator("#chat-view .ft-question > div")
    expect(question).to_contain_text("{{value}} and ${value} <img src=x")
    assert page.locator("#chat-view img").count() == 0
    assert page.title() == "ftdemo"

    page.get_by_role("button", name="Take back").click()
    expect(page.locator("#chat-view .ft-question")).to_have_count(0)
    expect(page.locator("#chat-question textarea")).to_have_value(re.compile("^Tell me about {{value}}"))
    page.click("#chat-clear")
    expect(page.locator("#chat-view .ft-empty")).to_be_visible()


def test_what_cannot_be_is_one_sentence(chat_page: Page) -> None:
    page = chat_page
    page.locator("#chat-temperature input[type=number]").fill("0")
    page.get_by_label("Two, to choose between").check()
    page.locator("#chat-question textarea").fill("Which?")
    page.click("#chat-ask")
    expect_error(page, "At temperature 0 a model gives the same answer each time.")
    page.get_by_label("One answer").check()
    page.locator("#chat-question textarea").fill("long " * 20_000)
    page.click("#chat-ask")
    expect_error(page, "tokens")
    expect(page.locator("#chat-ask")).to_be_enabled()


def test_another_browser_is_another_voter(app: App, browser: Browser, studio: Studio) -> None:
    before = len(studio.store.feedback.events(Vote))
    voters = set()
    for _ in range(2):
        page = browser.new_context().new_page()
        page.goto(app.url)
        open_tab(page, "Chat & vote")
        ask(page, "Say yes.", 1)
        page.locator('#chat-view [data-what="up"]').click()
        expect(page.locator('#chat-view [data-what="up"]')).to_have_attribute("aria-pressed", "true")
        page.close()
    voters = {vote.voter for vote in studio.store.feedback.events(Vote)[before:]}
    assert len(voters) == 2
