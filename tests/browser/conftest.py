"""The app in a process of its own, and Chromium to look at it."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from ftdemo.settings import REPOSITORY, Settings, child_environment
from tests.own_data import own_settings

SCREENSHOTS = REPOSITORY / "tests" / "artifacts" / "screenshots"
START_S = 90
expect.set_options(timeout=60_000)  # no test waits for as long, but on a machine that has much else to do


@dataclass
class App:
    """A running app: where it is, and how to end it as a crash would."""

    url: str
    settings: Settings
    process: "subprocess.Popen[str]"

    def restart(self) -> None:
        """Kill the web process and start it again on the same port; workers live on."""
        self.process.kill()
        self.process.wait()
        self.process = _start(self.settings, int(self.url.rsplit(":", 1)[1]))


@pytest.fixture(scope="module")
def app(module_settings: Settings) -> Iterator[App]:
    """An app for the tests of one file."""
    with _running(module_settings) as app:
        yield app


@pytest.fixture(scope="session")
def common_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app for the files whose tests are of different tabs, and see nothing of each other's traces."""
    with _running(own_settings(tmp_path_factory.mktemp("common"))) as app:
        yield app


@contextmanager
def _running(settings: Settings) -> Iterator[App]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = App(f"http://127.0.0.1:{port}", settings, _start(settings, port))
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def _start(settings: Settings, port: int) -> "subprocess.Popen[str]":
    environment = {**child_environment(settings), "GRADIO_SERVER_PORT": str(port)}
    with (settings.data / "app.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=REPOSITORY, env=environment, stdout=log, stderr=log, text=True
        )
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                return process
        except OSError:
            assert process.poll() is None, (settings.data / "app.log").read_text()
            time.sleep(0.2)
    raise AssertionError("the app did not start: " + (settings.data / "app.log").read_text())


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium where it is installed, else the one that Playwright downloaded."""
    installed = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=installed,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(app: App, browser: Browser) -> Iterator[Page]:
    """A page that has loaded; what the page logs as errors fails the test."""
    errors: list[str] = []
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(app.url)
    expect(opened.locator("#status .ft-status")).to_be_visible()
    yield opened
    opened.close()
    assert errors == []


@pytest.fixture
def screenshot() -> Callable[[Page, str], None]:
    """Keeps a picture of the page among the test artefacts."""

    def take(page: Page, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return take


def open_tab(page: Page, name: str) -> None:
    """Go to a tab; on a narrow page some are behind the '…' button, once the page has measured itself."""
    expect(page.locator("#status .ft-status")).to_be_visible()
    tab = page.get_by_role("tab", name=name, exact=True)
    behind = page.locator(".overflow-dropdown").get_by_text(name, exact=True)
    for _ in range(10):
        # Where a tab is may change between the look and the click.
        with suppress(PlaywrightTimeoutError):
            if tab.is_visible():
                return tab.click(timeout=5000)
            if not behind.is_visible():
                page.locator(".overflow-menu > button").click(timeout=5000)
            return behind.click(timeout=5000)
    raise AssertionError(f"The tab {name} cannot be reached.")


def expect_error(page: Page, sentence: str | re.Pattern[str]) -> None:
    """The page shows an error with these words; close it."""
    toast = page.locator(".toast-body.error").filter(has_text=sentence)
    expect(toast.first).to_be_visible()
    assert "Traceback" not in toast.first.inner_text()
    for close in toast.locator(".toast-close").all():
        close.click()


def upload(page: Page, path: Path) -> None:
    """Choose a samples file."""
    page.locator("#samples-file input[type=file]").set_input_files(path)
