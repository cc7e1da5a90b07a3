"""Answers generated for all prompts of a batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from ftdemo.tokens.sequences import TokenisedSample, common_start


@dataclass(frozen=True)
class Completion:
    """A prompt and the answer that a model gave.

    Args:
        prompt: token ids, to the beginning of the answer.
        answer: token ids, the end token included if it came; at least one.
        ended: whether it did, and the answer was not cut off.
    """

    prompt: tuple[int, ...]
    answer: tuple[int, ...]
    ended: bool

    def as_sample(self) -> TokenisedSample:
        """As a row of packed samples takes it."""
        return TokenisedSample([*self.prompt, *self.answer], len(self.prompt))

    def to_be_scored(self, end_token: int) -> list[int]:
        """The tokens that a reward model reads: it scores at the end token, also of an answer cut off."""
        answer = self.answer[:-1] if self.ended else self.answer
        return [*self.prompt, *answer, end_token]


def sample(
    model: Any,
    prompts: Sequence[Sequence[int]],
    *,
    end_tokens: frozenset[int],
    max_new_tokens: int,
    temperature: float,
    generator: torch.Generator | None = None,
    samples_per_prompt: int = 1,
) -> list[Completion]:
    """Answer prompts.

    What all prompts begin with is read once; then they are padded on the left. A row that has ended leaves
    the batch. Tokens are drawn from the whole distribution, so that their likelihood is the model's own.

    Args:
        model: a causal language model, with or without adapters; nothing of it may drop out.
        prompts: token ids, at least one each.
        end_tokens: ids that end an answer.
        max_new_tokens: longest answer, in tokens.
        temperature: logits are divided by it; 0 takes the likeliest token.
        generator: where chance comes from, on the processor; it moves on by the same amount whenever the
            answers end. torch's own if None; at a temperature of 0 nothing is taken from it.
        samples_per_prompt: answers to each prompt.

    Returns:
        The answers to the first prompt, to the second, and so on.
    """
    device = next(model.parameters()).device
    logits, cache, mask, positions = _read(model, prompts, device)
    cache.batch_repeat_interleave(samples_per_prompt)
    logits = logits.repeat_interleave(samples_per_prompt, dim=0)
    mask = mask.repeat_interleave(samples_per_prompt, dim=0)
    positions = positions.repeat_interleave(samples_per_prompt, dim=0)
    count = len(prompts) * samples_per_prompt
    chances = torch.zeros(count, max_new_tokens, dtype=torch.float64)
    if temperature:
        chances = torch.rand(count, max_new_tokens, generator=generator, dtype=torch.float64)
    chances = chances.to(device)
    answers: list[list[int]] = [[] for _ in range(count)]
    running = list(range(count))
    for step in range(max_new_tokens):
        tokens = _draw(logits.float(), temperature, chances[running, step])
        for answer, token in zip(running, tokens.tolist(), strict=True):
            answers[answer].append(token)
        kept = [row for row, answer in enumerate(running) if answers[answer][-1] not in end_tokens]
        if not kept or step == max_new_tokens - 1:
            break
        if len(kept) < len(running):
            rows = torch.tensor(kept, device=device)
            cache.batch_select_indices(rows)
            tokens, mask, positions = tokens[rows], mask[rows], positions[rows]
            running = [running[row] for row in kept]
        positions = positions + 1
        mask = torch.cat([mask, torch.ones_like(mask[:, :1])], dim=1)
        logits = model(
            input_ids=tokens[:, None],
            attention_mask=mask,
            position_ids=positions[:, None],
            past_key_values=cache,
        ).logits[:, -1]
    return [
        Completion(tuple(prompts[index // samples_per_prompt]), tuple(answer), answer[-1] in end_tokens)
        for index, answer in enumerate(answers)
    ]


def _read(
    model: Any, prompts: Sequence[Sequence[int]], device: torch.device
) -> tuple[Tensor, DynamicCache, Tensor, Tensor]:
    """Read the prompts.

    Returns:
        The logits of the answers' first tokens, of shape (prompts, vocabulary); the keys and values of all
        tokens; which of them are no padding, of shape (prompts, tokens); the last tokens' positions.
    """
    cache = DynamicCache()
    shared = common_start([TokenisedSample(list(prompt), len(prompt)) for prompt in prompts])
    if shared:
        first = torch.tensor([list(prompts[0][:shared])], device=device)
        model(input_ids=first, past_key_values=cache, logits_to_keep=1)
        cache.batch_repeat_interleave(len(prompts))
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.zeros(len(prompts), longest - shared, dtype=torch.long, device=device)
    mask = torch.ones(len(prompts), longest, dtype=torch.long, device=device)
    for row, prompt in enumerate(prompts):
        padding = longest - len(prompt)
        ids[row, padding:] = torch.tensor(prompt[shared:])
        mask[row, shared : shared + padding] = 0
    positions = (mask.cumsum(dim=1) - 1)[:, shared:]
    # By its place, which is copied: of a slice, the vocabulary's matrix would be copied for each prompt.
    last = torch.tensor([ids.shape[1] - 1], device=device)
    logits = model(
        input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, logits_to_keep=last
    ).logits[:, -1]
    return logits, cache, mask, positions[:, -1]


def _draw(logits: Tensor, temperature: float, chances: Tensor) -> Tensor:
    """Draw a token from each row: the first whose cumulated probability exceeds a number from [0, 1)."""
    if temperature == 0:
        return logits.argmax(dim=-1)
    cumulated = torch.softmax(logits / temperature, dim=-1).double().cumsum(dim=-1)
    wanted = chances[:, None] * cumulated[:, -1:]
    # A number that rounding brought to the very end stays within the vocabulary.
    return torch.searchsorted(cumulated, wanted, right=True)[:, 0].clamp(max=logits.shape[-1] - 1)
