"""The Feedback tab: figures, filters, what was said of an answer, changes, export and import."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ftdemo.studio import Studio

from .conftest import App, expect_error, open_tab

pytestmark = pytest.mark.browser

HOSTILE = "<script>document.title='hacked'</script> ![x](https://example.org/x.png) שלום " + "long " * 10_000


@pytest.fixture(scope="module")
def app(common_app: App) -> App:
    return common_app


@pytest.fixture(scope="module")
def studio(app: App) -> Studio:
    studio = Studio(app.settings)
    for number in range(12):
        studio.feedback.say(f"question {number}", "a short answer", "ada", model="base", vote="up")
        studio.feedback.say(f"question {number}", "a very long answer", "ada", model="mine", vote="down")
    studio.feedback.say("question 3", HOSTILE, "ben", model="mine", vote="down", comment="<b>why?</b>")
    return studio


def test_feedback_is_found_edited_and_deleted(
    page: Page, studio: Studio, screenshot: Callable[[Page, str], None]
) -> None:
    open_tab(page, "Feedback")
    expect(page.locator("#feedback-heading")).to_contain_text("1 to 20 of 25")
    expect(page.locator("#feedback-summary")).to_contain_text("13 from thumbs up and down")
    page.click("#feedback-forward")
    expect(page.locator("#feedback-heading")).to_contain_text("21 to 25 of 25")

    page.locator("#feedback-text input, #feedback-text textarea").first.fill("why?")
    page.keyboard.press("Enter")
    expect(page.locator("#feedback-heading")).to_contain_text("1 to 1 of 1")
    page.locator("#feedback-table").get_by_role("gridcell", name="mine").click()
    details = page.locator("#feedback-details")
    expect(details).to_contain_text("<script>document.title='hacked'</script> ![x]")
    expect(details).to_contain_text("“<b>why?</b>”")
    assert details.locator("script, img, b").count() == 0
    assert page.title() == "ftdemo"
    screenshot(page, "feedback")

    page.locator("#feedback-thumb input").click()
    page.get_by_role("option", name="up", exact=True).click()
    page.locator("#feedback-better textarea, #feedback-better input").first.fill("Short.")
    page.click("#feedback-save")
    expect(details).to_contain_text("would answer: “Short.”")
    (item,) = studio.feedback.list(limit=1).items
    assert [vote.vote for vote in item.votes] == ["up"]

    page.click("#feedback-remove")
    expect(details).to_be_empty()
    assert studio.feedback.list().total == 24


def test_feedback_goes_out_and_comes_back(page: Page, studio: Studio, tmp_path: Path) -> None:
    open_tab(page, "Feedback")
    page.get_by_text("Export and import").click()
    with page.expect_download() as waiting:
        page.click("#feedback-export")
    file = tmp_path / "feedback.jsonl"
    waiting.value.save_as(file)
    total = studio.feedback.list().total
    for item in studio.feedback.list(limit=1000).items:
        studio.feedback.remove(item.answer.id)
    page.click("#feedback-refresh")
    expect(page.locator("#feedback-summary")).to_contain_text("No feedback yet")
    page.locator("#feedback-import input[type=file]").set_input_files(file)
    expect(page.locator("#feedback-heading")).to_contain_text(f"of {total}")
    assert studio.feedback.list().total == total
    report = page.locator("#feedback-import-report")
    expect(report).to_contain_text(f"Read {total} rows, took {total}")

    pairs = tmp_path / "pairs.csv"
    pairs.write_text("id,input,chosen,rejected\n1,Who?,Ann.,Go.\n2,Where?,Here.,\n", encoding="utf-8")
    page.locator("#feedback-import button[aria-label='Clear']").click()
    page.locator("#feedback-import input[type=file]").set_input_files(pairs)
    expect(report).to_contain_text("Read 2 rows, took 1 (1 pairs), passed over 1.")
    expect(report).to_contain_text("Row 3 has nothing in the column 'rejected'.")
    expect(report).to_contain_text("Columns that were not used: id.")

    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"prompt": 1}\n', encoding="utf-8")
    page.reload()
    open_tab(page, "Feedback")
    page.get_by_text("Export and import").click()
    page.locator("#feedback-import input[type=file]").set_input_files(broken)
    expect_error(page, "broken.jsonl")


def test_what_cannot_be_filtered_is_one_sentence(page: Page) -> None:
    open_tab(page, "Feedback")
    page.locator("#feedback-since input, #feedback-since textarea").first.fill("yesterday")
    page.keyboard.press("Enter")
    expect_error(page, "'yesterday' is no day or time.")
