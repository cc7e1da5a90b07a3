import dataclasses
import hashlib
import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from ftdemo.errors import SourceError
from ftdemo.models import FetchProgress, ensure_base_model, hub
from ftdemo.settings import Settings

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = bytes(range(256)) * 1000
WHOLE = {
    ".gitattributes": b"*.safetensors filter=lfs",
    "README.md": b"# A tiny model",
    "config.json": b'{"model_type": "tiny"}',
    "tokenizer.json": b'{"version": "1.0"}',
    "tokenizer_config.json": b"{}",
    "chat_template.jinja": b"{{ messages }}",
    "model.safetensors": WEIGHTS,
    "pytorch_model.bin": b"x" * 5000,
    "onnx/model.onnx": b"x" * 5000,
}


class Hub(ThreadingHTTPServer):
    """Plays the Hub: model info, the list of files, and the files.

    While `breaks_off` is set, the weights come half, and no more of them.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[str, dict[str, bytes]] = {
            "tiny/model": WHOLE,
            "tiny/no-weights": {name: WHOLE[name] for name in ("config.json", "pytorch_model.bin")},
        }
        self.status: dict[str, tuple[int, str]] = {"tiny/gated": (403, "GatedRepo"), "tiny/broken": (418, "")}
        self.breaks_off = False
        self.served: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        api = parts[:2] == ["api", "models"]
        if api:
            parts = parts[2:]
        name, rest = "/".join(parts[:2]), parts[2:]
        files = self.server.repositories.get(name)
        if files is None:
            status, code = self.server.status.get(name, (404, "RepoNotFound"))
            self.answer(b"", status, {"X-Error-Code": code, "X-Error-Message": "not for you"})
        elif api and rest[:1] == ["tree"]:
            self.answer_json([{"type": "file", "path": path, **_sizes(files[path])} for path in files])
        elif api:
            siblings = [{"rfilename": path, **_sizes(files[path])} for path in files]
            self.answer_json({"id": name, "modelId": name, "sha": COMMIT, "siblings": siblings})
        elif rest[:1] == ["resolve"] and "/".join(rest[2:]) in files:
            self.send_file("/".join(rest[2:]), files["/".join(rest[2:])])
        else:
            self.answer(b"", 404, {"X-Error-Code": "EntryNotFound"})

    def send_file(self, path: str, content: bytes) -> None:
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{_etag(content)}"', "Accept-Ranges": "bytes"}
        if self.command == "GET":
            self.server.served.append(path)
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
        if path == "model.safetensors" and self.command == "GET" and self.server.breaks_off:
            if start:
                self.answer(b"", 418, {})
                return
            self.send_response(200)
            for key, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.answer(content[start:], 206 if start else 200, headers)

    def answer_json(self, value: object) -> None:
        self.answer(json.dumps(value).encode(), 200, {"Content-Type": "application/json"})

    def answer(self, content: bytes, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *arguments: Any) -> None:
        pass


def _etag(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def _sizes(content: bytes) -> dict[str, Any]:
    return {"size": len(content), "oid": _etag(content), "blobId": _etag(content)}


@pytest.fixture
def server() -> Iterator[Hub]:
    server = Hub()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def point_to(url: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this process and those it starts take a URL for the Hub, with an empty cache."""
    for name in (
        "HF_TOKEN",
        "HF_HUB_OFFLINE",
        "TRANSFORMERS_OFFLINE",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", url)
    monkeypatch.setenv("HF_HOME", str(cache))
    monkeypatch.setenv("HF_HUB_CACHE", str(cache / "hub"))
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    constants = "huggingface_hub.constants."
    monkeypatch.setattr(constants + "ENDPOINT", url)
    monkeypatch.setattr(constants + "HF_HUB_CACHE", str(cache / "hub"))
    monkeypatch.setattr(constants + "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants + "HF_TOKEN_PATH", str(cache / "token"))


@pytest.fixture
def online(settings: Settings, server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings for a machine that reaches the Hub of this test."""
    point_to(server.url, tmp_path / "hf-home", monkeypatch)
    return dataclasses.replace(settings, offline=False, base_model="tiny/model", source_timeout=10)


def quiet(progress: FetchProgress) -> None:
    pass


def test_model_ends_in_the_cache_with_the_files_wanted(online: Settings, server: Hub) -> None:
    assert hub.find_cached("tiny/model") is None
    reports: list[FetchProgress] = []
    found = ensure_base_model(online, reports.append)
    assert found.source == "the Hugging Face cache"
    assert found.folder == hub.find_cached("tiny/model")
    files = {
        path.relative_to(found.folder).as_posix(): path.read_bytes()
        for path in found.folder.rglob("*")
        if path.is_file()
    }
    unwanted = {".gitattributes", "README.md", "pytorch_model.bin", "onnx/model.onnx"}
    assert files == {name: content for name, content in WHOLE.items() if name not in unwanted}
    assert str(reports[0]) == "the Hugging Face Hub: asking for tiny/model"

    asked = len(server.served)
    assert ensure_base_model(online) == found
    assert len(server.served) == asked


def test_download_that_broke_off_is_not_used_and_is_completed_later(online: Settings, server: Hub) -> None:
    server.breaks_off = True
    reason = hub.fetch("tiny/model", online, quiet)
    assert reason is not None
    assert reason.startswith("the download broke off (")
    assert hub.find_cached("tiny/model") is None
    small_files = server.served.count("tokenizer.json")

    server.breaks_off = False
    assert hub.fetch("tiny/model", online, quiet) is None
    folder = hub.find_cached("tiny/model")
    assert folder is not None
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert server.served.count("tokenizer.json") == small_files


def test_cached_model_with_a_file_missing_is_not_used(online: Settings) -> None:
    folder = ensure_base_model(online).folder
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"):
        blob = (folder / name).readlink()
        (folder / name).unlink()
        assert hub.find_cached("tiny/model") is None, name
        (folder / name).symlink_to(blob)
    assert hub.find_cached("tiny/model") == folder


def test_cached_model_without_its_weights_is_not_used_where_no_list_of_files_tells(
    online: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = ensure_base_model(online).folder.parent.parent
    copy = tmp_path / "copy" / repository.name  # as what fetches single files leaves it: without a list
    shutil.copytree(repository, copy, symlinks=True, ignore=shutil.ignore_patterns("trees"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(copy.parent))
    folder = hub.find_cached("tiny/model")
    assert folder is not None
    assert folder.is_relative_to(copy)
    (folder / "model.safetensors").unlink()
    assert hub.find_cached("tiny/model") is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("tiny/missing", "there is no model of that name, or it is private and HF_TOKEN is not set"),
        ("tiny/no-weights", "the model has no weights in the safetensors format"),
        ("tiny/gated", "the model is gated: accept its terms on its page and set HF_TOKEN"),
    ],
)
def test_model_that_cannot_be_had(online: Settings, name: str, reason: str) -> None:
    assert hub.fetch(name, online, quiet) == reason
    with pytest.raises(SourceError) as caught:
        ensure_base_model(dataclasses.replace(online, base_model=name))
    assert f"the Hugging Face Hub: {reason}" in caught.value.message
    assert hub.find_cached(name) is None


def test_other_refusal_is_told_in_a_line(online: Settings) -> None:
    reason = hub.fetch("tiny/broken", online, quiet)
    assert reason is not None
    assert "418" in reason
    assert "\n" not in reason


def test_hub_that_accepts_and_never_answers_is_passed_over(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        point_to(f"http://127.0.0.1:{silent.getsockname()[1]}", tmp_path / "hf-home", monkeypatch)
        patient = dataclasses.replace(settings, offline=False, source_timeout=0.5)
        began = time.monotonic()
        reason = hub.fetch("tiny/model", patient, quiet)
        assert time.monotonic() - began < 0.5 + 1 + 2
    assert reason in {"it did not answer in time", "no answer within 0.5 s"}


def test_name_that_is_looked_up_for_ever_is_passed_over(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def look_up(*arguments: Any, **options: Any) -> list[Any]:
        released.wait(20)
        raise socket.gaierror("released")

    point_to("http://hub.invalid", tmp_path / "hf-home", monkeypatch)
    monkeypatch.setattr("socket.getaddrinfo", look_up)
    began = time.monotonic()
    try:
        reason = hub.fetch(
            "tiny/model", dataclasses.replace(settings, offline=False, source_timeout=0.3), quiet
        )
        assert time.monotonic() - began < 0.3 + 1 + 2
    finally:
        released.set()
    assert reason == "no answer within 0.3 s"


def test_hub_that_cannot_be_reached_is_passed_over(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    point_to(f"http://127.0.0.1:{port}", tmp_path / "hf-home", monkeypatch)
    online = dataclasses.replace(settings, offline=False, source_timeout=5)
    assert hub.fetch("tiny/model", online, quiet) == "it cannot be reached"


def test_offline_asks_nobody(online: Settings, server: Hub) -> None:
    assert hub.fetch("tiny/model", dataclasses.replace(online, offline=True), quiet) == "offline mode is set"
    assert server.served == []
