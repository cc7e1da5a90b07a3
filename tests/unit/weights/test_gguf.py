import json
import math
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from safetensors.numpy import save_file

from ftdemo.errors import UserError
from ftdemo.weights.gguf_adapter import write_adapter
from ftdemo.weights.gguf_cache import GgufCache
from ftdemo.weights.gguf_model import reason_against_gguf, write_base, write_changed
from ftdemo.weights.llama_names import LlamaShape
from ftdemo.weights.low_rank import Adapter
from ftdemo.weights.tensors import Tensors
from ftdemo.weights.tuned_files import TunedFiles, tuned_files

SHAPE = LlamaShape(heads=2, key_value_heads=1, tied=True)
Q = "model.layers.0.self_attn.q_proj"
UP = "model.layers.0.mlp.up_proj"
WIDTH, HEAD = 32, 16
RANDOM = np.random.default_rng(0)


def matrix(rows: int, columns: int) -> np.ndarray:
    return RANDOM.standard_normal((rows, columns)).astype(np.float32)


def rotated_by_halves(rows: np.ndarray, position: float) -> np.ndarray:
    """Rotary embedding of one head as transformers does it: pairs are row i and row i + half."""
    half = len(rows) // 2
    angles = position * (10.0 ** -np.arange(half))
    first, second = rows[:half], rows[half:]
    return np.concatenate(
        [
            first * np.cos(angles) - second * np.sin(angles),
            second * np.cos(angles) + first * np.sin(angles),
        ]
    )


def rotated_by_pairs(rows: np.ndarray, position: float) -> np.ndarray:
    """The same as llama.cpp does it: pairs are neighbours."""
    angles = position * (10.0 ** -np.arange(len(rows) // 2))
    first, second = rows[0::2], rows[1::2]
    turned = np.empty_like(rows)
    turned[0::2] = first * np.cos(angles) - second * np.sin(angles)
    turned[1::2] = second * np.cos(angles) + first * np.sin(angles)
    return turned


def test_reordered_rows_give_the_same_attention_scores() -> None:
    weight_q, weight_k, seen = (
        matrix(2 * HEAD, WIDTH),
        matrix(HEAD, WIDTH),
        RANDOM.standard_normal((2, WIDTH)),
    )
    theirs_q = SHAPE.order_rows(Q, weight_q)
    theirs_k = SHAPE.order_rows(Q.replace("q_proj", "k_proj"), weight_k)
    for head in range(2):
        rows = slice(head * HEAD, (head + 1) * HEAD)
        ours = rotated_by_halves(weight_q[rows] @ seen[0], 5) @ rotated_by_halves(weight_k @ seen[1], 2)
        theirs = rotated_by_pairs(theirs_q[rows] @ seen[0], 5) @ rotated_by_pairs(theirs_k @ seen[1], 2)
        assert theirs == pytest.approx(ours)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (Q, "blk.0.attn_q"),
        ("model.layers.29.mlp.down_proj", "blk.29.ffn_down"),
        ("model.layers.3.post_attention_layernorm", "blk.3.ffn_norm"),
        ("model.embed_tokens", "token_embd"),
        ("model.norm", "output_norm"),
        ("lm_head", None),
        ("model.layers.0.self_attn.rotary_emb", None),
        ("score", None),
    ],
)
def test_names(module: str, name: str | None) -> None:
    assert SHAPE.gguf_name(module) == name


def test_an_output_layer_of_its_own_has_a_name() -> None:
    assert LlamaShape(2, 1, tied=False).gguf_name("lm_head") == "output"


def save_adapter(
    folder: Path, modules: dict[str, int], magnitude: bool = False, **config: Any
) -> tuple[TunedFiles, dict[str, np.ndarray]]:
    """An adapter with a rank for each module, as PEFT saves it."""
    tensors = {}
    for module, rank in modules.items():
        path = f"base_model.model.{module}"
        tensors[f"{path}.lora_A.weight"] = matrix(rank, WIDTH)
        tensors[f"{path}.lora_B.weight"] = matrix(2 * HEAD, rank)
        if magnitude:
            tensors[f"{path}.lora_magnitude_vector"] = np.abs(matrix(2 * HEAD, 1))[:, 0]
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps({"r": 4, "lora_alpha": 8, **config}))
    files = tuned_files(folder)
    assert files is not None
    return files, tensors


def read(file: Path) -> dict[str, np.ndarray]:
    return {
        tensor.name: gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        for tensor in gguf.GGUFReader(file).tensors
    }


@pytest.mark.parametrize(
    ("config", "scalings"),
    [
        ({}, {Q: 8 / 4, UP: 8 / 2}),
        ({"use_rslora": True}, {Q: 8 / math.sqrt(4), UP: 8 / math.sqrt(2)}),
        ({"alpha_pattern": {"up_proj": 3}}, {Q: 8 / 4, UP: 3 / 2}),
        ({"alpha_pattern": {r"layers\.0\.self_attn\.q_proj": 5}}, {Q: 5 / 4, UP: 8 / 2}),
    ],
)
def test_an_adapter_adds_the_same_in_gguf(
    tmp_path: Path, config: dict[str, Any], scalings: dict[str, float]
) -> None:
    files, tensors = save_adapter(tmp_path, {Q: 4, UP: 2}, rank_pattern={"up_proj": 2}, **config)
    write_adapter(files, SHAPE, tmp_path / "adapter.gguf")
    written = read(tmp_path / "adapter.gguf")
    assert len(written) == 4
    for module, name in ((Q, "blk.0.attn_q"), (UP, "blk.0.ffn_up")):
        a, b = written[f"{name}.weight.lora_a"], written[f"{name}.weight.lora_b"]
        added = (8 / a.shape[0]) * b.astype(np.float32) @ a.astype(np.float32)
        path = f"base_model.model.{module}"
        product = tensors[f"{path}.lora_B.weight"] @ tensors[f"{path}.lora_A.weight"]
        expected = scalings[module] * SHAPE.order_rows(module, product)
        np.testing.assert_allclose(added, expected, atol=0.02 * np.abs(expected).max())


@pytest.mark.parametrize("config", [{"bias": "all"}, {"fan_in_fan_out": True}])
def test_an_adapter_that_cannot_be_added_is_one_sentence(tmp_path: Path, config: dict[str, Any]) -> None:
    files, _ = save_adapter(tmp_path, {Q: 4}, **config)
    with pytest.raises(UserError, match="more than low-rank matrices"):
        Adapter(files)


def test_an_adapter_of_the_embedding_is_refused(tmp_path: Path) -> None:
    files, _ = save_adapter(tmp_path, {"model.embed_tokens": 4})
    with pytest.raises(UserError, match=r"changes model\.embed_tokens"):
        write_adapter(files, SHAPE, tmp_path / "adapter.gguf")


def test_merged_rows_of_dora_have_the_learned_lengths(tmp_path: Path) -> None:
    files, tensors = save_adapter(tmp_path, {UP: 4}, magnitude=True, use_dora=True)
    adapter = Adapter(files)
    assert adapter.is_dora
    [module] = adapter.modules()
    merged = module.merged(matrix(2 * HEAD, WIDTH))
    lengths = tensors[f"base_model.model.{UP}.lora_magnitude_vector"]
    np.testing.assert_allclose(np.linalg.norm(merged, axis=1), lengths, rtol=1e-5)


def test_bfloat16_is_read_exactly(tmp_path: Path) -> None:
    values = np.array([[1.5, -2.0], [0.0, 3.25]], dtype="<f4")
    data = (values.view("<u4") >> 16).astype("<u2").tobytes()
    header = json.dumps(
        {"__metadata__": {}, "w": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, len(data)]}}
    ).encode()
    file = tmp_path / "model.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header + data)
    np.testing.assert_array_equal(Tensors.of_folder(tmp_path)["w"], values)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A model folder of the llama family with random weights."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    config = {
        "model_type": "llama", "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
        "hidden_size": WIDTH, "intermediate_size": 64, "max_position_embeddings": 64, "vocab_size": 8,
        "rms_norm_eps": 1e-5, "tie_word_embeddings": True, "eos_token_id": 1, "head_dim": HEAD,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    tokenizer = {
        "model": {"type": "BPE", "vocab": {c: i for i, c in enumerate("abcdef")}, "merges": [["a", "b"]]},
        "added_tokens": [{"id": 6, "content": "<|im_end|>", "special": True}],
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    layer = "model.layers.0."
    save_file(
        {
            "model.embed_tokens.weight": matrix(8, WIDTH),
            "model.norm.weight": matrix(1, WIDTH)[0],
            f"{layer}input_layernorm.weight": matrix(1, WIDTH)[0],
            f"{layer}self_attn.q_proj.weight": matrix(2 * HEAD, WIDTH),
            f"{layer}self_attn.k_proj.weight": matrix(HEAD, WIDTH),
            f"{layer}mlp.up_proj.weight": matrix(64, WIDTH),
        },
        folder / "model.safetensors",
    )
    return folder


def test_a_base_model_is_written_whole(tiny: Path, tmp_path: Path) -> None:
    assert reason_against_gguf(tiny) is None
    write_base(tiny, tmp_path / "base.gguf")
    written, tensors = read(tmp_path / "base.gguf"), Tensors.of_folder(tiny)
    assert len(written) == len(tensors)
    np.testing.assert_allclose(written["blk.0.ffn_up.weight"], tensors[f"{UP}.weight"], atol=2e-3)
    expected = SHAPE.order_rows(Q, tensors[f"{Q}.weight"])
    np.testing.assert_allclose(written["blk.0.attn_q.weight"], expected, atol=2e-3)


def test_only_changed_tensors_are_replaced(tiny: Path, tmp_path: Path) -> None:
    write_base(tiny, tmp_path / "base.gguf")
    before = read(tmp_path / "base.gguf")
    changed = {f"{UP}.weight": matrix(64, WIDTH), "lm_head.weight": matrix(8, WIDTH)}
    write_changed(tmp_path / "base.gguf", changed, SHAPE, tmp_path / "new.gguf")
    after = read(tmp_path / "new.gguf")
    assert list(after) == list(before)
    np.testing.assert_allclose(after["blk.0.ffn_up.weight"], changed[f"{UP}.weight"], atol=2e-3)
    for name in set(before) - {"blk.0.ffn_up.weight"}:
        np.testing.assert_array_equal(after[name], before[name])
    fields = gguf.GGUFReader(tmp_path / "new.gguf").fields
    assert fields["tokenizer.ggml.tokens"].contents() == [*"abcdef", "<|im_end|>", "[PAD7]"]


def test_what_replaces_a_quantised_tensor_is_quantised_too(tmp_path: Path) -> None:
    q4, q8 = gguf.GGMLQuantizationType.Q4_1, gguf.GGMLQuantizationType.Q8_0
    writer = gguf.GGUFWriter(tmp_path / "base.gguf", "llama")
    for name in ("blk.0.ffn_up.weight", "blk.0.ffn_gate.weight"):
        writer.add_tensor(name, gguf.quants.quantize(matrix(64, WIDTH), q4), raw_dtype=q4)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    new = matrix(64, WIDTH)
    write_changed(tmp_path / "base.gguf", {f"{UP}.weight": new}, SHAPE, tmp_path / "new.gguf")
    formats = [tensor.tensor_type for tensor in gguf.GGUFReader(tmp_path / "new.gguf").tensors]
    assert formats == [q8, q4]
    np.testing.assert_allclose(read(tmp_path / "new.gguf")["blk.0.ffn_up.weight"], new, atol=0.03)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model_type": "qwen2"}, "qwen2 family"),
        ({"attention_bias": True}, "biases"),
        ({"rope_scaling": {"rope_type": "llama3"}}, "positions are scaled"),
    ],
)
def test_what_cannot_be_written_has_a_reason(tiny: Path, change: dict[str, Any], reason: str) -> None:
    config = json.loads((tiny / "config.json").read_text())
    (tiny / "config.json").write_text(json.dumps({**config, **change}))
    assert reason in (reason_against_gguf(tiny) or "")


def test_a_file_is_made_once_and_again_when_its_source_changes(tmp_path: Path) -> None:
    cache = GgufCache(tmp_path / "cache")
    source = tmp_path / "source"
    source.write_text("1")
    made: list[Path] = []

    def make(path: Path) -> None:
        made.append(path)
        path.write_bytes(b"x" * 10)

    first = cache.file("job-1.lora", [source], make)
    assert cache.file("job-1.lora", [source], make) == first
    assert len(made) == 1
    source.write_text("22")
    assert cache.file("job-1.lora", [source], make) != first
    assert not any(path.exists() for path in made)


def test_files_of_a_removed_model_go_and_others_stay(tmp_path: Path) -> None:
    cache = GgufCache(tmp_path)
    kept = cache.file("job-12.lora", [], lambda path: path.touch())
    gone = cache.file("job-1.lora", [], lambda path: path.touch())
    cache.forget("job-1")
    assert (kept.exists(), gone.exists()) == (True, False)


def test_the_oldest_files_leave_when_there_are_too_many_bytes(tmp_path: Path) -> None:
    import os

    cache = GgufCache(tmp_path, largest=25)
    files = []

    def make(path: Path) -> None:
        path.write_bytes(b"x" * 10)

    for age, name in ((300, "a"), (200, "b")):
        files.append(cache.file(name, [], make))
        os.utime(files[-1], (1e9 - age, 1e9 - age))
    files.append(cache.file("c", [], make))
    assert [file.exists() for file in files] == [False, True, True]


def test_a_conversion_that_fails_leaves_no_file(tmp_path: Path) -> None:
    cache = GgufCache(tmp_path)

    def make(path: Path) -> None:
        path.write_bytes(b"half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        cache.file("a", [], make)
    assert not list(tmp_path.glob("*.gguf"))
