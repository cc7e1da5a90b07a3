"""What a tuned model's folder holds: an adapter, the base's tensors that were changed, or both.

An adapter (LoRA, DoRA, QLoRA) lies beside the base and is read by PEFT. Feature-based and full tuning change
tensors of the base itself: only those that differ are kept, under the names they have in the base's state
dict. A model with both is an adapter on top of changed tensors.
"""

from dataclasses import dataclass
from pathlib import Path

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
CHANGED = "changed.safetensors"


@dataclass(frozen=True)
class TunedFiles:
    """The files of a tuned model.

    Args:
        folder: where they lie; two models never share one, so it identifies the model.
        has_adapter: whether there is an adapter, for `PeftModel.from_pretrained(base, folder)`.
        has_changed: whether there is a file of changed tensors.
    """

    folder: Path
    has_adapter: bool
    has_changed: bool

    @property
    def changed(self) -> Path:
        """The file of changed tensors, if there is one."""
        return self.folder / CHANGED


def tuned_files(folder: Path) -> TunedFiles | None:
    """What a folder holds, or None if it holds no tuned model."""
    has_adapter = all((folder / name).is_file() for name in (ADAPTER_CONFIG, ADAPTER_WEIGHTS))
    has_changed = (folder / CHANGED).is_file()
    return TunedFiles(folder, has_adapter, has_changed) if has_adapter or has_changed else None
