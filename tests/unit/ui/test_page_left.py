"""A page that is closed: whatever it had begun ends. And what it does at once does not end each other."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from ftdemo.errors import UserError
from ftdemo.settings import Settings
from ftdemo.studio import Studio
from ftdemo.ui.feedback import actions as feedback_actions
from ftdemo.ui.page import build
from ftdemo.ui.samples import actions as samples_actions

READ = {
    "file": "file.csv", "hub": "", "file_format": "auto", "shape": "auto", "encoding": "",
    "question_column": "", "answer_column": "", "share": 0.0, "seed": 0,
}  # fmt: skip
PAGE, OTHER = SimpleNamespace(session_hash="page"), SimpleNamespace(session_hash="other page")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio(Settings(tmp_path_factory.mktemp("data"), offline=True))


@pytest.fixture(scope="module")
def handlers(studio: Studio) -> dict[str, Callable[..., Any]]:
    """The page's event handlers by name; of those that share one, the last."""
    handlers = build(studio.settings, studio).fns.values()
    return {str(handler.name): handler.fn for handler in handlers if handler.fn is not None}


@pytest.mark.parametrize(
    ("library", "method", "action", "inputs"),
    [
        ("samples", "check", samples_actions.check, (READ,)),
        ("samples", "add", samples_actions.add, ({"name": ""}, READ)),
        ("feedback", "import_file", feedback_actions.bring, ("file.jsonl",)),
    ],
)
def test_reading_a_file_ends_with_the_page(
    studio: Studio, handlers: dict[str, Callable[..., Any]], monkeypatch: pytest.MonkeyPatch,
    library: str, method: str, action: Callable[..., Any], inputs: tuple[object, ...],
) -> None:  # fmt: skip
    read: list[int] = []

    def reads(*given: Any, **named: Any) -> None:
        progress = named.get("progress") or given[-1]
        for rows, leaving in ((500, None), (1000, OTHER), (1500, PAGE), (2000, None)):
            progress(rows, 0.5)
            read.append(rows)
            if leaving is not None:
                handlers["left"](leaving)

    monkeypatch.setattr(getattr(studio, library), method, reads)
    monkeypatch.setattr(gr.Progress, "__call__", lambda *given, **named: None)
    with pytest.raises(UserError, match="The import was cancelled"):
        action(studio, *inputs, request=PAGE)
    assert read == [500, 1000, 1500]


def test_the_buttons_of_a_tab_end_its_own_work_only(studio: Studio) -> None:
    stops = [
        handler.fn
        for handler in build(studio.settings, studio).fns.values()
        if handler.name in ("cancel", "stop") and handler.fn is not None
    ]
    ended = []
    for stop in stops:
        tasks = ("compare", "chat", "check samples", "import samples", "import feedback", "tour: before")
        running = {task: studio.cancellable("page", task) for task in tasks}
        events = {task: context.__enter__() for task, context in running.items()}
        stop(PAGE)
        ended.append([task for task, event in events.items() if event.is_set()])
        for context in running.values():
            context.__exit__(None, None, None)
    assert sorted(ended) == [["chat"], ["check samples", "import samples"], ["compare"]]
