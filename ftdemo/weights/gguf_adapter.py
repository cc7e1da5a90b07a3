"""A LoRA adapter as a GGUF file, for llama.cpp."""

from pathlib import Path

import numpy as np

from ftdemo.errors import UserError
from ftdemo.weights.llama_names import ARCHITECTURE, LlamaShape
from ftdemo.weights.low_rank import Adapter
from ftdemo.weights.tuned_files import TunedFiles


def write_adapter(files: TunedFiles, shape: LlamaShape, target: Path) -> None:
    """Write a tuned model's LoRA adapter as float16 GGUF.

    llama.cpp multiplies B·A by alpha / rank, with one alpha for the whole file. A module whose scaling is
    another (its own alpha, or a stabilised rank) has the rest of it in its B.

    Args:
        files: has a LoRA adapter, not a DoRA adapter.
        shape: the base model's.
        target: the file to write.

    Raises:
        UserError: the adapter changes a module that has no place in a GGUF file.
    """
    import gguf

    adapter = Adapter(files)
    assert not adapter.is_dora, "a DoRA adapter is merged into the weights instead"
    writer = gguf.GGUFWriter(target, ARCHITECTURE)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, adapter.alpha)
    for module in adapter.modules():
        name = shape.gguf_name(module.module)
        if name is None or "embd" in name:
            raise UserError(
                f"The adapter in {files.folder.name} changes {module.module}, which llama.cpp cannot adapt.",
                "Set FTDEMO_ENGINE=transformers to ask this model.",
            )
        rest = module.scaling * module.a.shape[0] / adapter.alpha
        b = shape.order_rows(module.module, module.b) * np.float32(rest)
        writer.add_tensor(f"{name}.weight.lora_a", module.a.astype(np.float16))
        writer.add_tensor(f"{name}.weight.lora_b", b.astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
