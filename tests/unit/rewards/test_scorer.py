"""Scores for many callers: the base model once in memory, the reward models used last on it."""

import threading
from pathlib import Path
from typing import Any

import pytest
import transformers

from ftdemo.models.base import BaseModel
from ftdemo.rewards import scorer as reward_scorer
from ftdemo.rewards.head import read_reward_head, score
from ftdemo.rewards.scorer import RewardScorer
from ftdemo.tokens.template import with_answer
from ftdemo.tokens.tokeniser import ChatTokeniser
from tests.unit.tiny_model import load_tiny_model
from tests.unit.tiny_ppo import add_tokenizer, save_lively_model, save_reward_model

PROMPT = [{"role": "user", "content": "w9 w17"}]
ANSWERS = ["w20 w21", "w30", "w20 w21", "w12 w13 w14"]


@pytest.fixture
def base(tmp_path: Path) -> BaseModel:
    made = save_lively_model(tmp_path / "base")
    add_tokenizer(made)
    return made


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Which models were loaded."""
    loaded: list[Any] = []
    load = transformers.AutoModelForCausalLM.from_pretrained

    def noted(folder: Any, **options: Any) -> Any:
        loaded.append(folder)
        return load(folder, **options)

    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", noted)
    return loaded


def alone(base: BaseModel, folder: Path) -> list[float]:
    """The scores of a reward model that has the base for itself, each answer alone."""
    from peft import PeftModel

    model = PeftModel.from_pretrained(load_tiny_model(base), str(folder)).eval()
    talks = [with_answer(PROMPT, answer) for answer in ANSWERS]
    whole = ChatTokeniser.of_folder(base.folder).answered(talks, closed=False)
    head = read_reward_head(folder, 32)
    return [float(score(model, head, [one.ids])[0]) for one in whole]


def test_reward_models_share_a_base_and_the_one_used_longest_ago_leaves(
    base: BaseModel, tmp_path: Path, loads: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [save_reward_model(base, tmp_path / f"reward-{seed}", seed) for seed in (1, 2, 3)]
    wanted = [alone(base, folder) for folder in folders]
    loads.clear()
    monkeypatch.setattr(reward_scorer, "MOST_LOADED", 2)
    scorer = RewardScorer(base)
    for number in (0, 1, 0, 2, 0, 1):
        found = scorer.scores(folders[number], PROMPT, ANSWERS)
        assert found == pytest.approx(wanted[number], abs=1e-5)
        assert found[0] == found[2]
    assert list(scorer._judges) == [folders[0], folders[1]]
    assert len(loads) == 1


def test_two_that_ask_first_at_the_same_time_load_the_base_once(
    base: BaseModel, tmp_path: Path, loads: list[Any]
) -> None:
    folders = [save_reward_model(base, tmp_path / f"reward-{seed}", seed) for seed in (1, 2)]
    scorer, together = RewardScorer(base), threading.Barrier(2)
    found: dict[Path, list[float]] = {}

    def ask(folder: Path) -> None:
        together.wait()
        found[folder] = scorer.scores(folder, PROMPT, ANSWERS)

    threads = [threading.Thread(target=ask, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert {folder: pytest.approx(alone(base, folder), abs=1e-5) for folder in folders} == found
