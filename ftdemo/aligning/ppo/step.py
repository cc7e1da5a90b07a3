"""One step of PPO: sample answers and score them, then learn from them for a few epochs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import fmean

import torch
from torch import Tensor

from ftdemo.aligning.ppo.advantages import masked_mean
from ftdemo.aligning.ppo.experience import (
    Experience,
    Learner,
    gather,
    minibatches_of,
    policy_outputs,
    rows_within,
)
from ftdemo.aligning.ppo.guards import repetition_share
from ftdemo.aligning.ppo.losses import policy_loss, value_loss
from ftdemo.aligning.ppo.token_rewards import k1
from ftdemo.language.sampling import sample

LONGEST_GRADIENT = 1.0
"""Gradients are scaled down to this length, those of the policy and of the value head each."""


def collect(learner: Learner, prompts: Sequence[Sequence[int]]) -> tuple[Experience, dict[str, float]]:
    """Let the policy answer a batch of prompts, and score the answers; the policy stays as it is.

    Args:
        learner: its chance goes on.
        prompts: token ids, at least one each.

    Returns:
        What can be learned from the answers, and figures of them; see the code for their names.
    """
    settings = learner.settings
    began = time.monotonic()
    with learner.model.sampling() as policy:
        rollouts = sample(
            policy,
            prompts,
            end_tokens=learner.end_tokens,
            max_new_tokens=settings.max_new_tokens,
            temperature=settings.temperature,
            generator=learner.generator,
            samples_per_prompt=settings.samples_per_prompt,
        )
    sampled = time.monotonic()
    scores = learner.score(rollouts)
    watched = learner.watch(rollouts) if learner.watch else None
    cut_off = torch.tensor([not rollout.ended for rollout in rollouts])
    scores = scores - settings.missing_end_penalty * cut_off
    experience = gather(learner, rollouts, scores)
    figures = _figures(experience, scores, learner.controller.coefficient)
    if watched is not None:
        figures["held_out_score"] = float(watched.mean())
    figures["generation_seconds"] = sampled - began
    figures["scoring_seconds"] = time.monotonic() - sampled
    return experience, figures


def learn(learner: Learner, experience: Experience, figures: dict[str, float]) -> dict[str, float]:
    """Learn from a batch of answers.

    Args:
        learner: is changed.
        experience: what it learns from.
        figures: those that `collect` gave with it.

    Returns:
        The same with figures of the learning.
    """
    began = time.monotonic()
    learned = update(learner, experience)
    learner.controller.update(figures["kl"])
    return {**figures, **learned, "update_seconds": time.monotonic() - began}


def update(learner: Learner, experience: Experience) -> dict[str, float]:
    """Take the optimizer steps of a batch.

    Args:
        learner: is changed.
        experience: what it learns from.

    Returns:
        Means over the optimizer steps; `update_kl` is the divergence of the last, in nats a token.
    """
    seen: list[dict[str, float]] = []
    stopped = False
    for epoch in range(learner.settings.epochs):
        count = len(experience.rollouts)
        minibatches = minibatches_of(learner, count) if epoch else iter(experience.minibatches)
        for minibatch in minibatches:
            seen.append(_accumulate(learner, experience, minibatch))
            stopped = seen[-1]["update_kl"] > learner.settings.kl_stop
            if stopped:
                break
            for group in learner.optimizer.param_groups:
                torch.nn.utils.clip_grad_norm_(group["params"], LONGEST_GRADIENT)
            learner.optimizer.step()
        if stopped:
            break
    learner.optimizer.zero_grad()
    figures = {name: fmean(one[name] for one in seen) for name in seen[0]}
    figures["update_kl"] = seen[-1]["update_kl"]
    figures["optimizer_steps"] = float(len(seen) - stopped)
    return figures


def _accumulate(learner: Learner, experience: Experience, minibatch: list[int]) -> dict[str, float]:
    """Add up the gradients of a minibatch, row by row, and return what was seen."""
    settings, model = learner.settings, learner.model
    learner.optimizer.zero_grad()
    tokens = sum(len(experience.rollouts[number].answer) for number in minibatch)
    figures = dict.fromkeys(("policy_loss", "value_loss", "clip_share", "update_kl"), 0.0)
    for places in rows_within(model, experience.rollouts, minibatch):
        row = [minibatch[place] for place in places]
        with model.as_policy() as policy:
            answers = [experience.rollouts[number] for number in row]
            outputs = policy_outputs(learner, policy, answers, entropy=settings.entropy_coefficient > 0)
        chosen = torch.tensor(row, device=outputs.mask.device)
        longest = outputs.mask.shape[1]

        def of_row(whole: Tensor, chosen: Tensor = chosen, longest: int = longest) -> Tensor:
            return whole[chosen, :longest]

        policy_part = policy_loss(
            outputs.logprobs,
            of_row(experience.logprobs),
            of_row(experience.advantages),
            outputs.mask,
            settings.clip,
        )
        loss = policy_part.loss
        if outputs.entropy is not None:
            loss = loss - settings.entropy_coefficient * masked_mean(outputs.entropy, outputs.mask)
        value_part = torch.zeros(())
        if outputs.values is not None:
            value_part = value_loss(
                outputs.values,
                of_row(experience.values),
                of_row(experience.returns),
                outputs.mask,
                settings.value_clip,
            )
            loss = loss + value_part
        # Means over a row become the mean over the minibatch.
        share = int(outputs.mask.sum()) / tokens
        (share * loss).backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        figures["policy_loss"] += share * policy_part.loss.item()
        figures["value_loss"] += share * value_part.item()
        figures["clip_share"] += share * policy_part.clip_share.item()
        figures["update_kl"] += share * policy_part.divergence.item()
    return figures


def _figures(experience: Experience, scores: Tensor, beta: float) -> dict[str, float]:
    """What the answers were like; `kl` is in nats an answer."""
    mask, rollouts = experience.mask, experience.rollouts
    price = beta * k1(experience.logprobs, experience.reference).masked_fill(~mask, 0.0).sum(dim=1)
    score = float(scores.mean())
    return {
        "reward": score - float(price.mean()),
        "score": score,
        "kl": float(experience.divergence.sum(dim=1).mean()),
        "entropy": float(masked_mean(experience.entropy, mask)),
        "beta": beta,
        "answer_length": fmean(len(rollout.answer) for rollout in rollouts),
        "ended_share": fmean(rollout.ended for rollout in rollouts),
        "repetition_share": fmean(repetition_share(rollout.answer) for rollout in rollouts),
    }
