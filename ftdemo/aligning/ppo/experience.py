"""Sampled answers with all that is learned from them: likelihoods, rewards, advantages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ftdemo.aligning.ppo.advantages import gae, leave_one_out, whiten
from ftdemo.aligning.ppo.kl import KlController
from ftdemo.aligning.ppo.model import PpoModel
from ftdemo.aligning.ppo.outputs import TokenOutputs, token_outputs
from ftdemo.aligning.ppo.scoring import Scorer
from ftdemo.aligning.ppo.settings import PpoSettings
from ftdemo.aligning.ppo.token_rewards import token_divergence, token_rewards
from ftdemo.language.likelihoods import TokenLogprobs, by_answer, read
from ftdemo.language.packing import rows_of
from ftdemo.language.sampling import Completion


@dataclass
class Learner:
    """What a step changes and what it needs for that.

    Args:
        model: policy, reference and value head.
        settings: the knobs.
        optimizer: of all that learns.
        controller: the price of the divergence.
        generator: where chance comes from, on the processor.
        end_tokens: ids that end an answer.
        score: the reward of answers, of shape (answers,); it is what the policy is to raise.
        watch: another reward, which is only looked at.
    """

    model: PpoModel
    settings: PpoSettings
    optimizer: torch.optim.Optimizer
    controller: KlController
    generator: torch.Generator
    end_tokens: frozenset[int]
    score: Scorer
    watch: Scorer | None = None

    @property
    def value_head(self) -> torch.nn.Linear | None:
        """From a hidden state to the expected reward, if the method has such a head."""
        return self.model.value_head if self.settings.method == "ppo" else None


@dataclass(frozen=True)
class Experience:
    """Answers with all that is learned from them.

    Tensors are of shape (answers, longest), and 0 where `mask` is false.

    Args:
        rollouts: the answers.
        minibatches: their numbers, divided as the first epoch takes them.
        mask: true for tokens of the answers.
        logprobs: under the policy that sampled them.
        reference: log-probabilities under the reference.
        divergence: KL of the policy from the reference for each token, in nats.
        entropy: of the policy that sampled them.
        values: reward expected from before each token on; zeros without a value head.
        advantages: how much better each token did than was expected.
        returns: what the values should have been.
    """

    rollouts: list[Completion]
    minibatches: list[list[int]]
    mask: Tensor
    logprobs: Tensor
    reference: Tensor
    divergence: Tensor
    entropy: Tensor
    values: Tensor
    advantages: Tensor
    returns: Tensor


@torch.no_grad()
def gather(learner: Learner, rollouts: list[Completion], scores: Tensor) -> Experience:
    """Compute all that an update needs of the answers.

    Likelihoods are computed in the very rows that the first epoch computes them in, so that the ratio of the
    first pass is 1 and not only nearly so.

    Args:
        learner: its models read them.
        rollouts: the answers.
        scores: what they are rewarded with, of shape (answers,).
    """
    settings, model = learner.settings, learner.model
    minibatches = list(minibatches_of(learner, len(rollouts)))
    numbers = [
        [batch[place] for place in row]
        for batch in minibatches
        for row in rows_within(model, rollouts, batch)
    ]
    ours: list[TokenOutputs] = []
    theirs, strayed = [], []
    for row in numbers:
        answers = [rollouts[number] for number in row]
        with model.as_policy() as policy:
            our = read_row(learner, policy, answers)
        with model.as_reference() as reference:
            their = read_row(learner, reference, answers)
        outputs = token_outputs(our, value_head=learner.value_head, entropy=True)
        ours.append(outputs)
        theirs.append(by_answer(their.logprobs, outputs.mask))
        strayed.append(by_answer(token_divergence(our.logits, their.logits), outputs.mask))
        del our, their  # of one row at a time: their logits are large

    longest = max(len(rollout.answer) for rollout in rollouts)

    def whole(parts: Sequence[Tensor]) -> Tensor:
        """The rows' tensors put together in the order of the answers."""
        made = torch.zeros(len(rollouts), longest, dtype=parts[0].dtype, device=parts[0].device)
        for row, part in zip(numbers, parts, strict=True):
            made[torch.tensor(row), : part.shape[1]] = part
        return made

    mask, logprobs = whole([part.mask for part in ours]), whole([part.logprobs for part in ours])
    compared = whole(theirs)
    scores = scores.to(mask.device)
    rewards = token_rewards(scores, logprobs, compared, mask, learner.controller.coefficient)
    if settings.method == "rloo":
        values = returns = torch.zeros_like(rewards)
        of_answers = leave_one_out(rewards.sum(dim=1), settings.samples_per_prompt)
        advantages = of_answers[:, None].expand_as(rewards).masked_fill(~mask, 0.0)
    else:
        values = whole([part.values for part in ours if part.values is not None])
        advantages, returns = gae(rewards, values, mask, settings.gamma, settings.lam)
        advantages = whiten(advantages, mask)
    return Experience(
        rollouts=rollouts,
        minibatches=minibatches,
        mask=mask,
        logprobs=logprobs,
        reference=compared,
        divergence=whole(strayed),
        entropy=whole([part.entropy for part in ours if part.entropy is not None]),
        values=values,
        advantages=advantages,
        returns=returns,
    )


def read_row(learner: Learner, model: Any, rollouts: Sequence[Completion]) -> TokenLogprobs:
    """Read one row of answers with the policy or the reference.

    Args:
        learner: its settings say how.
        model: the policy or the reference.
        rollouts: the answers.
    """
    return read(
        model,
        [rollout.as_sample() for rollout in rollouts],
        packed=learner.model.packed,
        temperature=learner.settings.temperature,
        states=learner.value_head is not None,
    )


def policy_outputs(
    learner: Learner, policy: Any, rollouts: Sequence[Completion], *, entropy: bool = False
) -> TokenOutputs:
    """What the policy, and its value head if there is one, say of one row of answers.

    Args:
        learner: its settings say how.
        policy: the policy.
        rollouts: the answers.
        entropy: whether to compute the entropy.
    """
    return token_outputs(read_row(learner, policy, rollouts), value_head=learner.value_head, entropy=entropy)


def rows_within(model: PpoModel, rollouts: Sequence[Completion], minibatch: list[int]) -> list[list[int]]:
    """The places within a minibatch (not the numbers) of the answers that are computed at once."""
    return rows_of([rollouts[number].as_sample() for number in minibatch], model.packed)


def minibatches_of(learner: Learner, count: int) -> Iterator[list[int]]:
    """The numbers of all answers in a random order, so many at a time."""
    order = torch.randperm(count, generator=learner.generator).tolist()
    for start in range(0, count, learner.settings.minibatch):
        yield order[start : start + learner.settings.minibatch]
