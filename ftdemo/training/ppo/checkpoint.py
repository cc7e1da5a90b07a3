"""Checkpoints of a run of PPO, from which it goes on exactly as if it had never stopped."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from ftdemo.training.checkpoints import last_whole_checkpoint, mark_whole, remove_old_checkpoints, step_of
from ftdemo.training.ppo.experience import Learner

TRAINED, STATE = "trained.safetensors", "state.pt"


def save_checkpoint(learner: Learner, folder: Path, step: int, tokens: int) -> None:
    """Write what a run needs to go on, and remove the checkpoint before it.

    Args:
        learner: what is kept.
        folder: the job's folder.
        step: steps done.
        tokens: tokens sampled so far.
    """
    checkpoint = folder / f"checkpoint-{step}"
    checkpoint.mkdir(parents=True, exist_ok=True)
    trained = {name: weight.detach().contiguous() for name, weight in learner.model.trained().items()}
    save_file(trained, checkpoint / TRAINED)
    state = {
        "optimizer": learner.optimizer.state_dict(),
        "kl_coefficient": learner.controller.coefficient,
        "chance": learner.generator.get_state(),
        "tokens": tokens,
    }
    torch.save(state, checkpoint / STATE)
    mark_whole(checkpoint)
    remove_old_checkpoints(folder)


def load_checkpoint(learner: Learner, folder: Path) -> tuple[int, int]:
    """Put the last whole checkpoint's state into a learner.

    Args:
        learner: is changed, if there is a checkpoint.
        folder: the job's folder.

    Returns:
        Steps done and tokens sampled; zeros if there is no checkpoint.
    """
    checkpoint = last_whole_checkpoint(folder)
    if checkpoint is None:
        return 0, 0
    saved = load_file(checkpoint / TRAINED)
    trained = learner.model.trained()
    if saved.keys() != trained.keys():
        raise ValueError("the checkpoint is of another model")
    with torch.no_grad():
        for name, tensor in saved.items():
            trained[name].copy_(tensor)
    state = torch.load(checkpoint / STATE, weights_only=True)
    learner.optimizer.load_state_dict(state["optimizer"])
    learner.controller.coefficient = float(state["kl_coefficient"])
    learner.generator.set_state(state["chance"])
    return step_of(checkpoint), int(state["tokens"])
