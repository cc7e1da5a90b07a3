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

    estimate = page.locator("#tune-estimate")
    expect(estimate).to_contain_text("4.9 M of 139 M")
    expect(page.locator("#tune-unavailable")).to_contain_text("QLoRA")
    page.get_by_role("radio", name="Full", exact=True).check()
    expect(estimate).to_contain_text("(100.0%)")
    page.get_by_role("radio", name="LoRA", exact=True).check()
    expect(estimate).to_contain_text("4.9 M of 139 M")

    fill_name(page, "mine")
    page.get_by_label("thorough").check()
    page.click("#tune-start")
    card = page.locator("#tune-job")
    expect(card).to_contain_text("mine on pavan_belagatti")
    expect(card).to_contain_text("Time left", timeout=START_MS)
    expect(page.locator("#status")).to_contain_text("step")
    # Both curves are drawn, and the model's answers are shown as it learns.
    expect(page.locator("#tune-plot .mark-line path")).to_have_count(2)
    expect(page.locator("#tune-answers")).to_contain_text("Pavan Belagatti", timeout=START_MS)
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


def test_a_job_is_paused_resumed_compared_and_done_again(
    app: App, page: Page, screenshot: Callable[[Page, str], None]
) -> None:
    open_tab(page, "Samples")
    page.click("#samples-load-example")
    expect(page.locator("#samples-table")).to_contain_text("Pavan Belagatti")
    open_tab(page, "Tune")
    expect(page.locator("#tune-samples input")).to_have_value("pavan_belagatti")
    card = page.locator("#tune-job")
    for name, method in (("blocks", "Feature-based"), ("small", "LoRA")):
        page.get_by_role("radio", name=method, exact=True).check()
        page.get_by_label("quick").check()
        fill_name(page, name)
        page.click("#tune-start")
        expect(card).to_contain_text(f"{name} on pavan_belagatti")
    expect(page.locator("#tune-jobs")).to_contain_text("queued")
    page.locator("#tune-jobs").get_by_role("gridcell", name="blocks").click()
    expect(card).to_contain_text("Time left", timeout=START_MS)
    page.click("#tune-pause")
    expect(card).to_contain_text("paused", timeout=START_MS)
    page.click("#tune-resume")
    expect(card).to_contain_text("finished", timeout=START_MS)
    page.locator("#tune-jobs").get_by_role("gridcell", name="small").click()
    expect(card).to_contain_text("small on pavan_belagatti")
    expect(card).to_contain_text("finished", timeout=START_MS)

    page.get_by_text("Run sheet").click()
    expect(page.locator("#tune-sheet")).to_contain_text("torch version")
    page.get_by_text("Compare runs").click()
    for name in (": blocks", ": small"):
        page.locator("#tune-compare-jobs input").click()
        page.locator("ul[role=listbox] li", has_text=name).click()
    expect(page.locator("#tune-differences")).to_contain_text("trainable parameters")
    expect(page.locator("#tune-compare-plot .mark-line path")).to_have_count(6)
    page.keyboard.press("Escape")
    screenshot(page, "tune-compared")

    page.locator("#tune-jobs").get_by_role("gridcell", name="blocks").click()
    page.click("#tune-again")
    expect(page.get_by_role("radio", name="Feature-based", exact=True)).to_be_checked()
    expect(page.locator("#tune-estimate")).to_contain_text("28.3 M")
    page.click("#tune-remove")
    expect(page.locator("#tune-jobs")).not_to_contain_text("blocks")
