"""What the model is shown, and what it is graded on."""

from pathlib import Path

import pytest

from ftdemo.models import ensure_base_model
from ftdemo.settings import Settings
from ftdemo.store.samples import Sample
from ftdemo.tokens.sequences import TokenisedSample
from ftdemo.tuning.tokenised import tokenise

pytestmark = pytest.mark.model


@pytest.fixture
def base_folder(model_settings: Settings) -> Path:
    return ensure_base_model(model_settings).folder


def decode(folder: Path, ids: list[int]) -> str:
    from tokenizers import Tokenizer

    return str(Tokenizer.from_file(str(folder / "tokenizer.json")).decode(ids, skip_special_tokens=False))


def test_only_the_answers_tokens_count(base_folder: Path) -> None:
    (sample,) = tokenise([Sample("What is red?", "A colour.")], base_folder, 1024).samples
    graded = decode(base_folder, sample.ids[sample.prompt_length :])
    assert graded.strip() == "A colour.<|im_end|>"
    prompt = decode(base_folder, sample.ids[: sample.prompt_length])
    assert prompt.endswith("<|im_start|>user\nWhat is red?<|im_end|>\n<|im_start|>assistant\n")


def test_ids_are_those_of_transformers(base_folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base_folder)
    sample = Sample(
        "Red?", "Yes: é, 漢字 🙂.", system="Be brief.", history=(("user", "Hi"), ("assistant", "Ho"))
    )
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Ho"},
        {"role": "user", "content": "Red?"},
        {"role": "assistant", "content": "Yes: é, 漢字 🙂."},
    ]
    (found,) = tokenise([sample], base_folder, 1024).samples
    assert found.ids == tokenizer.apply_chat_template(messages, tokenize=True, return_dict=False)


def test_a_weight_repeats_a_sample(base_folder: Path) -> None:
    found = tokenise([Sample("a", "1", weight=3.0), Sample("b", "2", weight=0.2)], base_folder, 1024)
    assert found.samples[0] == found.samples[1] == found.samples[2] != found.samples[3]
    assert len(found.samples) == 4


def test_a_long_sample_is_cut_and_one_without_its_answer_is_left_out(base_folder: Path) -> None:
    samples = [Sample("Red?", "word " * 100), Sample("word " * 100, "Yes."), Sample("Red?", "Yes.")]
    found = tokenise(samples, base_folder, 64)
    assert (len(found.samples), found.cut_off, found.dropped) == (2, 2, 1)
    assert len(found.samples[0].ids) == 64


def test_a_set_is_tokenised_once_and_a_damaged_file_is_made_again(base_folder: Path, tmp_path: Path) -> None:
    samples = [Sample("Red?", "Yes."), Sample("Blue?", "No.")]
    first = tokenise(samples, base_folder, 1024, tmp_path)
    (kept,) = tmp_path.glob("*.npz")
    written = kept.stat().st_mtime_ns
    assert tokenise(samples, base_folder, 1024, tmp_path) == first
    assert kept.stat().st_mtime_ns == written
    kept.write_bytes(kept.read_bytes()[:40])
    assert tokenise(samples, base_folder, 1024, tmp_path) == first
    tokenise([Sample("Red?", "No.")], base_folder, 1024, tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 2


def test_a_cut_sample_keeps_its_question() -> None:
    assert TokenisedSample([1, 2, 3, 4], 2).cut(3) == TokenisedSample([1, 2, 3], 2)
