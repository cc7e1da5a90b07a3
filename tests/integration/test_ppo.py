"""PPO on the real model: steps run in the time and memory they should, and the saved model answers."""

from pathlib import Path
from threading import Event
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from ftdemo.aligning.ppo.preparing import make_ppo_run
from ftdemo.aligning.ppo.saving import save_policy
from ftdemo.aligning.ppo.settings import PpoSettings
from ftdemo.aligning.ppo.trainer import run_ppo
from ftdemo.engines.protocol import ChatRequest, GenerationSettings
from ftdemo.engines.transformers.engine import TransformersEngine
from ftdemo.jobs.reporter import Reporter
from ftdemo.language.states import end_states
from ftdemo.models import ensure_base_model
from ftdemo.models.base import BaseModel
from ftdemo.rewards.head import RewardHead, write_reward_head
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.tokens.sequences import TokenisedSample
from ftdemo.tokens.template import with_answer
from ftdemo.tokens.tokeniser import ChatTokeniser
from ftdemo.weights.tuned_files import tuned_files

pytestmark = [pytest.mark.model, pytest.mark.slow]

QUESTIONS = [
    "What is the capital of France?", "Name a fruit.", "What is rain?", "Why is the sky blue?",
    "What does a doctor do?", "Name a planet.", "How do I boil an egg?", "What is bread made of?",
]  # fmt: skip
SHORT = ["Yes.", "It is red.", "A good one."]
LONG = [
    "As an AI language model, I can help you with that. There are many things to consider, such as the time.",
    "That is a long story, and I would like to tell you all of it, from the beginning to the very end.",
    "It depends on a number of factors, each of which deserves a closer look before anything can be said.",
]


def settings_of(method: Any, steps: int, prompts_per_batch: int) -> PpoSettings:
    return PpoSettings(
        method=method, steps=steps, prompts_per_batch=prompts_per_batch, samples_per_prompt=2,
        max_new_tokens=32, minibatch=8, learning_rate=3e-4, sampled_answers=1,
    )  # fmt: skip


@pytest.fixture
def base(model_settings: Settings) -> BaseModel:
    return ensure_base_model(model_settings)


def save_short_answers_reward(base: BaseModel, folder: Path) -> None:
    """Fit a head on the base's hidden states, by least squares, to tell short answers from long ones."""
    plain = AutoModelForCausalLM.from_pretrained(base.folder, dtype=torch.float32)
    config = LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM")  # as made: it adds nothing
    model: Any = get_peft_model(plain, config)
    model.save_pretrained(folder)
    prompts = [[{"role": "user", "content": question}] for question in QUESTIONS[:4]]
    talks = [with_answer(prompt, answer) for prompt in prompts for answer in SHORT + LONG]
    ids = [one.ids for one in ChatTokeniser.of_folder(base.folder).answered(talks, closed=False)]
    wanted = torch.tensor([1.0 if answer in SHORT else -1.0 for _ in prompts for answer in SHORT + LONG])
    with torch.no_grad():
        states = end_states(model, [TokenisedSample(one, len(one)) for one in ids], packed=False)
    kernel = states @ states.T
    ridge = 0.01 * kernel.diagonal().mean() * torch.eye(len(ids))
    weight = states.T @ torch.linalg.solve(kernel + ridge, wanted)
    scores = states @ weight
    assert float(scores[wanted > 0].min()) > float(scores[wanted < 0].max())
    write_reward_head(RewardHead(weight, torch.zeros(1), scores.mean()[None], scores.std()[None]), folder)


@pytest.mark.parametrize(
    ("settings", "rise"),
    [
        pytest.param(settings_of("ppo", 6, 8), 0.4, id="ppo"),
        # The same but for its advantages: that it runs is enough.
        pytest.param(settings_of("rloo", 2, 4), -5.0, id="rloo"),
    ],
)
def test_the_score_rises_near_the_reference_and_the_saved_model_answers(
    base: BaseModel,
    model_settings: Settings,
    tmp_path: Path,
    settings: PpoSettings,
    rise: float,
    capsys: pytest.CaptureFixture[str],
) -> None:
    save_short_answers_reward(base, tmp_path / "reward")
    store = Store(model_settings.database)
    job = store.jobs.add("ppo", "aligned", base.name, settings.as_dict())
    reporter = Reporter(store, job.id)
    prompts = [({"role": "user", "content": question},) for question in QUESTIONS]
    run = make_ppo_run(base, prompts, settings, tmp_path / "reward")
    metrics = run_ppo(run, tmp_path / "job", reporter)
    points = [point.figures or {} for point in store.jobs.metrics(job.id)]
    assert len(points) == settings.steps
    assert points[0]["kl"] == 0 < points[1]["kl"] < 5
    assert points[0]["update_kl"] < settings.kl_stop
    assert metrics.final_kl is not None
    assert points[-1]["kl"] != metrics.final_kl < settings.kl_budget
    assert metrics.first_score is not None
    assert metrics.final_score is not None
    assert metrics.final_score > metrics.first_score + rise
    times = [f"{name} {points[1][f'{name}_seconds']:.1f} s" for name in ("generation", "scoring", "update")]
    with capsys.disabled():
        print(f"\n{settings.method}, {settings.answers_per_batch} answers of 32 tokens: {', '.join(times)}; "
              f"score {metrics.first_score:.1f} became {metrics.final_score:.1f}, "
              f"KL {metrics.final_kl:.1f}")  # fmt: skip
    assert metrics.peak_memory_bytes is not None
    assert metrics.peak_memory_bytes > 0

    save_policy(run, tmp_path / "tuned")
    engine = TransformersEngine(base, lambda name: tuned_files(tmp_path / "tuned"), model_settings.threads)
    # Not the capital of France, where the base model is near a tie.
    request = ChatRequest("aligned", [{"role": "user", "content": "What does a doctor do?"}])
    events = list(engine.stream([request], GenerationSettings(max_new_tokens=8, temperature=0), Event()))
    engine.close()
    assert "doctor" in events[-1].text.lower()
