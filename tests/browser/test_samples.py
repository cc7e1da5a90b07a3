"""The Samples tab: a good file, and every way a file can be bad."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ftdemo.studio import Studio

from .conftest import App, expect_error, open_tab, upload

pytestmark = [pytest.mark.browser, pytest.mark.model]

GOOD = 'question,answer\nWhat is red?,A colour.\n"What, then, is ""blue""?",A colour too.\n,nothing asked\n'


@pytest.fixture
def samples_page(page: Page) -> Page:
    open_tab(page, "Samples")
    return page


def names(app: App) -> list[str]:
    return [saved.name for saved in Studio(app.settings).samples.all()]


def edit_cell(page: Page, old: str, new: str) -> None:
    """Type over a cell of the table of saved samples."""
    cells = page.locator("#samples-table")
    cells.get_by_role("gridcell", name=old).dblclick()
    expect(cells.locator("textarea, input").first).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type(new)
    page.keyboard.press("Enter")
    expect(cells.get_by_role("gridcell", name=new)).to_be_visible()


def keep_changes(page: Page, version: int) -> None:
    """Save what was edited, and see that it became that version."""
    page.click("#samples-keep")
    expect(page.locator("#samples-heading")).to_contain_text(f"version {version}")


def test_a_file_is_reported_on_saved_shown_and_removed(
    app: App, samples_page: Page, tmp_path: Path, screenshot: Callable[[Page, str], None]
) -> None:
    page = samples_page
    file = tmp_path / "colours.csv"
    file.write_text(GOOD)
    upload(page, file)
    report = page.locator("#samples-report")
    expect(report).to_contain_text("has nothing in the column 'question'.")
    expect(report).to_contain_text("<|im_start|>assistant")
    assert "colours" not in names(app), "nothing is saved before it is asked for"
    page.click("#samples-save")
    expect(page.locator("#samples-table")).to_contain_text('What, then, is "blue"?')
    expect(page.locator("#samples-chosen input")).to_have_value("colours")
    screenshot(page, "samples")
    assert "colours" in names(app)

    page.reload()
    open_tab(page, "Samples")
    expect(page.locator("#samples-chosen input")).to_have_value("colours")
    page.click("#samples-remove")
    expect(page.locator("#samples-table")).not_to_contain_text("blue")
    assert "colours" not in names(app)


def test_a_set_that_is_saved_is_chosen_whatever_was_before(
    app: App, samples_page: Page, tmp_path: Path
) -> None:
    page, samples = samples_page, Studio(app.settings).samples
    file = tmp_path / "before.csv"
    file.write_text("question,answer\nWhat is old?,Not new.\n")
    samples.add(str(file), "before")
    chosen, table = page.locator("#samples-chosen input"), page.locator("#samples-table")
    expect(table).to_contain_text("Not new.")
    for name in ("one", "two"):
        file = tmp_path / f"{name}.csv"
        file.write_text(f"question,answer\nWhat is {name}?,The answer {name}.\n")
        upload(page, file)
        expect(page.locator("#samples-report")).to_contain_text("Rows kept")
        page.click("#samples-save")
        expect(table).to_contain_text(f"The answer {name}.")
        expect(chosen).to_have_value(name)
        page.wait_for_timeout(1500)  # what the page hears of the change later does not undo the choice
        expect(chosen).to_have_value(name)
        expect(table).to_contain_text(f"The answer {name}.")
    page.click("#samples-remove")
    expect(table).not_to_contain_text("The answer two.")
    expect(chosen).to_have_value("one")
    for name in ("one", "before"):
        samples.remove(name)


def test_a_cell_is_edited_in_place_saved_as_a_version_and_undone(
    app: App, samples_page: Page, tmp_path: Path
) -> None:
    page, samples = samples_page, Studio(app.settings).samples
    file = tmp_path / "edited.csv"
    file.write_text(GOOD)
    upload(page, file)
    expect(page.locator("#samples-report")).to_contain_text("Rows kept")
    page.click("#samples-save")
    expect(page.locator("#samples-heading")).to_contain_text("version 1")
    edit_cell(page, "A colour too.", "The colour of the sky.")
    keep_changes(page, version=2)
    assert [sample.answer for sample in samples.samples("edited")] == ["A colour.", "The colour of the sky."]
    page.click("#samples-undo")
    expect(page.locator("#samples-heading")).to_contain_text("version 3")
    expect(page.locator("#samples-table")).to_contain_text("A colour too.")
    assert [sample.answer for sample in samples.samples("edited")] == ["A colour.", "A colour too."]
    samples.remove("edited")


def test_what_is_being_edited_stays_when_something_else_changes(
    app: App, samples_page: Page, tmp_path: Path
) -> None:
    page, samples = samples_page, Studio(app.settings).samples
    file = tmp_path / "stays.csv"
    file.write_text(GOOD)
    samples.add(str(file), "stays")
    expect(page.locator("#samples-table")).to_contain_text("A colour too.")
    edit_cell(page, "A colour too.", "The colour of the sky.")

    samples.add(str(file), "another")
    page.click("#samples-chosen input")
    expect(page.get_by_role("option", name="another")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#samples-table")).to_contain_text("The colour of the sky.")
    keep_changes(page, version=2)
    assert [sample.answer for sample in samples.samples("stays")] == ["A colour.", "The colour of the sky."]
    samples.remove("stays")
    samples.remove("another")


def test_pasted_rows_are_checked_and_saved(app: App, samples_page: Page) -> None:
    page = samples_page
    page.get_by_text("Paste or type instead").click()
    page.locator("#samples-pasted textarea").fill("question\tanswer\nWhat is green?\tA colour.\n")
    page.click("#samples-use-pasted")
    expect(page.locator("#samples-report")).to_contain_text("What is green?")
    page.locator("#samples-name input, #samples-name textarea").fill("pasted rows")
    page.click("#samples-save")
    expect(page.locator("#samples-chosen input")).to_have_value("pasted rows")
    Studio(app.settings).samples.remove("pasted rows")


@pytest.mark.slow
def test_a_long_import_is_cancelled_and_leaves_nothing(app: App, samples_page: Page, tmp_path: Path) -> None:
    page = samples_page
    file = tmp_path / "long.jsonl"
    with file.open("w") as lines:
        for number in range(60_000):
            question = f"What is {number}, {'so to say' * 20}?"
            lines.write(json.dumps({"question": question, "answer": "x" * 200}) + "\n")
    upload(page, file)
    expect(page.locator("#samples-report")).to_contain_text("rows read", timeout=60_000)
    page.click("#samples-cancel")
    expect_error(page, "The import was cancelled. Nothing was saved.")
    assert "long" not in names(app)


def test_a_large_set_is_shown_in_pages(app: App, samples_page: Page, tmp_path: Path) -> None:
    page = samples_page
    file = tmp_path / "many.csv"
    topics = [f"{a} {b}" for a in ("red", "green", "blue", "grey") for b in range(15)]
    file.write_text("question,answer\n" + "".join(f"What is {t}?,It is {t}.\n" for t in topics))
    upload(page, file)
    expect(page.locator("#samples-report")).to_contain_text("Rows kept")
    page.click("#samples-save")
    heading = page.locator("#samples-heading")
    expect(heading).to_contain_text("1 to 25 of 60")
    page.click("#samples-forward")
    expect(heading).to_contain_text("26 to 50 of 60")
    page.click("#samples-back")
    expect(heading).to_contain_text("1 to 25 of 60")
    Studio(app.settings).samples.remove("many")


def test_an_example_is_loaded_with_a_click(app: App, samples_page: Page) -> None:
    samples_page.click("#samples-load-example")
    expect(samples_page.locator("#samples-table")).to_contain_text("Pavan Belagatti")
    assert "pavan_belagatti" in names(app)


def test_an_example_can_be_downloaded(samples_page: Page) -> None:
    samples_page.click("#samples-load-example")
    expect(samples_page.locator("#samples-table")).to_contain_text("Pavan Belagatti")
    with samples_page.expect_download() as download:
        samples_page.click("#samples-export")
    assert '"question": "Who is Pavan Belagatti?"' in Path(download.value.path()).read_text(encoding="utf-8")


BAD_FILES = {
    "picture.png": (b"\x89PNG\r\n\x1a\n\x00\x00", "picture.png is a picture"),
    "broken.json": (b'[{"question": "a", "answer": "b"},\n{"question": ', "not JSON"),
    "no_answer.csv": (b"question,reply_text\na,b\n", "answer"),
    "empty.csv": (b"question,answer\n", "no rows"),
    "nothing.json": (b"", "is empty"),
    "large.jsonl": (b"question,answer\n" * 7_000_000, "MB"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_one_sentence_with_a_remedy(
    app: App, samples_page: Page, tmp_path: Path, name: str
) -> None:
    before = names(app)
    content, words = BAD_FILES[name]
    file = tmp_path / name
    file.write_bytes(content)
    upload(samples_page, file)
    expect_error(samples_page, re.compile(words))
    assert names(app) == before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a/b", "has the character '/'"),
        ("x" * 300, "has 300 characters"),
        ("<img src=x onerror=alert(1)>", "has the character"),
    ],
)
def test_a_bad_name_is_one_sentence_and_the_file_stays(
    app: App, samples_page: Page, tmp_path: Path, name: str, words: str
) -> None:
    page = samples_page
    file = tmp_path / "colours.csv"
    file.write_text(GOOD)
    upload(page, file)
    expect(page.locator("#samples-report")).to_contain_text("Rows kept")
    page.locator("#samples-name input, #samples-name textarea").fill(name)
    page.click("#samples-save")
    expect_error(page, words)
    expect(page.locator("#samples-file")).to_contain_text("colours")

    page.locator("#samples-name input, #samples-name textarea").fill("fine name")
    page.click("#samples-save")
    expect(page.locator("#samples-chosen input")).to_have_value("fine name")
    Studio(app.settings).samples.remove("fine name")


def test_a_name_already_taken_is_refused(app: App, samples_page: Page, tmp_path: Path) -> None:
    file = tmp_path / "colours.csv"
    file.write_text(GOOD)
    Studio(app.settings).samples.add(file, "taken")
    upload(samples_page, file)
    expect(samples_page.locator("#samples-report")).to_contain_text("Rows kept")
    samples_page.locator("#samples-name input, #samples-name textarea").fill("taken")
    samples_page.click("#samples-save")
    expect_error(samples_page, "There is a sample set named 'taken' already.")
    Studio(app.settings).samples.remove("taken")
