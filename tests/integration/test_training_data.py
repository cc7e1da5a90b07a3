"""What the model is shown, and what it is graded on."""

import pytest

from ftdemo.models import ensure_base_model
from ftdemo.models.device import choose_device
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.samples import Sample
from ftdemo.training.recipes import TuneSettings
from ftdemo.training.reporter import Reporter
from ftdemo.training.sft import SftData, as_dataset, make_trainer

pytestmark = pytest.mark.model


def test_earlier_turns_and_the_system_message_come_before_the_question() -> None:
    sample = Sample(
        "And blue?", "Too.", system="Be brief.", history=(("user", "Red?"), ("assistant", "Yes."))
    )
    row = as_dataset([sample])[0]
    assert [message["content"] for message in row["prompt"]] == ["Be brief.", "Red?", "Yes.", "And blue?"]
    assert row["completion"] == [{"role": "assistant", "content": "Too."}]


def test_a_weight_repeats_a_sample() -> None:
    rows = as_dataset([Sample("a", "1", weight=3.0), Sample("b", "2", weight=0.2)])
    assert [row["completion"][0]["content"] for row in rows] == ["1", "1", "1", "2"]


def test_only_the_answers_tokens_count(model_settings: Settings) -> None:
    base = ensure_base_model(model_settings)
    store = Store(model_settings.database)
    job = store.jobs.add("tune", "m", base.name, {}, sample_set_id=None, sample_set_name=None)
    data = SftData([Sample("What is red?", "A colour.")], [])
    folder = model_settings.job_folders / "1"
    trainer = make_trainer(base, data, TuneSettings(), folder, choose_device(), Reporter(store, job.id))
    batch = trainer.data_collator([trainer.train_dataset[0]])
    graded = batch["input_ids"][0][batch["labels"][0] != -100]
    whole = trainer.processing_class.decode(batch["input_ids"][0])
    assert trainer.processing_class.decode(graded).strip() == "A colour.<|im_end|>"
    assert "<|im_start|>user\nWhat is red?<|im_end|>" in whole
    trained = {name for name, parameter in trainer.model.named_parameters() if parameter.requires_grad}
    assert trained
    assert all("lora_" in name for name in trained)
