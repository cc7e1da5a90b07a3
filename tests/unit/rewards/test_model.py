"""A reward model's losses, training, file and sheet, on a tiny model and on numbers worked by hand."""

import json
import math
import random
from pathlib import Path

import pytest
import torch
from peft import PeftModel

from ftdemo.feedback.preferences import PreferenceData, PreferencePair, RatedAnswer
from ftdemo.machine.device import choose_device
from ftdemo.rewards.head import read_reward_head, score
from ftdemo.rewards.network import RewardNetwork
from ftdemo.rewards.sheet import judge, reward_sheet
from ftdemo.rewards.trainer import RewardTrainer, margins, rows_of_votes, vote_losses
from ftdemo.rewards.votes import PairVote, ThumbVote, TrainingVote
from ftdemo.statistics import trials_to_tell, wilson_interval
from ftdemo.tokens.sequences import TokenisedSample
from ftdemo.training.preparation import with_adapter
from ftdemo.training.settings import AdapterSettings
from ftdemo.training.trainer import training_arguments
from ftdemo.worker.kept import keep_votes
from tests.unit.tiny_model import load_tiny_model, save_tiny_model

PROMPT = ({"role": "user", "content": "Why?"},)
END = 2


def sequence(*answer: int) -> TokenisedSample:
    return TokenisedSample([5, 6, *answer, END], 2)


def network(folder: Path) -> RewardNetwork:
    torch.manual_seed(0)
    base = save_tiny_model(folder / "base")
    prepared = with_adapter(base, None, choose_device(), AdapterSettings(rank=4, alpha=8))
    return RewardNetwork(prepared.model, prepared.packed)


def test_losses_are_those_worked_by_hand() -> None:
    votes: list[TrainingVote] = [
        PairVote(sequence(7), sequence(8)), ThumbVote(sequence(9), True), ThumbVote(sequence(9), False),
    ]  # fmt: skip
    scores = [2.0, 0.5, 1.0, 1.0]
    found = vote_losses(votes, torch.tensor(scores)).tolist()
    assert found == pytest.approx(
        [math.log(1 + math.exp(-1.5)), math.log(1 + math.exp(-1)), math.log(1 + math.exp(1))], rel=1e-5
    )
    assert margins(votes, scores) == [1.5, 1.0, -1.0]


def test_rows_hold_whole_votes_and_as_many_tokens_as_allowed() -> None:
    votes = [PairVote(sequence(*[7] * 5), sequence(8)) for _ in range(5)]  # 8 + 4 tokens each
    parts = list(rows_of_votes(votes, row_tokens=24))
    assert [len(part) for part in parts] == [2, 2, 1]
    assert [vote for part in parts for vote in part] == votes


def test_a_row_of_many_scores_as_each_alone(tmp_path: Path) -> None:
    rewarding = network(tmp_path).eval()
    sequences = [sequence(7, 8, 9), sequence(10), sequence(11, 12)]
    half = choose_device().bfloat16
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=half):
        together = rewarding(sequences)
        alone = torch.cat([rewarding([one]) for one in sequences])
    assert torch.allclose(together, alone, atol=2e-2 if half else 1e-5)


def test_it_learns_a_rule_and_its_file_gives_the_same_scores(tmp_path: Path) -> None:
    chance = random.Random(0)

    def vote(rule: int) -> TrainingVote:
        def answer(with_rule: bool) -> TokenisedSample:
            tokens = [chance.randrange(10, 60) for _ in range(4)]
            return sequence(*tokens, rule) if with_rule else sequence(*tokens)

        return (
            PairVote(answer(True), answer(False))
            if chance.random() < 0.5
            else ThumbVote(answer(liked := chance.random() < 0.5), liked)
        )

    train, held_out = [vote(9) for _ in range(64)], [vote(9) for _ in range(24)]
    rewarding = network(tmp_path)
    frozen = {name: w.clone() for name, w in rewarding.named_parameters() if not w.requires_grad}
    trainer = RewardTrainer(
        head_learning_rate=1e-2,
        model=rewarding,
        args=training_arguments(
            tmp_path / "run",
            num_train_epochs=8,
            learning_rate=1e-2,
            use_cpu=True,
            save_strategy="no",
            bf16=choose_device().bfloat16,
        ),
        train_dataset=train,
        eval_dataset=held_out,
    )
    trainer.train()
    found = margins(held_out, trainer.scores(held_out))
    assert sum(margin > 0 for margin in found) >= 21
    after = dict(rewarding.named_parameters())
    assert all(torch.equal(after[name], weight) for name, weight in frozen.items())

    rewarding.save(tmp_path / "reward", mean=0.5, std=2.0)
    sequences = [one for vote in held_out for one in vote.sequences]
    wanted = (torch.tensor(trainer.scores(held_out)) - 0.5) / 2.0
    base = load_tiny_model(save_tiny_model(tmp_path / "again"))
    loaded = PeftModel.from_pretrained(base, str(tmp_path / "reward")).eval()
    again = score(loaded, read_reward_head(tmp_path / "reward", 32), [one.ids for one in sequences])
    assert torch.allclose(again, wanted, atol=0.1)


def test_the_sheet_of_a_model_that_learned_and_of_one_that_did_not() -> None:
    pairs = [PreferencePair(PROMPT, "yes " * (1 + i % 5), "no") for i in range(20)]
    rated = [RatedAnswer(PROMPT, "good", True), RatedAnswer(PROMPT, "bad", False)]
    right = judge(pairs, rated, [1.0, -1.0] * 20 + [0.5, -0.5])
    sheet = reward_sheet(right, 0.25).as_dict()
    assert (sheet["accuracy"], sheet["learned"], sheet["mistakes"]) == (1.0, True, [])
    assert sheet["chance"] == pytest.approx((10 + 1) / 22)
    assert sum(row["liked"] for row in sheet["histogram"]) == 21
    assert sheet["more_votes_needed"] is None

    guessed = judge(pairs, (), [v for i in range(20) for v in ((1.0, 0.0) if i % 2 else (0.0, 1.0))])
    sheet = reward_sheet(guessed, 0.25).as_dict()
    assert (sheet["accuracy"], sheet["learned"]) == (0.5, False)
    assert "cannot be told from guessing" in sheet["verdict"]
    assert len(sheet["mistakes"]) == 5
    json.dumps(sheet)


def test_too_few_votes_say_how_many_more() -> None:
    pairs = [PreferencePair(PROMPT, "a", "b")] * 5
    sheet = reward_sheet(judge(pairs, (), [1.0, 0.0] * 4 + [0.0, 1.0]), 0.25).as_dict()
    assert not sheet["learned"]
    assert f"about {sheet['more_votes_needed']} more votes" in sheet["verdict"]


def test_the_votes_said_to_be_missing_are_enough() -> None:
    pairs = [PreferencePair(PROMPT, "a", "b")] * 20
    sheet = reward_sheet(judge(pairs, (), [1.0, 0.0] * 11 + [0.0, 1.0] * 9), 0.2)
    more = sheet.more_votes_needed
    assert more is not None
    held_out = 20 + round(0.2 * more)
    assert wilson_interval(0.55 * held_out, held_out)[0] > 0.5
    assert more == (385 - 20) * 5


def test_interval_is_wilsons() -> None:
    assert wilson_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson_interval(0, 0) == (0.0, 1.0)
    needed = trials_to_tell(0.8, 0.5)
    assert needed is not None
    assert wilson_interval(round(0.8 * needed), needed)[0] > 0.5
    assert trials_to_tell(0.5, 0.5) is None


def test_a_job_goes_on_with_the_votes_it_began_with(tmp_path: Path) -> None:
    first = PreferenceData((PreferencePair(PROMPT, "a", "b"),), (RatedAnswer(PROMPT, "c", True),), (), ())
    assert keep_votes(first, tmp_path) == first
    assert keep_votes(PreferenceData((), (), (), ()), tmp_path) == first


def test_a_thumb_on_an_answer_of_a_pair_counts_in_the_pair_only() -> None:
    other = ({"role": "user", "content": "How?"},)
    pair = PreferencePair(PROMPT, "a", "b", "thumbs")
    of_pair, elsewhere = RatedAnswer(PROMPT, "a", True), RatedAnswer(other, "a", True)
    alone = RatedAnswer(PROMPT, "c", False)
    data = PreferenceData((pair,), (of_pair, elsewhere, alone), (), (of_pair,))
    once = data.counted_once()
    assert (once.pairs, once.rated, once.held_out_rated) == ((pair,), (elsewhere, alone), (of_pair,))
    assert data.rated == (of_pair, elsewhere, alone)
