"""Evaluating on a tiny model: answers, likelihoods, scores, jobs and their ends."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ftdemo.evaluation import measuring
from ftdemo.evaluation.contestant import Contestant
from ftdemo.evaluation.course import EvaluationStoppedError
from ftdemo.evaluation.measuring import measure
from ftdemo.evaluation.settings import EvaluationSettings
from ftdemo.feedback.simulated import ShortAnswers
from ftdemo.jobs.reporter import Reporter
from ftdemo.language.sampling import Completion
from ftdemo.machine.device import Device
from ftdemo.models.base import BaseModel
from ftdemo.rewards.scorer import RewardJudge
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from ftdemo.tokens.sequences import TokenisedSample
from ftdemo.tokens.template import with_answer
from ftdemo.tokens.tokeniser import ChatTokeniser
from ftdemo.weights.tuned_files import TunedFiles
from ftdemo.worker.context import JobContext
from ftdemo.worker.evaluate import evaluate
from tests.unit.tiny_model import load_tiny_model
from tests.unit.tiny_ppo import (
    DEVICE,
    END,
    PROMPTS,
    add_tokenizer,
    files_of,
    save_lively_model,
    save_random_adapter,
    save_reward_model,
)

QUESTIONS = [({"role": "user", "content": f"w{number} w9 w{number + 20}"},) for number in range(10, 16)]
KNOBS = EvaluationSettings(max_new_tokens=6, batch=4, precision="float32", rules=("short",))
GENERAL = tuple((f"w{number} w7", f"w{number + 5} w{number + 30}") for number in range(8, 14))


@pytest.fixture
def base(tmp_path: Path) -> BaseModel:
    made = save_lively_model(tmp_path / "base")
    add_tokenizer(made)
    return made


@pytest.fixture(autouse=True)
def general(monkeypatch: pytest.MonkeyPatch) -> None:
    """General questions in the tiny model's words."""
    monkeypatch.setattr("ftdemo.evaluation.reading.general_knowledge", lambda: GENERAL)


@pytest.fixture
def reporter(store: Store) -> Reporter:
    return Reporter(store, store.jobs.add("evaluate", "mine", "tiny", KNOBS.as_dict()).id)


def tuned(base: BaseModel, folder: Path, dora: bool = False) -> TunedFiles:
    return files_of(save_random_adapter(base, folder, seed=3, dora=dora))


def likelihood_alone(model: Any, rollout: Completion) -> float:
    """The plain way: one sequence, all logits, token by token."""
    ids = [*rollout.prompt, *rollout.answer]
    with torch.no_grad():
        logprobs = model(torch.tensor([ids])).logits[0].log_softmax(dim=-1)
    first = len(rollout.prompt)
    return float(sum(logprobs[place - 1, ids[place]] for place in range(first, len(ids))))


@pytest.mark.parametrize("dora", [False, True])
def test_likelihoods_and_answers_are_those_of_a_plain_loop(
    base: BaseModel, tmp_path: Path, dora: bool
) -> None:
    from peft import PeftModel

    files = tuned(base, tmp_path / "tuned", dora)
    contestant = Contestant.load(base, files, DEVICE, precision="float32")
    model: Any = PeftModel.from_pretrained(load_tiny_model(base), str(files.folder)).eval()
    counts: list[int] = []
    answers = contestant.answer(
        PROMPTS, end_tokens=frozenset({END}), max_new_tokens=5, batch=3, on_answered=counts.append
    )
    assert counts == [3, 1]
    for prompt, answer in zip(PROMPTS, answers, strict=True):
        alone = model.generate(
            input_ids=torch.tensor([prompt]), max_new_tokens=5, do_sample=False, eos_token_id=END,
            attention_mask=torch.ones(1, len(prompt)),
        )  # fmt: skip
        assert list(answer.prompt) == prompt
        assert list(answer.answer) == alone[0, len(prompt) :].tolist()
    for found, answer in zip(
        contestant.likelihoods([one.as_sample() for one in answers]), answers, strict=True
    ):
        assert found.tokens == len(answer.answer)
        assert found.logprob == pytest.approx(likelihood_alone(model, answer), abs=1e-4)


def test_a_reward_model_judges_as_its_parts_do(base: BaseModel, tmp_path: Path) -> None:
    from peft import PeftModel

    from ftdemo.rewards.head import read_reward_head, score

    folder = save_reward_model(base, tmp_path / "reward")
    contestant = Contestant.load(base, None, DEVICE, precision="float32")
    judge = RewardJudge(contestant.model, folder)
    plain = PeftModel.from_pretrained(load_tiny_model(base), str(folder)).eval()
    talks = [with_answer(prompt, "w20 w21") for prompt in QUESTIONS]
    ids = [one.ids for one in ChatTokeniser.of_folder(base.folder).answered(talks, closed=False)]
    wanted = score(plain, read_reward_head(folder, 32), ids).tolist()
    assert judge.scores(ids) == pytest.approx(wanted, abs=1e-5)
    assert judge.scores(ids[:1]) == pytest.approx(wanted[:1], abs=1e-5)
    again = judge.scores([ids[0], ids[1], ids[0]])
    assert again[0] == again[2]
    untouched = Contestant.load(base, None, DEVICE, precision="float32")
    sample = TokenisedSample([5, 9, 11, 12], 2)
    assert contestant.likelihoods([sample]) == untouched.likelihoods([sample])


def test_a_model_against_itself_ties_and_forgets_nothing(
    base: BaseModel, tmp_path: Path, reporter: Reporter
) -> None:
    files, reward = tuned(base, tmp_path / "tuned"), save_reward_model(base, tmp_path / "reward")
    found = measure(base, files, files, QUESTIONS, KNOBS, reward, None, reporter).as_dict()
    assert found["win_rate"] == 0.5
    assert found["win_rates"]["reward"]["ties"] == found["win_rates"]["short"]["ties"] == 6
    assert found["same"] == found["prompts"] == 6
    assert found["forgetting"]["change"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert not found["forgetting"]["forgot"]
    assert found["fluency"]["before"] == found["fluency"]["after"]
    json.dumps(found, allow_nan=False)
    job = reporter.store.jobs.get(reporter.job_id)
    assert (job.step, job.total_steps) == (12, 12)


def test_scores_are_read_at_the_turn_end_of_a_base_that_names_several_end_tokens(
    base: BaseModel, tmp_path: Path, reporter: Reporter
) -> None:
    files, reward = tuned(base, tmp_path / "tuned"), save_reward_model(base, tmp_path / "reward")

    def rows() -> list[Any]:
        found = measure(base, None, files, QUESTIONS, KNOBS, reward, None, reporter).as_dict()
        return list(found["answers"])

    one = rows()
    config = json.loads((base.folder / "config.json").read_text())
    (base.folder / "config.json").write_text(json.dumps({**config, "eos_token_id": [0, END]}))
    assert rows() == one


def test_a_changed_model_against_the_base(base: BaseModel, tmp_path: Path, reporter: Reporter) -> None:
    reward, held_out = (save_reward_model(base, tmp_path / f"reward{seed}", seed) for seed in (5, 6))
    long = ({"role": "user", "content": " ".join(["w9"] * 600)},)
    found = measure(
        base, None, tuned(base, tmp_path / "tuned"), [*QUESTIONS, long], KNOBS, reward, held_out, reporter,
        names=("base", "mine"), counted=False,
    ).as_dict()  # fmt: skip
    assert list(found["win_rates"]) == ["reward", "held_out_reward", "short"]
    assert (found["prompts"], found["dropped_prompts"]) == (6, 1)
    assert found["same"] < 6
    assert found["forgetting"]["change"]["mean"] != 0
    for row in found["answers"]:
        before, after = row["scores"]["reward"].values()
        assert (row["winner"] == "tie") == (before == after)
    rates = found["win_rates"]["short"]
    voter = ShortAnswers()
    said: list[str] = [voter.prefers(row["before"], row["after"]) for row in found["answers"]]
    assert (rates["losses"], rates["ties"], rates["wins"]) == tuple(map(said.count, ("left", "tie", "right")))
    assert reporter.store.jobs.get(reporter.job_id).step == 0


def test_bfloat16_takes_the_same_way(
    base: BaseModel, tmp_path: Path, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "choose_device", lambda: Device("cpu", "a test", bfloat16=True))
    knobs = EvaluationSettings(max_new_tokens=4)
    found = measure(
        base, None, tuned(base, tmp_path / "tuned"), QUESTIONS, knobs, None, None, reporter
    ).as_dict()
    assert (found["precision"], found["win_rate"]) == ("bfloat16", None)
    exact = measure(
        base, None, tuned(base, tmp_path / "tuned"), QUESTIONS, KNOBS, None, None, reporter
    ).as_dict()
    assert found["forgetting"]["before"] == pytest.approx(exact["forgetting"]["before"], rel=0.02)


def test_a_stop_request_ends_it_between_batches(
    base: BaseModel, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask_to_stop(step: int, *others: object) -> None:
        reporter._stop_request = "keep"
        assert step == 4

    monkeypatch.setattr(reporter, "progress", ask_to_stop)
    with pytest.raises(EvaluationStoppedError):
        measure(base, None, None, QUESTIONS, KNOBS, None, None, reporter)


@pytest.fixture
def evaluated(
    settings: Settings, store: Store, base: BaseModel, workers: list[Job], add_model: Callable[..., Any]
) -> Studio:
    """A studio on the tiny base with a tuned model."""
    from dataclasses import replace

    model = add_model("mine", "tiny")
    save_random_adapter(base, settings.tuned_models / model.folder, seed=3)
    return Studio(replace(settings, base_model="tiny"))


def context_of(studio: Studio, base: BaseModel, job: Job, reporter: Reporter) -> JobContext:
    """What the worker has, with a base model that is there already."""
    context = JobContext(job, studio.settings, reporter)
    vars(context).update(base=base, load_torch=lambda: None)
    return context


def test_a_job_is_queued_run_and_keeps_its_figures(evaluated: Studio, base: BaseModel) -> None:
    job = evaluated.evaluate(
        "mine", questions=["w9 w10", "w11"], max_new_tokens=4, rules=("short",), precision="float32"
    )
    assert (job.kind, job.model_name, job.settings["against"]) == ("evaluate", "mine", "base")
    # The name is not taken by a job that only measures.
    evaluated.store.models.rename("mine", "other")
    assert evaluated.models.check_new_name("mine") == "mine"
    evaluated.store.models.rename("other", "mine")
    reporter = Reporter(evaluated.store, job.id)
    assert evaluate(context_of(evaluated, base, job, reporter)) == "finished"
    metrics = evaluated.jobs.get(job.id).metrics
    assert metrics["prompts_from"] == [{"source": "questions", "prompts": 2}]
    assert (metrics["before"], metrics["after"], len(metrics["answers"])) == ("base", "mine", 2)


@pytest.mark.parametrize(
    ("request_", "interrupted", "status"),
    [("keep", False, "stopped"), ("discard", False, "stopped"), ("pause", False, "paused"),
     (None, True, "interrupted")],
)  # fmt: skip
def test_a_stopped_job_leaves_no_figures(
    evaluated: Studio, base: BaseModel, request_: Any, interrupted: bool, status: str
) -> None:
    job = evaluated.evaluate("base", questions=["w9"])
    reporter = Reporter(evaluated.store, job.id)
    reporter._stop_request, reporter.interrupted = request_, interrupted
    assert evaluate(context_of(evaluated, base, job, reporter)) == status
    assert evaluated.jobs.get(job.id).metrics == {}
