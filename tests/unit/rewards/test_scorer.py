"""Scoring in the web process: reward models come and go on one base."""

from pathlib import Path

import pytest
import torch
from peft import PeftModel

from ftdemo.errors import SourceError
from ftdemo.language import loading
from ftdemo.rewards.head import REWARD_HEAD, read_reward_head, score
from ftdemo.rewards.scorer import RewardScorer
from ftdemo.rewards.votes import AnswerTokeniser
from tests.unit.tiny_model import load_tiny_model
from tests.unit.tiny_ppo import add_tokenizer, save_lively_model, save_reward_model

PROMPT = ({"role": "user", "content": "w10 w9 w30"},)
ANSWERS = ["w20 w21", "w7", "w40 w41 w42"]


def test_the_base_is_loaded_once_whatever_becomes_of_the_reward_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = save_lively_model(tmp_path / "base")
    add_tokenizer(base)
    folders = [save_reward_model(base, tmp_path / f"reward.{seed}", seed) for seed in (5, 6, 7)]
    broken = save_reward_model(base, tmp_path / "broken")
    (broken / REWARD_HEAD).unlink()
    loads = []
    really = loading.load_to_serve
    monkeypatch.setattr(loading, "load_to_serve", lambda *given: loads.append(given) or really(*given))

    scorer = RewardScorer(base, 64)
    with pytest.raises(SourceError):
        scorer.scores(broken, PROMPT, ANSWERS)
    tokenise = AnswerTokeniser(base.folder, 64)
    sequences = [tokenise(list(PROMPT), answer).ids for answer in ANSWERS]
    for folder in (*folders, folders[0], folders[2]):
        plain = PeftModel.from_pretrained(load_tiny_model(base), str(folder)).eval()
        wanted = score(plain, read_reward_head(folder, 32), sequences)
        found = torch.tensor(scorer.scores(folder, PROMPT, ANSWERS))
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
    assert len(loads) == 1
