"""The Tune tab: a job is started, watched and stopped, while chat goes on; then the model is renamed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .conftest import App, expect_error, open_tab

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.slow]

START_MS = 240_000


def fill_name(page: Page, name: str) -> None:
    page.locator("#tune-name input, #tune-name textarea").fill(name)


def test_a_job_is_watched_and_stopped_while_chat_goes_on(
    app: App, page: Page, screenshot: Callable[[Page, str], None]
) -> None:
    open_tab(page, "Samples")
    page.click("#samples-load-example")
    expect(page.locator("#samples-table")).to_contain_text("Pavan Belagatti")
    open_tab(page, "Tune")
    expect(page.locator("#tune-samples input")).to_have_value("pavan_belagatti")
    fill_name(page, "a/b")
    page.click("#tune-start")
    expect_error(page, "has the character '/'")

    fill_name(page, "mine")
    page.get_by_label("thorough").check()
    page.click("#tune-start")
    card = page.locator("#tune-job")
    expect(card).to_contain_text("mine on pavan_belagatti")
    expect(card).to_contain_text("Time left", timeout=START_MS)
    expect(page.locator("#status")).to_contain_text("step")
    expect(page.locator("#tune-plot svg, #tune-plot canvas").first).to_be_visible()
    screenshot(page, "tune-running")

    open_tab(page, "Compare")
    page.locator("#compare-question textarea").fill("What is the capital of France?")
    page.click("#compare-ask")
    expect(page.locator("#compare-view .ft-text")).to_contain_text("Paris", timeout=START_MS)

    page.reload()
    open_tab(page, "Tune")
    expect(card).to_contain_text("running")
    page.click("#tune-stop")
    expect(card).to_contain_text("stopped", timeout=START_MS)
    expect(page.locator("#tune-jobs")).to_contain_text("stopped")

    open_tab(page, "Models")
    details = page.locator("#models-details")
    expect(details).to_contain_text("pavan_belagatti")
    screenshot(page, "models")
    page.locator("#models-new-name input, #models-new-name textarea").fill("renamed")
    page.click("#models-rename")
    expect(details.locator("h3")).to_have_text("renamed")

    open_tab(page, "Tune")
    fill_name(page, "renamed")
    page.click("#tune-start")
    expect_error(page, "There is a tuned model named 'renamed' already.")

    open_tab(page, "Models")
    page.click("#models-remove")
    expect(details).to_contain_text("No tuned models yet")
