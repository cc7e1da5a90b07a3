"""What sampling asks of a model."""

from pathlib import Path
from typing import Any

import torch

from ftdemo.language.sampling import sample
from tests.unit.tiny_model import load_tiny_model, save_tiny_model


def test_the_vocabularys_matrix_is_multiplied_with_rows_in_one_piece(tmp_path: Path) -> None:
    """Of a slice, torch copies the matrix for each prompt: 0.9 GB for 16 prompts to a model of 135M."""
    model: Any = load_tiny_model(save_tiny_model(tmp_path / "tiny"))
    read: list[bool] = []
    model.get_output_embeddings().register_forward_pre_hook(
        lambda _, given: read.append(given[0].is_contiguous())
    )
    prompts = [[3, 10, 9, 12, 4], [3, 10, 11, 12, 13, 4], [3, 10, 7, 4]]
    with torch.inference_mode():
        answers = sample(model, prompts, end_tokens=frozenset(), max_new_tokens=3, temperature=0)
    assert [len(answer.answer) for answer in answers] == [3, 3, 3]
    assert read == [True] * len(read)
    assert len(read) == 2 + 2  # what all begin with, the rest of each, two more tokens
