"""Steps of PPO on a tiny model: they follow the gradient of the loss, and raise the reward."""

from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
import torch

from ftdemo.aligning.ppo import step as step_module
from ftdemo.aligning.ppo.experience import gather, policy_outputs
from ftdemo.aligning.ppo.losses import policy_loss, value_loss
from ftdemo.aligning.ppo.step import update
from ftdemo.models.base import BaseModel
from tests.unit.aligning.ppo.test_model import disturb, draw
from tests.unit.tiny_ppo import SETTINGS, count_of_liked, save_lively_model, take_step, tiny_learner


@pytest.fixture
def base(tmp_path: Path) -> BaseModel:
    return save_lively_model(tmp_path / "base")


@pytest.mark.parametrize(
    "name",
    [
        "base_model.model.model.layers.2.mlp.down_proj.lora_B.policy.weight",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_A.policy.weight",
        "value_head.weight",
    ],
)
def test_gradients_are_the_slopes_of_the_losses(base: BaseModel, name: str) -> None:
    learner = tiny_learner(base)
    disturb(learner.model)
    rollouts = draw(learner)[:3]
    experience = gather(learner, rollouts, torch.tensor([1.0, -1.0, 0.5]))
    torch.manual_seed(2)
    with torch.no_grad():
        learner.model.value_head.weight.normal_(std=0.1)
        for weight in learner.model.policy_parameters():  # ratios other than 1
            weight.add_(0.01 * torch.randn_like(weight))

    def loss() -> torch.Tensor:
        """The value head's for itself; it tells the adapter nothing."""
        with learner.model.as_policy() as policy:
            outputs = policy_outputs(learner, policy, rollouts)
        if name == "value_head.weight":
            assert outputs.values is not None
            return value_loss(outputs.values, experience.values, experience.returns, outputs.mask, 0.2)
        part = policy_loss(outputs.logprobs, experience.logprobs, experience.advantages, outputs.mask, 0.2)
        return part.loss

    loss().backward()
    weight = learner.model.trained()[name]
    assert weight.grad is not None
    direction = weight.grad / weight.grad.norm()
    with torch.no_grad():
        weight.add_(1e-3 * direction)
        above = loss().item()
        weight.sub_(2e-3 * direction)
        below = loss().item()
    assert (above - below) / 2e-3 == pytest.approx(float(weight.grad.norm()), rel=0.03)


def test_gradients_of_rows_add_up_to_those_of_the_minibatch(
    base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for one_by_one in (False, True):
        learner = tiny_learner(base, replace(SETTINGS, entropy_coefficient=0.1))
        rollouts = draw(learner)
        experience = gather(learner, rollouts, count_of_liked(rollouts))
        if one_by_one:
            monkeypatch.setattr(step_module, "rows_within", lambda *_: [[number] for number in range(8)])
        figures = step_module._accumulate(learner, experience, list(range(8)))
        trained = learner.model.trained()
        gradients = {name: weight.grad for name, weight in trained.items() if weight.grad is not None}
        found.append((figures, gradients))
    (figures, gradients), (figures_apart, gradients_apart) = found
    assert figures == pytest.approx(figures_apart, abs=1e-5)
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, gradients_apart[name], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("method", ["ppo", "rloo"])
def test_the_reward_of_a_rule_rises(base: BaseModel, method: Any) -> None:
    settings = replace(SETTINGS, method=method, samples_per_prompt=4, minibatch=8, kl_coefficient=0.01)
    learner = tiny_learner(base, replace(settings, learning_rate=0.01))
    scores = [take_step(learner)["score"] for _ in range(16)]
    # An end is missing in nearly all of these short answers, which costs 1 each.
    assert fmean(scores[-4:]) > fmean(scores[:4]) + 1.5, scores


def test_a_high_price_keeps_the_policy_near_the_reference(base: BaseModel) -> None:
    strayed = []
    for price in (0.0, 5.0):
        learner = tiny_learner(base, replace(SETTINGS, kl_coefficient=price, learning_rate=2e-3))
        strayed.append([take_step(learner)["kl"] for _ in range(12)][-1])
    assert strayed[1] < strayed[0] / 2


def test_values_come_nearer_to_the_returns(base: BaseModel) -> None:
    settings = replace(SETTINGS, learning_rate=1e-7, value_learning_rate=0.01, value_clip=100.0, epochs=4)
    learner = tiny_learner(base, settings, score=lambda rollouts: torch.full((len(rollouts),), 2.0))
    losses = [take_step(learner)["value_loss"] for _ in range(15)]
    assert losses[-1] < 0.3 * losses[0]


def test_a_batch_that_has_moved_the_policy_far_enough_is_left(base: BaseModel) -> None:
    learner = tiny_learner(base, replace(SETTINGS, kl_stop=1e-6, epochs=5, learning_rate=0.05))
    rollouts = draw(learner)
    figures = update(learner, gather(learner, rollouts, count_of_liked(rollouts)))
    assert figures["optimizer_steps"] == 1
    assert figures["update_kl"] > 1e-6


def test_an_answer_that_was_cut_off_loses_the_penalty(base: BaseModel) -> None:
    scores = []
    for penalty in (0.0, 3.0):
        learner = tiny_learner(base, replace(SETTINGS, missing_end_penalty=penalty, max_new_tokens=1))
        figures = take_step(learner)
        scores.append(figures["score"])
    assert scores[0] - scores[1] == pytest.approx(3.0 * (1 - figures["ended_share"]))


def test_another_reward_is_watched_without_being_learned(base: BaseModel) -> None:
    plain, watching = tiny_learner(base), tiny_learner(base)
    watching.watch = lambda rollouts: torch.full((len(rollouts),), 7.0)
    before, after = take_step(plain), take_step(watching)
    assert after.pop("held_out_score") == 7.0
    for name in ("score", "policy_loss", "value_loss", "update_kl"):
        assert before[name] == after[name]


def test_the_price_follows_its_target(base: BaseModel) -> None:
    learner = tiny_learner(base, replace(SETTINGS, kl_target=1.0))
    first = take_step(learner)
    assert first["kl"] == 0
    assert learner.controller.coefficient == pytest.approx(first["beta"] * 0.98)
