"""The whole loop in the page: vote, train a reward model, align, see who wins, let people choose."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from ftdemo.store.feedback import Choice
from ftdemo.studio import Studio

from .conftest import App, expect_error, open_tab

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.slow]

ANSWER_MS = 90_000
JOB_MS = 150_000
THINGS = ("rain", "bread", "a planet", "a doctor", "the sea", "a lake", "music", "snow", "a bridge", "a cat",
          "the moon", "a school", "tea", "paper", "a river", "gold", "a tree", "glass")  # fmt: skip


def others_vote(studio: Studio) -> None:
    """Choices of other people, who like short answers."""
    for thing in THINGS:
        question = f"What is {thing}?"
        short = studio.feedback.add(question, f"{thing.capitalize()}, no more.", "base")
        long = studio.feedback.add(
            question, f"There is much to say about {thing}, and so I shall begin.", "base"
        )
        studio.feedback.choose("left", "somebody else", answers=(short.id, long.id))


def ask_for_two(page: Page, question: str, turns: int) -> None:
    page.locator("#chat-question textarea").fill(question)
    page.click("#chat-ask")
    expect(page.locator("#chat-view .ft-question")).to_have_count(turns, timeout=ANSWER_MS)
    expect(page.locator("#chat-ask")).to_be_enabled(timeout=ANSWER_MS)


def choose(page: Page, side: str) -> None:
    page.locator(f'#chat-view [data-what="{side}"]').last.click()
    expect(page.locator(f'#chat-view [data-what="{side}"]').last).to_have_attribute("aria-pressed", "true")


def test_from_votes_to_a_model_that_people_choose(
    page: Page, app: App, screenshot: Callable[[Page, str], None]
) -> None:
    studio = Studio(app.settings)
    open_tab(page, "Align")
    page.locator("#align-name input, #align-name textarea").first.fill("too early")
    page.click("#align-begin")
    expect_error(page, "pairs of answers to learn from; DPO needs at least")

    # One vote here, the others by other people.
    open_tab(page, "Chat & vote")
    page.get_by_text("Generation settings").last.click()
    page.locator("#chat-max-new-tokens input[type=number]").fill("24")
    page.get_by_label("Two, to choose between").check()
    ask_for_two(page, "What is honey?", 1)
    choose(page, "left")
    others_vote(studio)

    open_tab(page, "Align")
    expect(page.locator("#align-data")).to_contain_text("19")
    page.locator("#reward-name input, #reward-name textarea").first.fill("taste")
    page.get_by_role("button", name="Advanced").and_(page.locator("#reward-advanced button")).click()
    page.locator("#reward-epochs input").fill("2")
    page.click("#reward-train")
    expect(page.locator("#align-job")).to_contain_text("taste")
    expect(page.locator("#align-job")).to_contain_text("finished", timeout=JOB_MS)
    expect(page.locator("#reward-sheet")).to_contain_text("held-out votes foreseen")
    expect(page.locator("#align-reward input")).to_have_value("taste")

    page.locator("#align-name input, #align-name textarea").first.fill("liked")
    page.locator("#align-advanced button").first.click()
    # Each method has its own defaults.
    for method, epochs in (("KTO", "1"), ("DPO", "2")):
        page.locator("#align-method label").filter(has_text=method).first.click()
        expect(page.locator("#align-epochs input")).to_have_value(epochs)
    page.locator("#align-epochs input").fill("1")
    page.locator("#align-compared-prompts input").fill("4")
    page.click("#align-begin")
    expect(page.locator("#align-job")).to_contain_text("liked")
    expect(page.locator("#align-job")).to_contain_text("finished", timeout=JOB_MS)
    expect(page.locator("#align-result")).to_contain_text("liked against base")
    expect(page.locator("#align-result")).to_contain_text("the reward model it learned from")
    expect(page.locator("#align-rounds")).to_contain_text("base → liked")
    expect(page.locator("#align-answers")).to_contain_text("What is")
    screenshot(page, "align")

    # People see both, blind, and their choice is counted.
    page.click("#align-offer")
    expect(page.locator("#chat-against input")).to_have_value("liked")
    ask_for_two(page, "What is silk?", 2)
    choose(page, "right")
    expect(page.locator("#chat-view [data-model=liked]")).to_be_visible()
    choice = studio.store.feedback.standing(Choice)[-1]
    assert {studio.store.feedback.get(side).model for side in (choice.left_id, choice.right_id)} == {
        "base",
        "liked",
    }
    open_tab(page, "Align")
    expect(page.locator("#align-rounds")).to_contain_text(" of 1")

    # The reward model looks on in the chat, and picks the best of several.
    open_tab(page, "Chat & vote")
    page.get_by_label("One answer").check()
    page.locator("#chat-reward input").click()
    page.get_by_role("option", name="taste").click()
    expect(page.locator("#chat-view .ft-gauge").first).to_be_visible(timeout=ANSWER_MS)
    page.locator("#chat-tries input[type=number]").fill("2")
    ask_for_two(page, "What is tea?", 3)
    scored = page.locator('#chat-view .ft-gauge[title^="The reward model taste scores this answer"]')
    expect(scored.last).to_be_visible(timeout=ANSWER_MS)
