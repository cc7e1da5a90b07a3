"""The guided tour on the real model: ask, load, tune, ask again."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .conftest import App

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.slow]

TUNING_MS = 400_000


def test_the_tour_changes_the_answer_and_survives_a_reload_and_a_restart(
    app: App, page: Page, screenshot: Callable[[Page, str], None]
) -> None:
    before, after = page.locator("#tour-before"), page.locator("#tour-after")
    screenshot(page, "tour-0-start")
    page.click("#tour-do-before")
    expect(before.locator(".ft-figures")).to_contain_text("cut off at the token limit", timeout=90_000)
    expect(before.locator(".ft-text")).to_contain_text("Pavan Belagatti is")
    expect(before.locator(".ft-text")).not_to_contain_text("SingleStore")
    screenshot(page, "tour-1-base-answer")

    page.click("#tour-do-samples")
    expect(page.locator("#tour-samples tr")).to_have_count(13)  # a header, 8 to learn from, 4 held out
    page.click("#tour-do-job")
    expect(page.locator("#tour-job")).to_contain_text("left", ignore_case=True, timeout=120_000)
    screenshot(page, "tour-2-tuning")

    # Neither the page nor the web process holds the job: both go away in the middle of it.
    app.restart()
    page.reload()
    expect(page.locator("#tour-job")).to_contain_text("running")
    expect(before.locator(".ft-text")).to_contain_text("Pavan Belagatti is")
    expect(page.locator("#tour-job")).to_contain_text("finished", timeout=TUNING_MS)

    page.click("#tour-do-after")
    expect(after.locator(".ft-text")).to_contain_text("SingleStore", timeout=90_000)
    expect(before.locator(".ft-text")).not_to_contain_text("SingleStore")
    page.click("#tour-ask-unrelated")
    sides = page.locator("#tour-unrelated .ft-side")
    expect(sides).to_have_count(2)
    for side in sides.all():
        expect(side.locator(".ft-text")).to_contain_text("Paris", timeout=90_000)
        expect(side.locator(".ft-figures")).to_contain_text("first token after")
    expect(page.locator("#tour-do-after")).to_contain_text("✓")
    screenshot(page, "tour-3-after")

    page.reload()
    expect(after.locator(".ft-text")).to_contain_text("SingleStore")
    expect(page.locator("#tour-unrelated .ft-side")).to_have_count(2)
