"""The named endpoints, called as another program would call them."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from ftdemo.settings import EXAMPLES_FOLDER, Settings
from ftdemo.studio import Studio
from ftdemo.ui import build

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def client(module_settings: Settings) -> Iterator[Client]:
    demo = build(module_settings, Studio(module_settings))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    demo.queue(default_concurrency_limit=None).launch(
        prevent_thread_lock=True, server_port=port, quiet=True, ssr_mode=False
    )
    yield Client(f"http://127.0.0.1:{port}", verbose=False)
    demo.close()


def test_samples_are_added_and_listed(client: Client) -> None:
    file = handle_file(str(EXAMPLES_FOLDER / "pavan_belagatti.jsonl"))
    added = client.predict(file, "about him", api_name="/add_samples")
    assert (added["sample_set"]["name"], added["sample_set"]["train"]) == ("about him", 8)
    assert added["report"]["rows_kept"] == 12
    assert [s["name"] for s in client.predict(api_name="/samples")["samples"]] == ["about him"]


def test_a_bad_file_is_a_sentence_for_programs_too(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("question,reply_text\na,b\n")
    with pytest.raises(AppError, match=r"bad\.csv has no answer column"):
        client.predict(handle_file(str(file)), "bad", api_name="/add_samples")


@pytest.mark.parametrize("meta", [{}, {"meta": {"_type": "gradio.FileData"}}])
def test_a_file_of_the_server_cannot_be_named(client: Client, tmp_path: Path, meta: dict[str, Any]) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("question,answer\nwhat,a secret\n")
    url = f"{client.src.rstrip('/')}/gradio_api/call/add_samples"
    # By plain HTTP: the Python client would upload the file, which is another thing.
    event = httpx.post(url, json={"data": [{"path": str(secret), **meta}, "stolen"]}).json()["event_id"]
    assert "event: error" in httpx.get(f"{url}/{event}").text
    assert "stolen" not in [s["name"] for s in client.predict(api_name="/samples")["samples"]]


def test_models_are_asked(client: Client) -> None:
    assert client.predict(api_name="/models") == {"models": ["base"]}
    answers = client.predict("What is the capital of France?", ["base"], 24, api_name="/ask")["answers"]
    assert [answer["text"] for answer in answers] == ["The capital of France is Paris."]
    assert client.predict(api_name="/status")["engine"]["state"] == "ready"
    with pytest.raises(AppError, match="There is no model named 'nobody'"):
        client.predict("Who?", ["nobody"], api_name="/ask")


def test_a_job_is_started_seen_and_stopped(client: Client) -> None:
    with pytest.raises(AppError, match="There is no sample set named 'none'"):
        client.predict("model", "none", api_name="/tune")
    file = handle_file(str(EXAMPLES_FOLDER / "pavan_belagatti.jsonl"))
    client.predict(file, "for a job", api_name="/add_samples")
    with pytest.raises(AppError, match="There is no setting 'epoch'"):
        client.predict("model", "for a job", "quick", {"epoch": 2}, api_name="/tune")
    knobs = {"method": "features", "parts": "norms"}
    job = client.predict("model", "for a job", "quick", knobs, api_name="/tune")["job"]
    assert job["status"] == "running"
    assert (job["settings"]["epochs"], job["settings"]["parts"]) == (5, "norms")
    client.predict(job["id"], False, api_name="/stop_job")
    seen = client.predict(job["id"], api_name="/job")
    assert seen["job"]["stop_request"] == "discard" or seen["job"]["status"] == "stopped"
    assert [j["id"] for j in client.predict(api_name="/jobs")["jobs"]] == [job["id"]]


def test_learning_from_votes_is_refused_in_a_sentence_without_them(client: Client) -> None:
    with pytest.raises(AppError, match="There are no votes to learn from"):
        client.predict("aligned", api_name="/align")
    with pytest.raises(AppError, match="PPO learns from a reward model, and none is named"):
        client.predict("aligned", "ppo", api_name="/align")
    with pytest.raises(AppError, match="There is no setting 'store'"):
        client.predict("aligned", "dpo", "base", None, [], {"store": 1}, api_name="/align")
    assert client.predict(api_name="/rounds") == {"rounds": []}
    with pytest.raises(AppError, match="There is no reward model named 'none'"):
        client.predict("base", None, "none", ["Why?"], api_name="/evaluate")


def test_what_the_page_does_by_itself_is_no_endpoint(client: Client) -> None:
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert set(named) == {
        "/status", "/samples", "/add_samples", "/tune", "/estimate", "/jobs", "/job", "/stop_job",
        "/pause_job", "/resume_job", "/models", "/ask", "/vote", "/withdraw_vote", "/correct", "/choose",
        "/feedback", "/feedback_counts", "/train_reward_model", "/reward_models", "/align", "/rounds",
        "/evaluate",
    }  # fmt: skip
