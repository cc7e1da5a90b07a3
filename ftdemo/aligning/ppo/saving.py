"""Writing the policy as an ordinary tuned model, which the chat can serve."""

import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

from ftdemo.aligning.ppo.model import POLICY
from ftdemo.aligning.ppo.preparing import PpoRun
from ftdemo.language.tuned import is_plain_lora, put_adapter, put_changed_tensors
from ftdemo.training.saving import put_on_top
from ftdemo.weights.tuned_files import CHANGED


def save_policy(run: PpoRun, folder: Path) -> None:
    """Write the policy as an ordinary tuned model.

    Args:
        run: a run that was trained.
        folder: where to; it is made.
    """
    folder.mkdir(parents=True)
    model = run.learner.model
    # PEFT writes an adapter with a name of its own into a folder of that name.
    # Embeddings are not trained; left to find that out, PEFT would ask the Hub.
    model.peft.save_pretrained(folder, selected_adapters=[POLICY], save_embedding_layers=False)
    for file in (folder / POLICY).iterdir():
        file.replace(folder / file.name)
    (folder / POLICY).rmdir()
    (folder / "README.md").unlink(missing_ok=True)
    if model.start_adapter is not None:
        put_on_top(model.start_adapter, folder)
    parent = run.parent
    if parent is None:
        return
    if parent.has_adapter and not is_plain_lora(parent):
        # Its adapter is in the weights; they were not kept in full precision while training.
        plain: Any = AutoModelForCausalLM.from_pretrained(run.base.folder, dtype=torch.float32)
        names = put_changed_tensors(plain, parent)
        plain, merged = put_adapter(plain, parent)
        tensors = {name: plain.get_parameter(name).detach().contiguous() for name in sorted(names | merged)}
        save_file(tensors, folder / CHANGED)
    elif parent.has_changed:
        shutil.copy2(parent.changed, folder / CHANGED)
