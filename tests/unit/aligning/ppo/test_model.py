"""Policy, reference and reward models on one base: who is active when, and what changes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file

from ftdemo.aligning.ppo.experience import gather, policy_outputs, rows_within
from ftdemo.aligning.ppo.guards import repetition_share
from ftdemo.aligning.ppo.model import PpoModel
from ftdemo.aligning.ppo.outputs import token_outputs
from ftdemo.errors import SourceError, UserError
from ftdemo.language.likelihoods import read
from ftdemo.language.sampling import Completion, sample
from ftdemo.models.base import BaseModel
from ftdemo.rewards.head import read_reward_head, score
from ftdemo.weights.tuned_files import CHANGED
from tests.unit.tiny_model import load_tiny_model
from tests.unit.tiny_ppo import (
    DEVICE,
    END,
    PROMPTS,
    SETTINGS,
    count_of_liked,
    files_of,
    save_lively_model,
    save_random_adapter,
    save_reward_model,
    take_step,
    tiny_learner,
)  # fmt: skip

IDS = torch.tensor([[5, 9, 11, 30, 7, 8]])
STARTS = ["none", "lora", "changed", "changed and lora", "dora"]


@pytest.fixture(params=["tied", "untied"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> BaseModel:
    return save_lively_model(tmp_path / "base", tied=request.param == "tied")


def save_start(base: BaseModel, kind: str, folder: Path) -> Any:
    """Write a tuned model to continue from, and return its files."""
    if kind == "none":
        return None
    folder.mkdir()
    if "lora" in kind or kind == "dora":
        save_random_adapter(base, folder, seed=3, dora=kind == "dora")
    if "changed" in kind:
        plain = dict(load_tiny_model(base).named_parameters())
        names = ["model.embed_tokens.weight", "model.norm.weight", "model.layers.1.mlp.up_proj.weight"]
        save_file({name: plain[name].detach() * 1.3 for name in names}, folder / CHANGED)
    return files_of(folder)


def start_logits(base: BaseModel, start: Any) -> torch.Tensor:
    """What the tuned model says, computed plainly."""
    model = load_tiny_model(base)
    if start is not None:
        if start.has_changed:
            with torch.no_grad():
                for name, tensor in load_file(start.changed).items():
                    model.get_parameter(name).copy_(tensor)
        if start.has_adapter:
            model = PeftModel.from_pretrained(model, str(start.folder))
    with torch.no_grad():
        found: torch.Tensor = model(IDS).logits
    return found


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(IDS).logits
    return found


def disturb(model: PpoModel) -> None:
    """Let the policy differ from what it started as."""
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in model.policy_parameters():
            weight.add_(0.05 * torch.randn_like(weight))


@pytest.mark.parametrize("kind", STARTS)
def test_each_role_is_the_model_it_should_be(base: BaseModel, kind: str, tmp_path: Path) -> None:
    start = save_start(base, kind, tmp_path / "start")
    reward = save_reward_model(base, tmp_path / "reward")
    model = PpoModel(base, start, {"reward": reward}, SETTINGS, DEVICE)
    expected = start_logits(base, start)
    rewarding: Any = PeftModel.from_pretrained(load_tiny_model(base), str(reward))
    sequences = [[5, 9, 11, END], [5, 8, END], [5, 9, 11, 12, 13, END]]
    wanted = score(rewarding, read_reward_head(reward, 32), sequences)
    for _ in range(2):
        with model.as_reference() as reference:
            torch.testing.assert_close(logits(reference), expected, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(model.score("reward", sequences), wanted, rtol=1e-4, atol=1e-4)
        with model.scoring("reward") as scoring:
            torch.testing.assert_close(logits(scoring), logits(rewarding), rtol=1e-4, atol=1e-4)
    with model.as_policy() as policy:
        torch.testing.assert_close(logits(policy), expected, rtol=1e-4, atol=1e-4)
        disturb(model)
        changed = logits(policy)
    assert float((changed - expected).abs().max()) > 0.01
    with model.sampling() as lean:
        found = lean(input_ids=IDS).logits
    torch.testing.assert_close(found, changed, rtol=1e-4, atol=1e-4)
    learning = {name for name, weight in model.peft.named_parameters() if weight.requires_grad}
    assert learning == {name for name in model.trained() if "value_head" not in name}


def test_the_score_is_the_heads_formula_at_the_last_token_whatever_the_padding(tmp_path: Path) -> None:
    base = save_lively_model(tmp_path / "base")
    reward = save_reward_model(base, tmp_path / "reward")
    head = read_reward_head(reward, 32)
    model: Any = PeftModel.from_pretrained(load_tiny_model(base), str(reward)).eval()
    sequences = [[5, 9, 11, END], [5, END], [5, 9, 11, 12, 13, 14, END]]
    found = score(model, head, sequences, batch=2)
    for sequence, one in zip(sequences, found, strict=True):
        with torch.no_grad():
            states = model(torch.tensor([sequence]), output_hidden_states=True).hidden_states
        wanted = (float(states[-1][0, -1] @ head.weight) + 0.3 + 0.2) / 2
        assert float(one) == pytest.approx(wanted, abs=1e-5)


def test_reward_models_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    base = save_lively_model(tmp_path / "base")
    reward = save_reward_model(base, tmp_path / "reward")
    with pytest.raises(UserError, match="hidden states"):
        read_reward_head(reward, 33)
    (reward / "reward_head.safetensors").write_bytes(b"nothing")
    with pytest.raises(SourceError, match="cannot be read"):
        read_reward_head(reward, 32)
    (reward / "reward_head.safetensors").unlink()
    with pytest.raises(SourceError, match=r"no file reward_head\.safetensors"):
        PpoModel(base, None, {"reward": reward}, SETTINGS, DEVICE)


@pytest.mark.parametrize("kind", STARTS)
def test_at_the_start_policy_and_reference_agree_and_the_first_ratio_is_one(
    base: BaseModel, kind: str, tmp_path: Path
) -> None:
    learner = tiny_learner(base, parent=save_start(base, kind, tmp_path / "start"))
    rollouts = draw(learner)
    experience = gather(learner, rollouts, count_of_liked(rollouts))
    assert torch.equal(experience.logprobs, experience.reference)
    assert float(experience.divergence.abs().max()) == 0
    disturb(learner.model)
    experience = gather(learner, rollouts, count_of_liked(rollouts))
    assert not torch.equal(experience.logprobs, experience.reference)
    assert bool((experience.divergence[experience.mask] > 0).all())
    assert float(experience.divergence[~experience.mask].abs().sum()) == 0
    for row in experience.minibatches:
        computed = [row[place] for place in rows_within(learner.model, rollouts, row)[0]]
        with learner.model.as_policy() as policy:
            again = policy_outputs(learner, policy, [rollouts[number] for number in computed])
        before = experience.logprobs[torch.tensor(computed), : again.mask.shape[1]]
        ratio = (again.logprobs - before).exp()
        assert torch.equal(ratio, torch.ones_like(ratio))


def draw(learner: Any, **changes: Any) -> list[Completion]:
    knobs = {
        "end_tokens": learner.end_tokens, "max_new_tokens": 6, "temperature": 1.0,
        "generator": torch.Generator().manual_seed(0), "samples_per_prompt": 2,
    }  # fmt: skip
    with learner.model.sampling() as policy:
        return sample(policy, changes.pop("prompts", PROMPTS), **{**knobs, **changes})


def test_what_was_packed_is_as_likely_as_alone(base: BaseModel) -> None:
    learner = tiny_learner(base)
    disturb(learner.model)
    rollouts = draw(learner, temperature=0.7)
    with learner.model.as_policy() as policy, torch.no_grad():
        samples = [rollout.as_sample() for rollout in rollouts]
        packed = token_outputs(read(policy, samples, packed=True, temperature=0.7), entropy=True)
        assert packed.entropy is not None
        for number, rollout in enumerate(rollouts):
            ids = torch.tensor([[*rollout.prompt, *rollout.answer]])
            rows = torch.log_softmax(policy(ids).logits[0, len(rollout.prompt) - 1 : -1] / 0.7, dim=-1)
            wanted = rows.gather(1, torch.tensor(rollout.answer)[:, None])[:, 0]
            length = len(rollout.answer)
            torch.testing.assert_close(packed.logprobs[number, :length], wanted, rtol=1e-4, atol=1e-4)
            entropy = -(rows.exp() * rows).sum(dim=1)
            torch.testing.assert_close(packed.entropy[number, :length], entropy, rtol=1e-4, atol=1e-4)
            assert not packed.logprobs[number, length:].any()


def test_greedy_answers_are_those_of_generate(base: BaseModel) -> None:
    learner = tiny_learner(base)
    disturb(learner.model)
    found = draw(learner, temperature=0, max_new_tokens=8, samples_per_prompt=1)
    for rollout in found:
        with learner.model.as_policy() as policy:
            output = policy.generate(
                torch.tensor([rollout.prompt]), max_new_tokens=8, do_sample=False, eos_token_id=END,
                pad_token_id=END, attention_mask=torch.ones(1, len(rollout.prompt), dtype=torch.long),
            )  # fmt: skip
        assert list(rollout.answer) == output[0, len(rollout.prompt) :].tolist()


def test_answers_are_cut_at_the_end_token_and_drawn_as_likely_as_they_are(base: BaseModel) -> None:
    learner = tiny_learner(base)
    learner = replace(learner, end_tokens=frozenset(range(2, 20)))
    rollouts = draw(learner, prompts=[PROMPTS[0]], samples_per_prompt=4000, max_new_tokens=2)
    assert {len(rollout.answer) for rollout in rollouts} == {1, 2}
    for rollout in rollouts:
        assert rollout.ended == (rollout.answer[-1] in learner.end_tokens)
        assert rollout.answer[0] not in learner.end_tokens or len(rollout.answer) == 1
    with learner.model.as_policy() as policy, torch.no_grad():
        wanted = torch.softmax(policy(torch.tensor([PROMPTS[0]])).logits[0, -1], dim=-1)
    first = torch.bincount(torch.tensor([rollout.answer[0] for rollout in rollouts]), minlength=64) / 4000
    assert float((first - wanted).abs().max()) < 5 * float((wanted.max() / 4000).sqrt())


def test_a_score_is_read_at_the_end_token_also_of_an_answer_cut_off() -> None:
    assert Completion((5, 6), (7, 8, 9), ended=True).to_be_scored(END) == [5, 6, 7, 8, END]
    assert Completion((5, 6), (7, 8, 9), ended=False).to_be_scored(END) == [5, 6, 7, 8, 9, END]


def test_repetition_is_told_from_variety() -> None:
    assert repetition_share([1, 2, 3, 4, 5]) == repetition_share([1, 1]) == 0
    assert repetition_share([1] * 12) == 0.9


@pytest.mark.parametrize("method", ["ppo", "rloo"])
def test_only_the_policy_and_the_value_head_change(base: BaseModel, method: Any, tmp_path: Path) -> None:
    reward = save_reward_model(base, tmp_path / "reward")
    start = save_start(base, "changed and lora", tmp_path / "start")
    learner = tiny_learner(base, replace(SETTINGS, method=method), parent=start, rewards={"reward": reward})
    before = {name: tensor.clone() for name, tensor in learner.model.peft.state_dict().items()}
    with learner.model.as_reference() as reference:
        reference_before = logits(reference)
    figures = take_step(learner)
    assert figures["kl"] == 0
    assert take_step(learner)["kl"] > 0
    after = learner.model.peft.state_dict()
    changed = {name for name, tensor in before.items() if not torch.equal(after[name], tensor)}
    assert changed == {name for name in before if ".policy." in name}
    assert bool(learner.model.value_head.weight.any()) == (method == "ppo")
    with learner.model.as_reference() as reference:
        assert torch.equal(logits(reference), reference_before)


def test_target_layers_of_the_policy_may_be_others_than_the_reward_models(
    base: BaseModel, tmp_path: Path
) -> None:
    reward = save_reward_model(base, tmp_path / "reward")
    learner = tiny_learner(base, replace(SETTINGS, targets="attention"), rewards={"reward": reward})
    names = [name for name, _ in learner.model.peft.named_parameters() if ".policy." in name]
    assert names
    assert all(".self_attn." in name for name in names)
    take_step(learner)
    rollouts = draw(learner)
    experience = gather(learner, rollouts, count_of_liked(rollouts))
    assert not torch.equal(experience.logprobs, experience.reference)
