"""Supervised fine-tuning with LoRA: TRL's SFTTrainer on prompt/completion pairs.

The loss is the mean negative log-likelihood of the answer's tokens, given the question in the model's own
chat template; the question's tokens do not count.
"""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback
from trl import SFTConfig, SFTTrainer

from ftdemo.models.base import BaseModel
from ftdemo.models.device import Device, choose_device
from ftdemo.samples.chat import as_messages
from ftdemo.store.samples import Sample
from ftdemo.training.callbacks import ReportCallback
from ftdemo.training.checkpoints import KEPT, last_whole_checkpoint, step_of
from ftdemo.training.recipes import TuneSettings
from ftdemo.training.reporter import Reporter

MEASUREMENTS = 5
"""How often the held-out loss is measured and a checkpoint written during a run."""


@dataclass(frozen=True)
class SftData:
    """The samples of a run.

    Args:
        train: the samples to learn from; at least one.
        held_out: the samples to measure with; may be empty.
    """

    train: list[Sample]
    held_out: list[Sample]


def run_sft(
    base: BaseModel,
    data: SftData,
    settings: TuneSettings,
    job_folder: Path,
    reporter: Reporter,
) -> tuple[Any, dict[str, Any]]:
    """Tune an adapter on the base model, from the last checkpoint if the job has one.

    Args:
        base: the base model.
        data: the samples.
        settings: the knobs.
        job_folder: where checkpoints go.
        reporter: hears of every step.

    Returns:
        The tuned model (a PeftModel) and the figures of the run.
    """
    device = choose_device()
    trainer = make_trainer(base, data, settings, job_folder, device, reporter)
    checkpoint = last_whole_checkpoint(job_folder)
    if checkpoint is not None:
        reporter.store.jobs.forget_metrics_after(reporter.job_id, step_of(checkpoint))
    began = time.monotonic()
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return trainer.model, _figures(trainer, data, settings, device, reporter, time.monotonic() - began)


def make_trainer(
    base: BaseModel,
    data: SftData,
    settings: TuneSettings,
    job_folder: Path,
    device: Device,
    reporter: Reporter,
) -> SFTTrainer:
    """Build the trainer; see `run_sft` for the arguments."""
    tokenizer = AutoTokenizer.from_pretrained(base.folder)
    model = AutoModelForCausalLM.from_pretrained(base.folder, dtype=torch.float32)
    train = as_dataset(data.train)
    steps = math.ceil(len(train) / settings.batch_size) * settings.epochs
    every = max(1, math.ceil(steps / MEASUREMENTS))
    arguments = SFTConfig(
        output_dir=str(job_folder),
        num_train_epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.schedule,
        warmup_steps=settings.warmup_steps,
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=settings.batch_size,
        max_length=settings.max_length,
        seed=settings.seed,
        # Weights stay float32 and only products are taken in bfloat16, where the device has it.
        bf16=device.bfloat16,
        use_cpu=device.type == "cpu",
        # It trades time for memory that a small model does not need.
        gradient_checkpointing=False,
        logging_steps=1,
        eval_strategy="steps" if data.held_out else "no",
        eval_steps=every,
        eval_on_start=bool(data.held_out),
        save_strategy="steps",
        save_steps=every,
        save_total_limit=KEPT,
        disable_tqdm=True,
        report_to=[],
    )
    trainer = SFTTrainer(
        model=model,
        args=arguments,
        train_dataset=train,
        eval_dataset=as_dataset(data.held_out) if data.held_out else None,
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=settings.rank,
            lora_alpha=settings.alpha,
            lora_dropout=settings.dropout,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        ),
        callbacks=[ReportCallback(reporter)],
    )
    # The adapter's own file names the base it belongs to: its name, not where it lies on this machine.
    adapter: Any = trainer.model
    adapter.peft_config["default"].base_model_name_or_path = base.name
    adapter.get_base_model().config._name_or_path = base.name
    trainer.remove_callback(PrinterCallback)
    return trainer


def as_dataset(samples: Iterable[Sample]) -> Dataset:
    """Samples in TRL's conversational prompt/completion form, to which it applies the chat template.

    A sample of weight w is there round(w) times, at least once.
    """
    rows = []
    for sample in samples:
        *prompt, completion = as_messages(sample)
        rows += [{"prompt": prompt, "completion": [completion]}] * max(1, round(sample.weight))
    return Dataset.from_list(rows)


def _figures(
    trainer: SFTTrainer,
    data: SftData,
    settings: TuneSettings,
    device: Device,
    reporter: Reporter,
    seconds: float,
) -> dict[str, Any]:
    """The figures of a run, as they are stored with its job."""
    model: Any = trainer.model
    train_rows: Any = trainer.train_dataset
    points = reporter.store.jobs.metrics(reporter.job_id)
    losses = [point.loss for point in points if point.loss is not None]
    held_out = [point.held_out_loss for point in points if point.held_out_loss is not None]
    tokens = points[-1].tokens if points else None
    reporter.memory_bytes()
    return {
        "samples": len(data.train),
        "held_out_samples": len(data.held_out),
        "cut_off_samples": sum(len(row) >= settings.max_length for row in train_rows["input_ids"]),
        "steps": trainer.state.global_step,
        "tokens": tokens,
        "seconds": round(seconds, 2),
        "tokens_per_second": round(tokens / seconds, 1) if tokens else None,
        "first_loss": losses[0] if losses else None,
        "final_loss": losses[-1] if losses else None,
        "held_out_loss_before": held_out[0] if held_out else None,
        "held_out_loss": held_out[-1] if held_out else None,
        "trainable_parameters": model.num_parameters(only_trainable=True),
        "parameters": model.num_parameters(),
        "peak_memory_bytes": reporter.peak_memory_bytes,
        "device": device.name,
        "precision": "bfloat16 autocast" if device.bfloat16 else "float32",
    }
