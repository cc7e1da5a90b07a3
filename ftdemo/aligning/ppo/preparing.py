"""Loading what a run needs: prompts, models, optimizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import set_seed

from ftdemo.aligning.ppo.experience import Learner
from ftdemo.aligning.ppo.kl import KlController
from ftdemo.aligning.ppo.model import PpoModel, RewardName
from ftdemo.aligning.ppo.scoring import Scorer, by_reward_model
from ftdemo.aligning.ppo.settings import PpoSettings
from ftdemo.errors import UserError
from ftdemo.machine.device import Device, choose_device
from ftdemo.models.base import BaseModel
from ftdemo.store.conversations import ChatMessage
from ftdemo.tokens.tokeniser import ChatTokeniser
from ftdemo.weights.tuned_files import TunedFiles


@dataclass(frozen=True)
class Prompt:
    """A prompt that is answered in training.

    Args:
        question: its last message, to be shown.
        ids: all of it in the base model's chat template, to the beginning of the answer.
    """

    question: str
    ids: tuple[int, ...]


@dataclass(frozen=True)
class PpoRun:
    """A run that is ready to start.

    Args:
        learner: the models and what changes them.
        prompts: at least one.
        dropped: prompts that were longer than the longest.
        base: the base model.
        parent: the tuned model it continues from.
        device: where it computes.
        tokeniser: turns answers into text.
    """

    learner: Learner
    prompts: list[Prompt]
    dropped: int
    base: BaseModel
    parent: TunedFiles | None
    device: Device
    tokeniser: ChatTokeniser


def make_ppo_run(
    base: BaseModel,
    prompts: Sequence[tuple[ChatMessage, ...]],
    settings: PpoSettings,
    reward: Path,
    held_out_reward: Path | None = None,
    parent: TunedFiles | None = None,
) -> PpoRun:
    """Load what a run needs.

    Args:
        base: the base model.
        prompts: chat messages, the question last.
        settings: the knobs.
        reward: folder of the reward model to learn from.
        held_out_reward: folder of another, trained on other data or with another seed, that is only watched.
        parent: the tuned model to continue from; it is also the reference.

    Raises:
        SourceError: a reward model, the tokenizer or the chat template cannot be used.
        UserError: no prompt is short enough, or a reward model stands on another base.
    """
    tokeniser = ChatTokeniser.of_folder(base.folder)
    known = [
        Prompt(prompt[-1]["content"], tuple(ids))
        for prompt, ids in zip(prompts, tokeniser.prompts(prompts), strict=True)
    ]
    short = [prompt for prompt in known if len(prompt.ids) <= settings.max_prompt_tokens]
    if not short:
        raise UserError(
            f"There is no prompt of at most {settings.max_prompt_tokens} tokens to learn with.",
            "Add prompts, or set the longest prompt higher.",
        )
    device = choose_device()
    set_seed(settings.seed)  # before the adapter gets its first values
    folders: dict[RewardName, Path] = {"reward": reward}
    if held_out_reward is not None:
        folders["held_out"] = held_out_reward
    model = PpoModel(base, parent, folders, settings, device)
    end = tokeniser.turn_end
    learner = make_learner(
        model,
        settings,
        tokeniser.end_tokens | {end},
        by_reward_model(model, "reward", end),
        by_reward_model(model, "held_out", end) if held_out_reward else None,
    )
    return PpoRun(learner, short, len(known) - len(short), base, parent, device, tokeniser)


def make_learner(
    model: PpoModel,
    settings: PpoSettings,
    end_tokens: frozenset[int],
    score: Scorer,
    watch: Scorer | None = None,
) -> Learner:
    """Put a model and its reward together with what a step needs besides; arguments as for `Learner`."""
    groups = [{"params": model.policy_parameters(), "lr": settings.learning_rate}]
    if settings.method == "ppo":
        groups.append({"params": list(model.value_head.parameters()), "lr": settings.value_learning_rate})
    optimizer = torch.optim.AdamW(groups, weight_decay=0.0)
    controller = KlController(settings.kl_coefficient, settings.kl_target)
    generator = torch.Generator().manual_seed(settings.seed)
    return Learner(model, settings, optimizer, controller, generator, end_tokens, score, watch)
