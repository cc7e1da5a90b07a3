"""Answers on the way: what the model in training says to a few questions."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from ftdemo.training.answers import AnswersCallback
from tests.unit.tiny_model import load_tiny_model
from tests.unit.tiny_ppo import add_tokenizer, save_lively_model


def test_questions_of_unlike_lengths_are_answered_as_each_would_be_alone(tmp_path: Path) -> None:
    base = save_lively_model(tmp_path / "base")
    add_tokenizer(base)
    model = load_tiny_model(base)
    prompts = [
        [{"role": "user", "content": text}] for text in ("w9", "w10 w11 w12 w13 w14 w15", "w20 w21", "w30")
    ]
    arguments: Any = SimpleNamespace(device=torch.device("cpu"), bf16=False)
    state: Any = SimpleNamespace(global_step=0, max_steps=4)

    def answers(asked: list[Any]) -> list[tuple[str, str]]:
        heard: list[tuple[str, str]] = []
        reporter: Any = SimpleNamespace(record_answers=lambda step, said: heard.extend(said))
        callback = AnswersCallback(reporter, base, asked, every=2, at_ends=True, max_new_tokens=6)
        callback.on_train_begin(arguments, state, SimpleNamespace(), model=model)  # type: ignore[arg-type]
        return heard

    together = answers(prompts)
    assert together == [said for prompt in prompts for said in answers([prompt])]
    assert [question for question, _ in together] == [prompt[0]["content"] for prompt in prompts]
    assert all(text and "<|im_end|>" not in text for _, text in together)
