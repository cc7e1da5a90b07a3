"""Whole models as GGUF files, for llama.cpp: a base model, and a base model with changed tensors."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ftdemo.weights.llama_names import ARCHITECTURE, LlamaShape, read_config
from ftdemo.weights.tensors import Tensors

_WRITTEN_BY_THE_WRITER = ("GGUF.", "general.architecture")


def reason_against_gguf(folder: Path) -> str | None:
    """Why a base model's folder cannot be written as GGUF here, or None if it can."""
    config = read_config(folder)
    if config.get("model_type") != ARCHITECTURE:
        return f"it is of the {config.get('model_type')} family, not llama"
    if config.get("attention_bias") or config.get("mlp_bias"):
        return "its linear layers have biases"
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if rope.get("rope_type", rope.get("type", "default")) != "default":
        return "its positions are scaled"
    model = _tokenizer(folder).get("model", {})
    if model.get("type") != "BPE" or model.get("byte_fallback"):
        return "its tokenizer is not of the byte-level kind"
    return None


def write_base(folder: Path, target: Path) -> None:
    """Write a base model of the llama family as GGUF: matrices as float16, vectors as float32.

    Args:
        folder: the model in the form of transformers, one that `reason_against_gguf` has nothing against.
        target: the file to write.
    """
    import gguf

    config = read_config(folder)
    shape = LlamaShape.of_config(config)
    heads, width = config["num_attention_heads"], config["hidden_size"]
    rope = config.get("rope_parameters") or {}
    writer = gguf.GGUFWriter(target, ARCHITECTURE)
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(shape.key_value_heads)
    head_size = config.get("head_dim") or width // heads
    writer.add_key_length(head_size)
    writer.add_value_length(head_size)
    writer.add_rope_dimension_count(head_size)
    writer.add_rope_freq_base(float(rope.get("rope_theta") or config.get("rope_theta") or 10_000.0))
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    _add_tokenizer(writer, folder, config["vocab_size"])
    for name, tensor in _renamed(Tensors.of_folder(folder), shape):
        writer.add_tensor(name, tensor.astype(np.float32 if tensor.ndim == 1 else np.float16))
    _write(writer)


def write_changed(base: Path, changed: Mapping[str, np.ndarray], shape: LlamaShape, target: Path) -> None:
    """Write a base model's GGUF file with some tensors replaced; the others stay as they are, bit by bit.

    A new tensor is stored as Q8_0 where the base's is quantised, and else in the base's own format.

    Args:
        base: the base's GGUF file, of the llama family.
        changed: the new tensors by their names in transformers.
        shape: the base model's.
        target: the file to write.
    """
    import gguf

    new = dict(_renamed(changed, shape))
    reader = gguf.GGUFReader(base)
    writer = gguf.GGUFWriter(target, ARCHITECTURE)
    for field in reader.fields.values():
        if field.name.startswith(_WRITTEN_BY_THE_WRITER):
            continue
        kind = field.types[0]
        item = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=item)
    formats = gguf.GGMLQuantizationType
    for tensor in reader.tensors:
        data, storage = tensor.data, tensor.tensor_type
        if tensor.name in new:
            storage = storage if storage in {formats.F32, formats.F16} else formats.Q8_0
            data = gguf.quants.quantize(new[tensor.name].astype(np.float32), storage)
        writer.add_tensor(tensor.name, data, raw_dtype=storage)
    _write(writer)


def _renamed(tensors: Mapping[str, np.ndarray], shape: LlamaShape) -> Iterator[tuple[str, np.ndarray]]:
    for name in tensors:
        module = name.removesuffix(".weight")
        if (gguf_name := shape.gguf_name(module)) is not None:
            yield f"{gguf_name}.weight", shape.order_rows(module, tensors[name])


def _add_tokenizer(writer: Any, folder: Path, vocabulary: int) -> None:
    """Add the tokens. llama.cpp is given token ids, so only the texts and the end of a turn matter here."""
    import gguf

    tokenizer = _tokenizer(folder)
    texts = {index: text for text, index in tokenizer["model"]["vocab"].items()}
    kinds = dict.fromkeys(texts, gguf.TokenType.NORMAL)
    for added in tokenizer.get("added_tokens", []):
        texts[added["id"]] = added["content"]
        kinds[added["id"]] = gguf.TokenType.CONTROL if added["special"] else gguf.TokenType.USER_DEFINED
    ids = range(vocabulary)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([texts.get(index, f"[PAD{index}]") for index in ids])
    writer.add_token_types([kinds.get(index, gguf.TokenType.UNUSED) for index in ids])
    merges = tokenizer["model"]["merges"]
    writer.add_token_merges([" ".join(pair) if isinstance(pair, list) else pair for pair in merges])
    writer.add_add_bos_token(False)
    config = read_config(folder)
    ends = config.get("eos_token_id")
    if ends is not None:
        writer.add_eos_token_id(ends[0] if isinstance(ends, list) else ends)


def _tokenizer(folder: Path) -> dict[str, Any]:
    file = folder / "tokenizer.json"
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return content


def _write(writer: Any) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
