"""Writing the policy as an ordinary tuned model, which the chat can serve."""

from pathlib import Path

from ftdemo.aligning.ppo.model import POLICY
from ftdemo.aligning.ppo.preparing import PpoRun
from ftdemo.language.loading import load
from ftdemo.language.saving import save_adapter, save_changed


def save_policy(run: PpoRun, folder: Path) -> None:
    """Write the policy as an ordinary tuned model.

    Args:
        run: a run that was trained.
        folder: where to; it is made.
    """
    folder.mkdir(parents=True)
    model = run.learner.model
    save_adapter(model.peft, folder, POLICY, on_top_of=model.parent_adapter)
    if run.parent is not None and model.parent_adapter is None:
        # What it changed is in the weights; they were not kept in full precision while training.
        parent = load(run.base, run.device, run.parent, precision="float32", exact=True)
        save_changed({name: parent.model.get_parameter(name) for name in sorted(parent.changed)}, folder)
