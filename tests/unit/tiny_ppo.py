"""Tiny models, reward models and learners for the tests of PPO."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, models, pre_tokenizers

from ftdemo.aligning.ppo.experience import Learner
from ftdemo.aligning.ppo.model import PpoModel, RewardName
from ftdemo.aligning.ppo.preparing import make_learner
from ftdemo.aligning.ppo.scoring import Scorer
from ftdemo.aligning.ppo.settings import PpoSettings
from ftdemo.aligning.ppo.step import collect, learn
from ftdemo.language.sampling import Completion
from ftdemo.machine.device import Device
from ftdemo.models.base import BaseModel
from ftdemo.rewards.head import RewardHead, write_reward_head
from ftdemo.weights.tuned_files import TunedFiles, tuned_files
from tests.unit.tiny_model import VOCABULARY, load_tiny_model, save_tiny_model

DEVICE = Device("cpu", "a test", bfloat16=False)
END = 2
LIKED = range(32, 64)
"""The tokens that the rule of `count_of_liked` rewards."""
PROMPTS = [[5, 9, 11, 30], [5, 9, 8], [5, 9, 12, 13, 14, 15], [5, 9, 40, 41]]
SETTINGS = PpoSettings(
    prompts_per_batch=4, samples_per_prompt=2, max_new_tokens=6, minibatch=3, rank=4, alpha=8,
    learning_rate=5e-3, precision="float32", steps=4, kl_stop=1000.0, kl_budget=1000.0,
)  # fmt: skip


def save_lively_model(folder: Path, tied: bool = True) -> BaseModel:
    """A tiny model with longer hidden states, so that some tokens can become much likelier than others."""
    base = save_tiny_model(folder, tied)
    model = load_tiny_model(base)
    with torch.no_grad():
        model.model.norm.weight.mul_(8)
    model.save_pretrained(folder)
    return base


def count_of_liked(rollouts: Sequence[Completion]) -> torch.Tensor:
    """A reward that needs no model: how many of an answer's tokens are liked."""
    return torch.tensor([float(sum(token in LIKED for token in rollout.answer)) for rollout in rollouts])


def save_random_adapter(base: BaseModel, folder: Path, seed: int, dora: bool = False) -> Path:
    """Write a LoRA adapter that changes what the model says."""
    torch.manual_seed(seed)
    config = LoraConfig(r=3, lora_alpha=6, target_modules="all-linear", task_type="CAUSAL_LM", use_dora=dora)
    model: Any = get_peft_model(load_tiny_model(base), config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.05)
    model.save_pretrained(folder)
    return folder


def save_reward_model(base: BaseModel, folder: Path, seed: int = 5) -> Path:
    save_random_adapter(base, folder, seed)
    generator = torch.Generator().manual_seed(seed)
    head = RewardHead(
        torch.randn(32, generator=generator), torch.tensor([0.3]), torch.tensor([-0.2]), torch.tensor([2.0])
    )
    write_reward_head(head, folder)
    return folder


def files_of(folder: Path) -> TunedFiles:
    files = tuned_files(folder)
    assert files is not None
    return files


def tiny_learner(
    base: BaseModel,
    settings: PpoSettings = SETTINGS,
    score: Scorer = count_of_liked,
    parent: TunedFiles | None = None,
    rewards: dict[RewardName, Path] | None = None,
) -> Learner:
    torch.manual_seed(settings.seed)
    model = PpoModel(base, parent, rewards or {}, settings, DEVICE)
    return make_learner(model, settings, frozenset({END}), score)


def take_step(learner: Learner, prompts: Sequence[Sequence[int]] = PROMPTS) -> dict[str, float]:
    """Answers to prompts, and what is learned from them."""
    return learn(learner, *collect(learner, prompts))


def add_tokenizer(base: BaseModel) -> None:
    """Give the tiny model words and a chat template, each word one token."""
    words = {"<unk>": 0, "<s>": 1, "<|im_end|>": 2}
    words |= {f"w{number}": number for number in range(3, VOCABULARY)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(["<|im_end|>"])
    tokenizer.save(str(base.folder / "tokenizer.json"))
    template = (
        "{% for m in messages %}{{ 'w4' if m['role'] == 'assistant' else 'w3' }} {{ m['content'] }} "
        "<|im_end|>\n"
        "{% endfor %}{% if add_generation_prompt %}w4 {% endif %}"
    )
    config = {"chat_template": template, "eos_token": "<|im_end|>"}
    (base.folder / "tokenizer_config.json").write_text(json.dumps(config))
