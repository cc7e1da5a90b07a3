"""Training speed of this app against a plain SFTTrainer script and against the processor's own arithmetic.

    python -m tests.benchmarks.train [--rounds 3] [--threads 2] [--methods lora full] [--growth]

The plain script is what TRL's documentation shows, with TRL's own defaults for all else; both tune the
default model on the tour's eight samples with the same rank, targets, learning rate, batch and epochs. App
and script run in turn, each in a process of its own, so that a machine whose speed drifts treats both alike;
what counts is the ratio within a round. Speed is that of the training steps, which both take; beside it
stands the app's whole run, with the checkpoints and held-out measurements that the script does not have.
Answers on the way are left out.

The share of the arithmetic ceiling is 4 (LoRA) or 6 (full) x parameters x tokens, over the time of a training
step on 512 tokens that share no beginning, over the rate of a 2048 x 2048 x 2048 bfloat16 product measured
just before and after in the same process. `--growth` adds how time grows with samples and their length.
Prints one JSON object.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from ftdemo.models import ensure_base_model
from ftdemo.settings import REPOSITORY, child_environment
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from ftdemo.tuning.recipes import settings_from
from tests.own_data import own_studio

READING_S = 10
"""How long somebody looks at the form before starting a job."""

PLAIN = """
import json, sys, time, resource
began = time.monotonic()
import torch
model, samples, threads, folder, method, rate = sys.argv[1:]
torch.set_num_threads(int(threads))
from datasets import Dataset
from peft import LoraConfig
from trl import SFTConfig, SFTTrainer
rows = [json.loads(line) for line in open(samples, encoding="utf-8")]
data = Dataset.from_list([
    {"prompt": [{"role": "user", "content": row["question"]}],
     "completion": [{"role": "assistant", "content": row["answer"]}]}
    for row in rows if row["split"] == "train"])
lora = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
trainer = SFTTrainer(
    model=model,
    args=SFTConfig(output_dir=folder, num_train_epochs=10, learning_rate=float(rate),
                   per_device_train_batch_size=4, report_to=[], logging_steps=1, disable_tqdm=True,
                   save_strategy="no", use_cpu=not torch.cuda.is_available()),
    train_dataset=data,
    peft_config=lora if method == "lora" else None)
loaded = time.monotonic()
trainer.train()
ended = time.monotonic()
trainer.save_model(folder + "/model")
logs = [entry for entry in trainer.state.log_history if "loss" in entry]
print("RESULT " + json.dumps({
    "seconds": ended - loaded, "whole_seconds": time.monotonic() - began,
    "tokens": trainer.state.log_history[-2].get("num_tokens"), "final_loss": logs[-1]["loss"],
    "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
"""

CEILING = """
import json, sys, time
import torch
from pathlib import Path
from tempfile import TemporaryDirectory
from ftdemo.models.base import BaseModel
from ftdemo.machine.device import choose_device, computes_bfloat16
from ftdemo.tuning.measure import made_up
from ftdemo.tuning.preparing import prepare
from ftdemo.tuning.recipes import settings_from
from ftdemo.training.trainer import training_arguments
from ftdemo.tuning.trainer import PackedTrainer
folder, threads, method = sys.argv[1:]
torch.set_num_threads(int(threads))
device, settings = choose_device(), settings_from(method=method)
square = torch.randn(2048, 2048, dtype=torch.bfloat16)

def best(action, repeats):
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return min(times)

def product_rate():
    return 2 * 2048**3 / best(lambda: square @ square, 8)

prepared = prepare(BaseModel("base", Path(folder), "test"), None, settings, device)
samples = made_up(512, int(prepared.model.config.vocab_size))
with TemporaryDirectory() as output:
    half = computes_bfloat16(settings.precision, device)
    arguments = training_arguments(Path(output), use_cpu=True, bf16=half)
    trainer = PackedTrainer(packed=prepared.packed, model=prepared.model, args=arguments)
    model = trainer.accelerator.prepare(trainer.model)
    optimizer = torch.optim.AdamW([w for w in model.parameters() if w.requires_grad], fused=True)
    inputs = {"samples": samples, "labels": torch.zeros(256)}
    def step():
        trainer.training_step(model, inputs, 256)
        optimizer.step()
        optimizer.zero_grad()
    step()
    before = product_rate()
    seconds = best(step, 5)
    rate = max(before, product_rate())
parameters = sum(w.numel() for n, w in prepared.model.named_parameters()
                 if "lora_" not in n and "lm_head" not in n)
arithmetic = (4 if method == "lora" else 6) * parameters * 512
print("RESULT " + json.dumps({"gflops_per_second": rate / 1e9, "step_seconds": seconds,
    "tokens_per_second": 512 / seconds, "share_of_ceiling": arithmetic / seconds / rate}))
"""


def run_script(script: str, *arguments: object) -> dict[str, Any]:
    """Run a script in a process of its own and return its figures."""
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True, text=True, check=False, env=child_environment(),
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise SystemExit(done.stderr[-3000:])
    result: dict[str, Any] = json.loads(lines[0].removeprefix("RESULT "))
    return result


def run_app(studio: Studio, name: str, samples: str, **changes: Any) -> dict[str, Any]:
    """Tune through the app: worker process, curves, checkpoints and held-out measurements included.

    As on the page, a worker was made ready when the form was opened.
    """
    studio.jobs.warm_up()
    time.sleep(READING_S)
    began = time.monotonic()
    first_step = None

    def on_change(job: Job) -> None:
        nonlocal first_step
        if first_step is None and job.step >= 1:
            first_step = time.monotonic() - began

    job = studio.jobs.wait(studio.tune(name, samples, sampled_answers=0, **changes).id, on_change)
    whole = time.monotonic() - began
    if job.status != "finished":
        raise SystemExit(f"the app's job ended as {job.status}: {job.error_message}")
    points = [(point.tokens or 0, point.tokens_per_second) for point in studio.jobs.metrics(job.id)]
    timed = [(tokens, rate) for tokens, rate in points if rate]
    steps = sum((tokens - before) / rate for (before, _), (tokens, rate) in pairwise(timed))
    # The first step has no point before it to count tokens from; it is taken to be like the others.
    steps *= len(timed) / max(len(timed) - 1, 1)
    return {
        **job.metrics,
        "whole_seconds": whole,
        "first_step_seconds": first_step,
        "steps_seconds": steps,
    }


def growth(studio: Studio, folder: Path) -> dict[str, Any]:
    """Seconds of one epoch by samples of one length, and by length at one number of samples."""
    by_samples, by_length = {}, {}
    words = [f"word{number % 97}" for number in range(4000)]

    def rows(count: int, length: int) -> str:
        file = folder / f"grow_{count}_{length}.jsonl"
        with file.open("w", encoding="utf-8") as stream:
            for row in range(count):
                answer = " ".join(words[row % 50 : row % 50 + length])
                stream.write(json.dumps({"question": f"What is number {row}?", "answer": answer}) + "\n")
        studio.samples.add(file)
        return file.stem

    for count in (10, 100, 1000):
        figures = run_app(studio, f"grow-{count}", rows(count, 8), epochs=1)
        by_samples[count] = {"seconds": figures["seconds"], "tokens": figures["tokens"]}
    for length in (8, 32, 128, 300):
        figures = run_app(studio, f"length-{length}", rows(40 + length % 7, length), epochs=1)
        by_length[length] = {"seconds": figures["seconds"], "tokens": figures["tokens"]}
    return {"by_samples": by_samples, "by_answer_words": by_length}


def main() -> None:
    """Run both in turn and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--methods", nargs="+", default=["lora", "full"])
    parser.add_argument("--growth", action="store_true")
    arguments = parser.parse_args()
    samples = REPOSITORY / "samples" / "pavan_belagatti.jsonl"
    result: dict[str, Any] = {"rounds": arguments.rounds}
    with tempfile.TemporaryDirectory() as folder:
        studio = own_studio(Path(folder) / "data", training_threads=arguments.threads)
        base = ensure_base_model(studio.settings)
        studio.samples.add(samples)
        for method in arguments.methods:
            rate = settings_from(method=method).learning_rate
            rounds = []
            for number in range(arguments.rounds):
                plain = run_script(
                    PLAIN, base.folder, samples, arguments.threads, f"{folder}/plain", method, rate
                )
                app = run_app(studio, f"{method}-{number}", "pavan_belagatti", method=method)
                ceiling = run_script(CEILING, base.folder, arguments.threads, method)
                rounds.append({"plain": plain, "app": app, "ceiling": ceiling})
                print(json.dumps(rounds[-1]), file=sys.stderr, flush=True)
            result[method] = summary(rounds)
        if arguments.growth:
            result["growth"] = growth(studio, Path(folder))
    print(json.dumps(result, indent=2))


def summary(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians over the rounds."""

    def median_ratio(name: str) -> float:
        return round(float(statistics.median(r["plain"][name] / r["app"][name] for r in rounds)), 2)

    def median(part: str, name: str) -> float:
        return round(float(statistics.median(r[part][name] for r in rounds)), 3)

    return {
        "training_speed_app_over_plain": round(
            statistics.median(r["plain"]["seconds"] / r["app"]["steps_seconds"] for r in rounds), 2
        ),
        "with_measurements_and_checkpoints_over_plain": median_ratio("seconds"),
        "start_to_saved_speed_app_over_plain": median_ratio("whole_seconds"),
        "peak_memory_plain_over_app": median_ratio("peak_memory_bytes"),
        "app_tokens_per_second": median("app", "tokens_per_second"),
        "first_step_seconds": median("app", "first_step_seconds"),
        "final_loss_plain": [r["plain"]["final_loss"] for r in rounds],
        "final_loss_app": [r["app"]["final_loss"] for r in rounds],
        "bfloat16_gflops_per_second": median("ceiling", "gflops_per_second"),
        "tokens_per_second_at_512": median("ceiling", "tokens_per_second"),
        "share_of_ceiling_at_512": median("ceiling", "share_of_ceiling"),
    }


if __name__ == "__main__":
    main()
