"""The Compare tab: answers stream, stop, keep their history; and a page that fits a phone."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from ftdemo.studio import Studio

from .conftest import App, expect_error, open_tab

pytestmark = [pytest.mark.browser, pytest.mark.model]

ANSWER_MS = 90_000
TABS = ("Start here", "Samples", "Tune", "Compare", "Chat & vote", "Feedback", "Align", "Models")


@pytest.fixture(scope="module")
def app(common_app: App) -> App:
    return common_app


@pytest.fixture
def compare_page(page: Page) -> Page:
    open_tab(page, "Compare")
    return page


def ask(page: Page, question: str) -> None:
    page.locator("#compare-question textarea").fill(question)
    page.click("#compare-ask")


def test_an_answer_streams_with_its_figures_and_the_history_goes_on(
    compare_page: Page, screenshot: Callable[[Page, str], None]
) -> None:
    page = compare_page
    ask(page, "What is the capital of France?")
    side = page.locator("#compare-view .ft-side")
    expect(side.locator(".ft-text")).to_have_text("The capital of France is Paris.", timeout=ANSWER_MS)
    expect(side.locator(".ft-figures")).to_contain_text("tokens/s · first token after")
    ask(page, "And of Italy?")
    expect(page.locator("#compare-view .ft-question")).to_have_count(2, timeout=ANSWER_MS)
    expect(side.nth(1).locator(".ft-figures")).to_contain_text("tokens/s", timeout=ANSWER_MS)
    expect(side.nth(1).locator(".ft-text.ft-cursor")).to_have_count(0, timeout=ANSWER_MS)
    screenshot(page, "compare")

    page.reload()
    open_tab(page, "Compare")
    expect(page.locator("#compare-view .ft-question")).to_have_count(2)
    page.click("#compare-clear")
    expect(page.locator("#compare-view .ft-question")).to_have_count(0)


def test_an_answer_is_kept_as_a_sample_after_it_was_corrected(app: App, compare_page: Page) -> None:
    page = compare_page
    ask(page, "What is the capital of France?")
    expect(page.locator("#compare-view .ft-text")).to_contain_text("Paris", timeout=ANSWER_MS)
    expect(page.locator("#compare-ask")).to_be_enabled(timeout=ANSWER_MS)
    page.get_by_text("Keep an answer as a sample").click()
    page.click("#keep-take")
    expect(page.locator("#keep-answer textarea")).to_have_value("The capital of France is Paris.")
    page.locator("#keep-answer textarea").fill("Paris.")
    page.click("#keep-save")
    expect(page.locator("#keep-told")).to_contain_text("Saved in from-chat, version 1.")
    kept = Studio(app.settings).samples.samples("from-chat")
    assert [(sample.question, sample.answer) for sample in kept] == [
        ("What is the capital of France?", "Paris.")
    ]
    page.click("#keep-save")
    expect_error(page, "says the same as one in the set")


def test_stop_ends_the_answer_and_keeps_what_there_is(compare_page: Page) -> None:
    page = compare_page
    # Long enough that it goes on when the button is clicked, however slow the page.
    page.get_by_text("Generation settings (the same for every side)").click()
    page.locator("#compare-max-new-tokens input[type=number]").fill("1000")
    ask(page, "Tell me a very long story about the sea, with many ships in it.")
    figures = page.locator("#compare-view .ft-figures")
    expect(figures).to_contain_text("tokens/s", timeout=ANSWER_MS)
    page.click("#compare-stop")
    expect(figures).to_contain_text("stopped", timeout=ANSWER_MS)
    expect(page.locator("#compare-view .ft-text")).not_to_be_empty()


def test_html_in_a_question_stays_text(compare_page: Page) -> None:
    page = compare_page
    ask(page, "<img src=x onerror=\"document.title='hacked'\"> Repeat that.")
    expect(page.locator("#compare-view .ft-question")).to_contain_text("<img src=x", timeout=ANSWER_MS)
    expect(page.locator("#compare-view .ft-figures")).to_contain_text("tokens/s", timeout=ANSWER_MS)
    assert page.locator("#compare-view img").count() == 0
    assert page.title() == "ftdemo"


def test_an_empty_question_is_one_sentence(compare_page: Page) -> None:
    ask(compare_page, "   ")
    expect_error(compare_page, "The question is empty. Type a question.")
    # Another question can be asked.
    expect(compare_page.locator("#compare-ask")).to_be_enabled()


@pytest.fixture(scope="module", params=["light", "dark"])
def phone(app: App, browser: Browser, request: pytest.FixtureRequest) -> Iterator[tuple[Page, str]]:
    """A page on a narrow screen, and its theme."""
    page = browser.new_page(viewport={"width": 400, "height": 860})
    page.goto(f"{app.url}/?__theme={request.param}")
    yield page, request.param
    page.close()


@pytest.mark.parametrize("tab", TABS)
def test_a_phone_does_not_scroll_sideways(
    phone: tuple[Page, str], tab: str, screenshot: Callable[[Page, str], None]
) -> None:
    page, theme = phone
    open_tab(page, tab)
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    screenshot(page, f"phone-{tab.lower().replace(' ', '-')}-{theme}")
