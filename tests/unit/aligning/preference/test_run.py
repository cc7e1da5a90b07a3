"""DPO and KTO on a tiny model: what is learned, what changes, and how a run goes on."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ftdemo.aligning.preference.rows import RowMaker, as_thumbs, weights, with_mismatched
from ftdemo.aligning.preference.run import PreferenceRun, make_preference_run, run_preference
from ftdemo.aligning.preference.settings import PreferenceSettings
from ftdemo.errors import UserError
from ftdemo.feedback.preferences import PreferenceData, PreferencePair, RatedAnswer
from ftdemo.jobs.reporter import Reporter
from ftdemo.models.base import BaseModel
from ftdemo.store import Store
from ftdemo.store.jobs import Job
from ftdemo.training.checkpoints import last_whole_checkpoint
from tests.unit.aligning.ppo.test_model import logits, save_start, start_logits
from tests.unit.tiny_ppo import add_tokenizer, files_of, save_lively_model

SETTINGS = PreferenceSettings(
    epochs=4, learning_rate=1e-2, batch_size=4, rank=4, alpha=8, precision="float32", sampled_answers=1
)


def asked(number: int) -> tuple[dict[str, str], ...]:
    return ({"role": "user", "content": f"w{number} w9 w{number + 2}"},)


def answer(word: int, number: int) -> str:
    return " ".join(f"w{word}" for _ in range(1 + number % 3))


PAIRS = tuple(PreferencePair(asked(n), answer(40, n), answer(50, n + 1)) for n in range(10, 20))
RATED = tuple(
    RatedAnswer(asked(n), answer(40 if liked else 50, n), liked)
    for n in range(20, 24)
    for liked in (True, False)
)
DATA = PreferenceData(PAIRS[:8], RATED, PAIRS[8:], ())


@pytest.fixture
def base(tmp_path: Path) -> BaseModel:
    base = save_lively_model(tmp_path / "base")
    add_tokenizer(base)
    return base


@pytest.fixture
def begin(
    base: BaseModel, store: Store, add_job: Callable[..., Job], tmp_path: Path
) -> Callable[..., tuple[PreferenceRun, Reporter, Path]]:
    """Prepares a job; one of the same name goes on where it stopped."""
    jobs: dict[str, int] = {}

    def prepare(name: str, parent: Any = None, **changes: Any) -> tuple[PreferenceRun, Reporter, Path]:
        jobs.setdefault(name, add_job(name).id)
        reporter = Reporter(store, jobs[name])
        run = make_preference_run(
            base, DATA, replace(SETTINGS, **changes), tmp_path / name, reporter, parent=parent
        )
        return run, reporter, tmp_path / name

    return prepare


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_it_learns_what_is_preferred_and_changes_only_the_adapter(begin: Any, method: Any) -> None:
    run, reporter, folder = begin("run", method=method)
    model = run.prepared.model
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    metrics = run_preference(run, folder, reporter)
    points = reporter.store.jobs.metrics(reporter.job_id)
    first, last = points[0].figures, points[-1].figures
    assert first is not None
    assert last is not None
    # At first the policy is its reference.
    assert first["chosen_reward"] == pytest.approx(0, abs=1e-5)
    assert first["rejected_reward"] == pytest.approx(0, abs=1e-5)
    assert metrics.first_loss is not None
    assert metrics.final_loss is not None
    assert metrics.final_loss < metrics.first_loss
    assert last["chosen_reward"] > 0 > last["rejected_reward"]
    assert last["held_out_margin"] > 0.1
    changed = {name for name, w in model.named_parameters() if not torch.equal(w, before[name])}
    assert changed
    assert all("lora_" in name and ".default." in name for name in changed)
    assert not any(".ref." in name for name, _ in model.named_parameters())
    assert [point.tokens for point in points] == sorted(point.tokens or 0 for point in points)
    assert {row.step for row in reporter.store.jobs.answers(reporter.job_id)} >= {0, metrics.steps}
    assert last_whole_checkpoint(folder) is not None


def test_the_weight_of_the_better_answers_own_loss_keeps_it_likely(begin: Any) -> None:
    found = {}
    for weight in (0.0, 3.0):
        run, reporter, folder = begin(f"weight {weight}", sft_weight=weight)
        metrics = run_preference(run, folder, reporter)
        assert metrics.final_held_out_chosen_log_likelihood is not None
        assert metrics.final_held_out_margin is not None
        found[weight] = metrics.final_held_out_chosen_log_likelihood
        assert metrics.final_held_out_margin > 0.1
    assert found[3.0] > found[0.0] + 0.5


@pytest.mark.parametrize("kind", ["lora", "changed"])
def test_the_saved_model_is_an_ordinary_one_and_its_reference_was_the_start(
    begin: Any, base: BaseModel, kind: str, tmp_path: Path
) -> None:
    start = save_start(base, kind, tmp_path / "start")
    run, reporter, folder = begin("run", parent=start)
    with run.prepared.model.disable_adapter():
        torch.testing.assert_close(
            logits(run.prepared.model), start_logits(base, start), rtol=1e-4, atol=1e-4
        )
    run_preference(run, folder, reporter)
    assert (reporter.store.jobs.metrics(reporter.job_id)[0].figures or {})["margin"] == pytest.approx(
        0, abs=1e-5
    )
    run.prepared.save(tmp_path / "tuned")
    found = start_logits(base, files_of(tmp_path / "tuned"))
    torch.testing.assert_close(found, logits(run.prepared.model.eval()), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(found, start_logits(base, start), rtol=1e-3, atol=1e-3)
    assert not (tmp_path / "tuned" / "ref").exists()


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_a_run_that_was_paused_goes_on_as_if_it_had_not_been(begin: Any, method: Any) -> None:
    whole, reporter, folder = begin("whole", method=method)
    run_preference(whole, folder, reporter)
    wanted = reporter.store.jobs.metrics(reporter.job_id)

    first, paused, folder = begin("paused", method=method)
    record = paused.record
    paused.record = lambda metric: (record(metric), metric.step == 3 and paused.interrupt())
    steps = run_preference(first, folder, paused).steps
    assert steps is not None
    assert 3 <= steps < len(wanted)
    again, resumed, folder = begin("paused", method=method)
    assert run_preference(again, folder, resumed).steps == wanted[-1].step
    found = resumed.store.jobs.metrics(resumed.job_id)
    assert [point.loss for point in found] == pytest.approx([point.loss for point in wanted], abs=1e-4)
    assert [point.tokens for point in found] == [point.tokens for point in wanted]


def test_rows_are_what_the_chat_reads_with_the_end_token(base: BaseModel) -> None:
    rows = RowMaker(base.folder, 64).pairs(PAIRS[:1])
    (row,) = rows.rows
    assert row["prompt_ids"] == [3, 10, 9, 12, 2, 4]
    assert row["chosen_ids"][-1] == row["rejected_ids"][-1] == 2
    short = RowMaker(base.folder, 7).pairs(PAIRS[:1])
    assert (short.cut_off, short.dropped, len(short.rows[0]["chosen_ids"])) == (1, 0, 1)
    none = RowMaker(base.folder, 6).thumbs(RATED)
    assert (none.rows, none.dropped) == ([], len(RATED))


def test_votes_that_do_not_fit_are_refused(begin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    long = PreferencePair(({"role": "user", "content": "w9 " * 40},), "w40", "w50")
    monkeypatch.setattr(f"{__name__}.DATA", PreferenceData((long,), (), (), ()))
    with pytest.raises(UserError, match="16 tokens, there is no vote"):
        begin("run", max_length=16)


def test_a_thumb_says_more_than_a_pair_and_a_draw_says_nothing() -> None:
    prompt = asked(1)
    pairs = [
        PreferencePair(prompt, "a", "b"),
        PreferencePair(prompt, "b", "c"),
        PreferencePair(prompt, "a", "d"),
    ]
    found = as_thumbs(pairs, [RatedAnswer(prompt, "d", True)])
    assert {(row.answer, row.liked) for row in found} == {("d", True), ("a", True), ("c", False)}


def rows_for_kto(*votes: tuple[int, int]) -> list[dict[str, Any]]:
    return [{"prompt_ids": [prompt], "completion_ids": [said]} for prompt, said in votes]


@pytest.mark.parametrize(
    ("votes", "answers"),
    [
        (((10, 0), (11, 1), (12, 2), (13, 3), (14, 4)), [4, 0, 1, 2, 3]),
        # Two answers to a prompt are no mismatch for it, nor is the same answer to another prompt.
        (((10, 0), (10, 1), (11, 2), (11, 3)), [3, 3, 1, 1]),
        (((10, 0), (11, 0), (12, 1)), [1, 1, 0]),
        (((10, 0), (10, 1), (10, 2)), [2, 0, 1]),
    ],
)
def test_no_row_is_its_own_mismatch(votes: tuple[tuple[int, int], ...], answers: list[int]) -> None:
    found = with_mismatched(rows_for_kto(*votes))
    assert [row["KL_completion_ids"] for row in found] == [[said] for said in answers]
    assert [row["completion_ids"] for row in found] == [[said] for _, said in votes]


def test_a_single_held_out_row_is_compared_with_those_learned_from() -> None:
    learned = rows_for_kto((10, 0), (11, 1))
    (row,) = with_mismatched(rows_for_kto((12, 2)), beside=learned)
    assert row["KL_completion_ids"] == [1]
    with pytest.raises(UserError, match="All votes are about one answer"):
        with_mismatched(rows_for_kto((10, 0)))


def test_in_a_last_batch_of_one_kto_compares_with_another_answer(
    begin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.DATA", PreferenceData((), RATED[:5], (), RATED[5:6]))
    run, _, _ = begin("run", method="kto")
    trainer: Any = run.trainer
    *_, last = trainer.get_train_dataloader()
    (held_out,) = trainer.get_eval_dataloader()
    for batch in (last, held_out):
        assert len(batch["KL_input_ids"]) == 1
        assert not torch.equal(batch["KL_input_ids"], batch["input_ids"])


def test_weights_even_out() -> None:
    rows = [{"completion_ids": [n], "label": n > 0} for n in range(5)]
    assert weights(rows) == (1.0, 4.0)
    assert weights(rows[1:]) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": "ppo"}, "method is 'ppo'"),
        ({"beta": 0}, "beta is 0"),
        ({"epochs": 0}, "epochs is 0"),
        ({"learning_rate": 2}, "learning rate is 2"),
        ({"held_out_share": 0.9}, "held-out share is 0.9"),
        ({"method": "kto", "batch_size": 1}, "batch size is 1"),
        ({"sft_weight": -1}, "SFT weight is -1"),
        ({"method": "kto", "sft_weight": 0.5}, "SFT weight is 0.5, and 'kto' has no such part"),
        ({"precision": "float8"}, "precision is 'float8'"),
    ],
)
def test_settings_are_checked(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        PreferenceSettings(**changes)


def test_settings_survive_the_store() -> None:
    settings = PreferenceSettings(method="kto", models=("base",))
    assert PreferenceSettings(**{**settings.as_dict(), "models": ["base"]}) == settings


def test_the_adapters_knobs_reach_the_model(begin: Any) -> None:
    for dropout in (0.0, 0.5):
        run, reporter, folder = begin(f"dropout {dropout}", dropout=dropout, targets="attention", epochs=1)
        model = run.prepared.model
        shares = {module.p for module in model.modules() if isinstance(module, torch.nn.Dropout)}
        assert shares <= {0.0} if dropout == 0 else 0.5 in shares
        adapters = [name for name, _ in model.named_parameters() if "lora_" in name]
        assert adapters
        assert all(".self_attn." in name for name in adapters)
    assert (run_preference(run, folder, reporter).steps or 0) > 0
