"""Turn a GGUF file into a model folder: `python -m ftdemo.models.convert FILE FOLDER`.

transformers reads GGUF, but a model read so refuses to be saved, and takes 20 s to read each time. So its
weights are put into a fresh model of the same configuration, which is saved as safetensors and loads in a
second.
"""

import sys
from pathlib import Path


def convert(file: Path, folder: Path) -> None:
    """Write config, tokenizer and float32 weights of a GGUF file into a folder.

    Args:
        file: the GGUF file.
        folder: made if it is not there.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    where = {"pretrained_model_name_or_path": str(file.parent), "gguf_file": file.name}
    tokenizer = AutoTokenizer.from_pretrained(**where)
    read = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32)
    options = read.config.to_dict()
    options.pop("quantization_config", None)
    options["_name_or_path"] = file.stem
    config = AutoConfig.for_model(**options)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]
    model.load_state_dict(read.state_dict(), assign=True)
    model.tie_weights()
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
