"""Training speed of this app against a plain SFTTrainer script, on the same work in the same run.

    python tests/benchmarks/train.py [--rounds 3] [--threads 2]

Both tune the default model with LoRA on the tour's eight samples: same rank, targets, learning rate, batch
and epochs. The plain script is what TRL's documentation shows, with TRL's own defaults for all else. The two
run in turn, each in a process of its own, so that a machine whose speed drifts treats both alike; what counts
is the ratio within a round. Prints one JSON object.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from ftdemo.models import ensure_base_model  # noqa: E402
from ftdemo.settings import Settings, child_environment  # noqa: E402
from ftdemo.studio import Studio  # noqa: E402

PLAIN = """
import json, sys, time, resource
began = time.monotonic()
import torch
torch.set_num_threads(int(sys.argv[3]))
from datasets import Dataset
from peft import LoraConfig
from trl import SFTConfig, SFTTrainer
rows = [json.loads(line) for line in open(sys.argv[2], encoding="utf-8")]
data = Dataset.from_list([
    {"prompt": [{"role": "user", "content": row["question"]}],
     "completion": [{"role": "assistant", "content": row["answer"]}]}
    for row in rows if row["split"] == "train"])
trainer = SFTTrainer(
    model=sys.argv[1],
    args=SFTConfig(output_dir=sys.argv[4], num_train_epochs=10, learning_rate=1e-3,
                   per_device_train_batch_size=4, report_to=[], logging_steps=1, disable_tqdm=True,
                   save_strategy="no", use_cpu=not torch.cuda.is_available()),
    train_dataset=data,
    peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"))
loaded = time.monotonic()
trainer.train()
ended = time.monotonic()
logs = [entry for entry in trainer.state.log_history if "loss" in entry]
print("RESULT " + json.dumps({
    "seconds": ended - loaded, "whole_seconds": ended - began,
    "tokens": trainer.state.log_history[-2].get("num_tokens"), "final_loss": logs[-1]["loss"],
    "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
"""


def run_plain(model: Path, samples: Path, threads: int, folder: Path) -> dict:
    """Run the plain script and return its figures."""
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, str(model), str(samples), str(threads), str(folder)],
        capture_output=True, text=True, check=False, env=child_environment(),
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise SystemExit(done.stderr[-3000:])
    return json.loads(lines[0].removeprefix("RESULT "))


def run_app(studio: Studio, number: int) -> dict:
    """Tune through the app, worker process, curves, checkpoints and held-out measurements included."""
    began = time.monotonic()
    job = studio.jobs.wait(studio.tune(f"bench-{number}", "pavan_belagatti").id)
    whole = time.monotonic() - began
    if job.status != "finished":
        raise SystemExit(f"the app's job ended as {job.status}: {job.error_message}")
    return {**job.metrics, "whole_seconds": whole}


def main() -> None:
    """Run both in turn and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    shared = Settings(data=REPOSITORY / "tests" / "artifacts" / "data")
    base = ensure_base_model(shared, lambda progress: print(progress, file=sys.stderr))
    samples = REPOSITORY / "samples" / "pavan_belagatti.jsonl"
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        (data / "base-models").symlink_to(shared.base_models, target_is_directory=True)
        studio = Studio(Settings(data=data, offline=True, training_threads=arguments.threads))
        studio.samples.add(samples)
        for number in range(arguments.rounds):
            plain = run_plain(base.folder, samples, arguments.threads, Path(folder) / "plain")
            app = run_app(studio, number)
            rounds.append({"plain": plain, "app": app})
            print(json.dumps(rounds[-1]), file=sys.stderr)

    def median_ratio(name: str) -> float:
        return round(statistics.median(r["plain"][name] / r["app"][name] for r in rounds), 2)

    result = {
        "rounds": len(rounds),
        "training_speed_app_over_plain": median_ratio("seconds"),
        "start_to_saved_speed_app_over_plain": median_ratio("whole_seconds"),
        "peak_memory_plain_over_app": median_ratio("peak_memory_bytes"),
        "final_loss_plain": [r["plain"]["final_loss"] for r in rounds],
        "final_loss_app": [r["app"]["final_loss"] for r in rounds],
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
