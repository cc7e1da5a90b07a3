"""Checkpoints of a run of PPO, from which it goes on exactly as if it had never stopped."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ftdemo.aligning.ppo.experience import Learner
from ftdemo.training.checkpoints import last_whole_checkpoint, mark_whole, remove_old_checkpoints, step_of
from ftdemo.training.trained import TRAINED, put_back

WITHIN, STATE = "within_budget.safetensors", "state.pt"


@dataclass
class RunProgress:
    """How far a run has come.

    Args:
        step: steps done.
        tokens: tokens sampled so far.
        within: what was learned when the policy was last seen to be within the KL budget.
    """

    step: int
    tokens: int
    within: dict[str, Tensor]


def save_checkpoint(learner: Learner, folder: Path, progress: RunProgress) -> Path:
    """Write what a run needs to go on, and remove the checkpoint before it; returns the new one.

    Args:
        learner: what is kept.
        folder: the job's folder.
        progress: what is kept besides.
    """
    checkpoint = folder / f"checkpoint-{progress.step}"
    checkpoint.mkdir(parents=True, exist_ok=True)
    save_file(learner.model.copy_of_trained(), checkpoint / TRAINED)
    save_file(progress.within, checkpoint / WITHIN)
    state = {
        "optimizer": learner.optimizer.state_dict(),
        "kl_coefficient": learner.controller.coefficient,
        "chance": learner.generator.get_state(),
        "tokens": progress.tokens,
    }
    torch.save(state, checkpoint / STATE)
    mark_whole(checkpoint)
    remove_old_checkpoints(folder)
    return checkpoint


def load_checkpoint(learner: Learner, folder: Path) -> RunProgress:
    """Put the last whole checkpoint's state into a learner.

    Args:
        learner: is changed, if there is a checkpoint.
        folder: the job's folder.

    Returns:
        How far the run came; at its beginning if there is no checkpoint.
    """
    checkpoint = last_whole_checkpoint(folder)
    if checkpoint is None:
        return RunProgress(0, 0, learner.model.copy_of_trained())
    put_back(learner.model.trained(), load_file(checkpoint / TRAINED))
    state = torch.load(checkpoint / STATE, weights_only=True)
    learner.optimizer.load_state_dict(state["optimizer"])
    learner.controller.coefficient = float(state["kl_coefficient"])
    learner.generator.set_state(state["chance"])
    return RunProgress(step_of(checkpoint), int(state["tokens"]), load_file(checkpoint / WITHIN))
